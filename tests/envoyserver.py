"""A real Envoy that answers by itself, as order-api and inventory-api would: the fastest server."""

import json
import os
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.proxy.binary import find_envoy
from tests.plane.up import free_ports

LIMIT_S = 15.0
ORDER = '{"id": "order-1", "order_id": "order-1"}'
ANSWERS = {  # by prefix, the first that matches; a POST is answered with 201
    "/inventory/": ORDER,
    "/inventory": '{"items": [{"sku": "SKU-LOAD-1"}]}',
    "/orders": ORDER,
}


@dataclass(frozen=True, slots=True)
class Envoy:
    """One that runs: where it listens, where it tells its counters, its process."""

    url: str
    admin: str
    pid: int

    def requests(self) -> int:
        """How many requests it has answered so far."""
        with urllib.request.urlopen(
            f"{self.admin}/stats?filter=bench.downstream_rq_completed"
        ) as a:
            return int(a.read().decode().rsplit(":", 1)[1])

    def stall(self, seconds: float) -> tuple[float, float]:
        """Stop it for so long; when it stopped and went on, in epoch seconds."""
        os.kill(self.pid, signal.SIGSTOP)
        began = time.time()
        time.sleep(seconds)  # the stall itself
        os.kill(self.pid, signal.SIGCONT)
        return began, time.time()


@contextmanager
def envoy(folder: Path) -> Iterator[Envoy]:
    """Run it with one thread in `folder`."""
    port, admin = free_ports(2)
    config = folder / "envoy.json"
    config.write_text(json.dumps(_bootstrap(port, admin)))
    command = [str(find_envoy(os.environ)), "-c", str(config), "--concurrency", "1"]
    command += ["--disable-hot-restart", "--log-level", "error"]
    with (folder / "envoy.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _await(f"http://127.0.0.1:{port}/inventory", process)
        yield Envoy(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{admin}", process.pid)
    finally:
        process.terminate()
        process.wait(LIMIT_S)


def _await(url: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + LIMIT_S
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            assert process.poll() is None, "Envoy ended"
            assert time.monotonic() < end, "Envoy does not answer"
            time.sleep(0.05)


def _bootstrap(port: int, admin: int) -> dict[str, Any]:
    routes = [
        _route(prefix, method, status, body)
        for prefix, body in ANSWERS.items()
        for method, status in (("POST", 201), ("GET", 200))
    ]
    hcm = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
    buffer = "envoy.extensions.filters.http.buffer.v3.Buffer"
    router = "envoy.extensions.filters.http.router.v3.Router"
    manager = {
        "@type": f"type.googleapis.com/{hcm}",
        "stat_prefix": "bench",
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
        # A direct answer that comes before the whole request closes the connection: read it first.
        "http_filters": [
            _filter("buffer", buffer, max_request_bytes=65_536),
            _filter("router", router),
        ],
    }
    address, ours = (
        {"socket_address": {"address": "127.0.0.1", "port_value": number}}
        for number in (port, admin)
    )
    filters = [{"name": "http", "typed_config": manager}]
    listener = {"name": "http", "address": address, "filter_chains": [{"filters": filters}]}
    return {"static_resources": {"listeners": [listener]}, "admin": {"address": ours}}


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def _filter(name: str, kind: str, **values: object) -> dict[str, Any]:
    config = {"@type": f"type.googleapis.com/{kind}", **values}
    return {"name": f"envoy.filters.http.{name}", "typed_config": config}


def _route(prefix: str, method: str, status: int, body: str) -> dict[str, Any]:
    header = {"name": ":method", "string_match": {"exact": method}}
    return {
        "match": {"prefix": prefix, "headers": [header]},
        "direct_response": {"status": status, "body": {"inline_string": body}},
        "response_headers_to_add": [{"header": {"key": "x-task-id", "value": "envoy"}}],
    }
