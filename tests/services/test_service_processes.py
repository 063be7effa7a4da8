"""The services as real processes: start, drain, crash, share a database."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, HTTPServer
from itertools import pairwise

import httpx
import pytest

from tests.services.running import ROOT, Running, Start, find_port
from tests.services.waiting import LONGEST_WAIT, wait_for

pytestmark = pytest.mark.runtime

SERVICES = ("order_api", "inventory_api")
WISH = {"sku": "SKU-1", "quantity": 1, "customer": "Ada"}


def health(running: Running) -> int:
    return httpx.get(f"{running.url}/healthz", trust_env=False).status_code


def probe(service: str, running: Running) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", f"services.{service}.probe"],
        env=running.environ,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=LONGEST_WAIT,
    )


def test_sigterm_begins_a_drain_in_which_orders_are_still_taken(start: Start) -> None:
    running = start("order_api", DRAIN_SECONDS="3", VERSION="7")
    running.wait_listening()
    assert health(running) == 200
    assert probe("order_api", running).returncode == 0
    began = time.monotonic()
    running.process.send_signal(signal.SIGTERM)
    wait_for(lambda: running.events("sigterm"), "line about SIGTERM")
    assert time.monotonic() - began < 1.5
    assert health(running) == 503
    assert probe("order_api", running).returncode == 1
    made = httpx.post(f"{running.url}/orders", json=WISH, trust_env=False)
    assert (made.status_code, made.headers["connection"]) == (201, "close")
    running.process.send_signal(signal.SIGTERM)  # shortens nothing
    assert running.wait_exit() == 0
    assert 2.9 < time.monotonic() - began < 10
    (line,) = running.events("sigterm")
    assert sorted(line) == ["at", "event", "task", "version"]
    assert (line["version"], line["task"]) == ("7", made.headers["x-task-id"])
    assert len(line["at"]) == len("2026-01-01T00:00:00.000Z")


def test_an_export_under_way_at_sigterm_is_finished(start: Start) -> None:
    running = start("order_api", DRAIN_SECONDS="0.2")
    running.wait_listening()
    with httpx.stream("GET", f"{running.url}/orders/export?seconds=2", trust_env=False) as answer:
        lines = answer.iter_lines()
        next(lines)
        running.process.send_signal(signal.SIGTERM)
        rest = list(lines)
    assert json.loads(rest[-1])["end"] is True
    assert len(rest) > 12
    assert running.wait_exit() == 0
    (line,) = running.events("request")
    assert (line["status"], line.get("cut")) == (200, None)
    assert line["ms"] >= 2000


def test_a_client_that_leaves_is_logged_as_cut(start: Start) -> None:
    running = start("order_api")
    running.wait_listening()
    with httpx.stream("GET", f"{running.url}/orders/export?seconds=30", trust_env=False) as answer:
        next(answer.iter_lines())
    wait_for(lambda: running.events("request"), "line about the request")
    assert running.events("request")[0]["cut"] is True


@pytest.mark.parametrize("service", SERVICES)
def test_sigterm_during_a_delayed_start_ends_at_once(start: Start, service: str) -> None:
    running = start(service, FAULTS="allow", FAULT_START_DELAY_SECONDS="60")
    wait_for(lambda: running.events("start"), "start")
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", running.port), 1)
    result = probe(service, running)
    assert result.returncode == 1
    assert result.stderr.startswith("unhealthy: ")
    running.process.send_signal(signal.SIGTERM)
    assert running.wait_exit() == 128 + signal.SIGTERM
    assert len(running.events("sigterm")) == 1


@pytest.mark.parametrize("service", SERVICES)
def test_ignored_sigterm_has_no_effect(start: Start, service: str) -> None:
    running = start(service, FAULTS="allow", FAULT_IGNORE_SIGTERM="1")
    running.wait_listening()
    running.process.send_signal(signal.SIGTERM)
    with pytest.raises(subprocess.TimeoutExpired):
        running.process.wait(0.7)
    assert health(running) == 200
    assert running.events("sigterm") == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_crash_is_exit_1_even_before_it_listens(start: Start, service: str) -> None:
    running = start(
        service, FAULTS="allow", FAULT_CRASH_AFTER_SECONDS="0.2", FAULT_START_DELAY_SECONDS="60"
    )
    assert running.wait_exit() == 1
    assert "FAULT_CRASH_AFTER_SECONDS" in running.errors


@pytest.mark.parametrize("service", SERVICES)
def test_wrong_settings_end_it_with_one_line(start: Start, service: str) -> None:
    running = start(service, FAULT_SICK_HEALTHZ="1")
    assert running.wait_exit() == 78
    assert len(running.errors.splitlines()) == 1
    assert "FAULT_SICK_HEALTHZ is '1'" in running.errors


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("sqlite:////nowhere/at/all.sqlite", id="no such directory"),
        pytest.param("postgresql://me:secret@127.0.0.1:notaport/db", id="no such port"),
    ],
)
def test_a_database_that_cannot_be_opened_ends_it_with_one_line(start: Start, url: str) -> None:
    running = start("order_api", DATABASE_URL=url)
    assert running.wait_exit() == 1
    assert len(running.errors.splitlines()) == 1
    assert "check" in running.errors
    assert "secret" not in running.errors


def test_processes_started_together_share_one_new_file(start: Start) -> None:
    processes = [start("order_api") for _ in range(4)]
    for running in processes:
        running.wait_listening()

    def post(n: int) -> tuple[int, str]:
        url = f"{processes[n % 4].url}/orders"
        key = {"idempotency-key": f"key-{n // 4}"}  # every key goes to all four
        answer = httpx.post(url, json=WISH, headers=key, trust_env=False)
        return answer.status_code, answer.json()["id"]

    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(post, range(80)))
    assert sorted(status for status, _ in answers) == [200] * 60 + [201] * 20
    assert all(a[1] == b[1] for i, (a, b) in enumerate(pairwise(answers)) if i % 4 != 3)
    totals = httpx.get(f"{processes[0].url}/orders/open?sku=SKU-1", trust_env=False)
    assert totals.json() == {"open": {"SKU-1": 20}}
    assert "".join(running.errors for running in processes) == ""


def test_orders_survive_sigkill_while_they_are_written(start: Start) -> None:
    first, second = start("order_api"), start("order_api")
    acknowledged: list[str] = []

    def write() -> None:
        with httpx.Client(base_url=first.url, trust_env=False) as client:
            for n in range(100_000):
                try:
                    answer = client.post("/orders", json=WISH, headers={"idempotency-key": str(n)})
                except httpx.TransportError:
                    return
                if answer.status_code == 201:
                    acknowledged.append(answer.json()["id"])

    for running in (first, second):
        running.wait_listening()
    writer = threading.Thread(target=write)
    writer.start()
    wait_for(lambda: len(acknowledged) >= 50, "50 orders")
    first.process.kill()
    writer.join(LONGEST_WAIT)
    assert second.process.poll() is None, second.errors
    with httpx.Client(base_url=second.url, trust_env=False) as client:
        assert all(client.get(f"/orders/{i}").status_code == 200 for i in acknowledged)
        total = client.get("/orders/open?sku=SKU-1").json()["open"]["SKU-1"]
        # the one in flight at the kill may have been written
        assert total - len(acknowledged) in (0, 1)


def test_a_reservation_goes_through_both_services(start: Start) -> None:
    orders = start("order_api")
    inventory = start("inventory_api", ORDER_API_URL=orders.url, INVENTORY='{"SKU-1": 5}')
    for running in (orders, inventory):
        running.wait_listening()
    made = httpx.post(
        f"{inventory.url}/inventory/SKU-1/reservations",
        json={"quantity": 5, "customer": "Ada"},
        headers={"x-request-id": "r1"},
        trust_env=False,
    )
    assert made.status_code == 201
    wait_for(lambda: orders.events("request"), "a log line")
    assert orders.events("request")[0]["request_id"] == "r1"
    assert orders.events("request")[0]["trace_id"] == made.headers["traceparent"].split("-")[1]
    orders.process.kill()
    orders.wait_exit()
    began = time.monotonic()
    gone = httpx.get(f"{inventory.url}/inventory", trust_env=False)
    assert (gone.status_code, gone.headers["retry-after"]) == (503, "1")
    assert time.monotonic() - began < 5
    assert health(inventory) == 200


def test_a_stopped_order_api_costs_no_more_than_the_call_timeout(start: Start) -> None:
    orders = start("order_api")
    inventory = start("inventory_api", ORDER_API_URL=orders.url, CALL_TIMEOUT_SECONDS="0.3")
    for running in (orders, inventory):
        running.wait_listening()
    orders.process.send_signal(signal.SIGSTOP)
    began = time.monotonic()
    answer = httpx.get(f"{inventory.url}/inventory", trust_env=False)
    assert answer.status_code == 503
    assert 0.25 < time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("excluded", "status"),
    [
        pytest.param("", 200, id="the proxy names order-api"),
        pytest.param("order-api", 503, id="no_proxy is honoured"),
    ],
)
@pytest.mark.parametrize("spelled", [str.lower, str.upper], ids=["lower case", "upper case"])
def test_the_proxy_of_the_environment_is_used(
    start: Start, excluded: str, status: int, spelled: Callable[[str], str]
) -> None:
    orders = start("order_api")
    proxied = {"http_proxy": orders.url, spelled("no_proxy"): excluded}
    inventory = start("inventory_api", ORDER_API_URL="http://order-api:8080", **proxied)
    for running in (orders, inventory):
        running.wait_listening()
    # order-api itself answers absolute-form requests, as Envoy would pass them on
    answer = httpx.get(f"{inventory.url}/inventory", trust_env=False)
    assert answer.status_code == status, answer.text


def test_the_task_id_comes_from_the_metadata_endpoint(start: Start) -> None:
    class Metadata(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            arn = "arn:aws:ecs:eu-central-1:000000000000:task/rehearsal/0123abcd"
            body = json.dumps({"TaskARN": arn} if self.path == "/v4/x/task" else {}).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Metadata)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        uri = f"http://127.0.0.1:{server.server_port}/v4/x"
        running = start("inventory_api", ECS_CONTAINER_METADATA_URI_V4=uri)
        running.wait_listening()
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    answer = httpx.get(f"{running.url}/healthz", trust_env=False)
    assert (answer.headers["x-task-id"], answer.json()["task"]) == ("0123abcd", "0123abcd")


def test_no_metadata_endpoint_does_not_prevent_the_start(start: Start) -> None:
    uri = f"http://127.0.0.1:{find_port()}/v4"
    running = start("order_api", ECS_CONTAINER_METADATA_URI_V4=uri)
    running.wait_listening()
    assert running.events("listening")[0]["task"] == socket.gethostname()
    assert "using the hostname" in running.errors


def test_an_idle_connection_is_closed_after_the_keep_alive(start: Start) -> None:
    running = start("order_api", KEEP_ALIVE_SECONDS="0.6")
    running.wait_listening()
    with socket.create_connection(("127.0.0.1", running.port), 5) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n")
        answer = b""
        while not answer.endswith(b"}"):
            part = connection.recv(4096)
            assert part, answer
            answer += part
        began = time.monotonic()
        assert connection.recv(4096) == b""
        assert 0.5 < time.monotonic() - began < 5


@pytest.mark.parametrize("service", SERVICES)
def test_a_taken_port_ends_it_with_one_line(start: Start, service: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        running = start(service, PORT=str(taken.getsockname()[1]))
        assert running.wait_exit() == 3
    assert "address already in use" in running.errors
    assert len(running.errors.splitlines()) == 1
