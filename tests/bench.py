"""`make bench`: figures of this machine, printed with the limit each should keep. Fails nothing.

Every figure is measured on real processes: a plane of its own at a time scale of 10.
"""

import http.client
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx
from botocore.config import Config

from tests.plane.up import UP, Up, free_ports, wait_for

SCALE = 10
CALLS = 400
ASKED: dict[str, Any] = {"cluster": "rehearsal", "services": ["order-api", "inventory-api"]}
DEPLOYMENTS = 5
IDLE_S = 10
TICKS = 100  # clock ticks a second


@dataclass(frozen=True, slots=True)
class Figure:
    name: str
    value: float
    unit: str
    limit: float | None = None

    def __str__(self) -> str:
        verdict = ""
        if self.limit is not None:
            verdict = f"  limit {self.limit:g}  {'ok' if self.value <= self.limit else 'OVER'}"
        return f"{self.name:<58} {self.value:>8.2f} {self.unit:<4}{verdict}"


def measure() -> list[Figure]:
    """Measure everything in a folder of its own, printing each figure as it is there."""
    with tempfile.TemporaryDirectory(prefix="rehearse-bench-") as folder:
        return run(Path(folder))


def main() -> int:
    figures = measure()
    out = Path(".accept")
    out.mkdir(exist_ok=True)
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    rows = [{"name": f.name, "value": f.value, "unit": f.unit, "limit": f.limit} for f in figures]
    (out / f"bench-{stamp}.json").write_text(json.dumps(rows, indent=2) + "\n")
    return 0


def run(folder: Path) -> list[Figure]:
    figures: list[Figure] = []

    def note(figure: Figure) -> None:
        figures.append(figure)
        print(figure, flush=True)

    note(Figure("up to the first 200 through the load balancer", first_answer(folder), "s", 4))
    up = Up(folder / "plane", scale=SCALE).start()
    try:
        note(Figure("idle CPU of the plane with four tasks", idle_cpu(up.pid), "%", 2))
        note(Figure("resident memory of the plane", resident_mib(up.pid), "MiB", 90))
        describe(up, note)
        ratios = [deployment_ratio(up) for _ in range(DEPLOYMENTS)]
        note(Figure("deployment over its floor, median of 5", statistics.median(ratios), "x", 1.15))
        note(Figure("deployment over its floor, worst of 5", max(ratios), "x"))
    finally:
        up.stop()
    return figures


def first_answer(folder: Path) -> float:
    """Seconds from the start of the command to the first 200; the median of three."""
    return statistics.median(_first_answer(folder / f"first-{n}") for n in range(3))


def _first_answer(state: Path) -> float:
    up = Up(state, scale=SCALE)
    began = time.monotonic()
    with up.log.open("w") as log:
        up.process = subprocess.Popen(
            [*UP, *up.arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
    try:
        wait_for(lambda: _answers(up.url), 60)
        return time.monotonic() - began
    finally:
        up.stop()


def _answers(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(f"{url}/orders", timeout=1).status_code == 200
    return False


def idle_cpu(pid: int) -> float:
    """Per cent of one core over ten idle seconds."""
    before = _ticks(pid)
    time.sleep(IDLE_S)
    return (_ticks(pid) - before) / TICKS / IDLE_S * 100


def _ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def resident_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def describe(up: Up, note: Callable[[Figure], None]) -> None:
    """DescribeServices of two services, ours and moto's in turn in the same run.

    Once as plain HTTP, which is the servers' own time, once by boto3, whose time comes on top.
    """
    with _Moto() as moto:
        for how, limit in ((_by_http, 2.0), (_by_boto3, None)):
            callers = {"ours": how(up.endpoint), "moto": how(moto)}
            times: dict[str, list[float]] = {name: [] for name in callers}
            for _ in range(CALLS):
                for name, call in callers.items():
                    began = time.perf_counter()
                    call()
                    times[name].append((time.perf_counter() - began) * 1000)
            for name, found in times.items():
                quantiles = statistics.quantiles(found, n=100)
                label = f"DescribeServices{how.__name__.replace('_', ' ')}, {name}"
                note(
                    Figure(f"{label}, p50", quantiles[49], "ms", limit if name == "ours" else None)
                )
                note(Figure(f"{label}, p99", quantiles[98], "ms"))


def _by_http(endpoint: str) -> Callable[[], object]:
    connection = http.client.HTTPConnection(endpoint.removeprefix("http://"))
    body = json.dumps(ASKED)
    headers = {
        "Content-Type": "application/x-amz-json-1.1",
        "X-Amz-Target": "AmazonEC2ContainerServiceV20141113.DescribeServices",
        "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/eu-central-1/ecs/aws4_request",
    }

    def call() -> bytes:
        connection.request("POST", "/", body, headers)
        answer = connection.getresponse()
        said = answer.read()
        assert answer.status == 200, said
        return said

    return call


def _by_boto3(endpoint: str) -> Callable[[], object]:
    client = _ecs(endpoint)
    return lambda: client.describe_services(**ASKED)


def _ecs(endpoint: str) -> Any:
    session = boto3.Session("test", "test", region_name="eu-central-1")
    return session.client("ecs", endpoint_url=endpoint, config=Config(retries={"max_attempts": 0}))


class _Moto:
    """moto's server with a cluster and two services of the same names."""

    def __enter__(self) -> str:
        (port,) = free_ports(1)
        self._process = subprocess.Popen(
            [Path(sys.executable).with_name("moto_server"), "-p", str(port)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: _reachable(url), 30)
        client = _ecs(url)
        client.create_cluster(clusterName="rehearsal")
        container = {"name": "app", "image": "x", "memory": 128}
        client.register_task_definition(family="f", containerDefinitions=[container])
        for name in ("order-api", "inventory-api"):
            client.create_service(
                cluster="rehearsal", serviceName=name, taskDefinition="f", desiredCount=2
            )
        return url

    def __exit__(self, *error: object) -> None:
        self._process.terminate()
        self._process.wait(10)


def _reachable(url: str) -> bool:
    with suppress(httpx.HTTPError):
        return httpx.get(url, timeout=1).status_code < 500
    return False


def deployment_ratio(up: Up) -> float:
    """A deployment's wall time over the floor that settings and start and stop times imply.

    The floor: the applications listen, the next health check (every `interval`) finds them, the
    old targets drain for the whole delay, and the old applications end as fast as they did.
    """
    ecs = up.client("ecs")
    began_ms = time.time() * 1000
    ecs.update_service(cluster="rehearsal", service="order-api", forceNewDeployment=True)
    waiter = ecs.get_waiter("services_stable")
    waiter.config.delay = 0.05
    waiter.config.max_attempts = 1200
    waiter.wait(cluster="rehearsal", services=["order-api"])
    wait_for(lambda: _is_completed(ecs), 30)
    entries = [e for e in _journal(up.state) if e["at_ms"] >= began_ms - 50]
    done_ms = max(e["at_ms"] for e in entries if e["kind"] == "step" and _is(e, "Complete"))
    return float(done_ms - began_ms) / (_healthy_ms(up, entries) - began_ms + _rest_ms(entries))


def _is_completed(ecs: Any) -> bool:
    found = ecs.describe_services(cluster="rehearsal", services=["order-api"])["services"][0]
    states: list[str] = [d["rolloutState"] for d in found["deployments"]]
    return states == ["COMPLETED"]


def _is(entry: dict[str, Any], step: str) -> bool:
    found: bool = entry["step"].startswith(step)
    return found


def _journal(state: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (state / "journal.jsonl").read_text().splitlines()]


def _healthy_ms(up: Up, entries: list[dict[str, Any]]) -> float:
    """When the last new task had to be found healthy: its first check after it listened."""
    interval_ms = 10_000 / SCALE
    registered = {e["task"]: e["at_ms"] for e in entries if _is_step(e, "Register")}
    events = up.client("logs").filter_log_events(
        logGroupName="/ecs/order-api", filterPattern="listening"
    )["events"]
    listening = {e["logStreamName"].rsplit("/", 1)[1]: e["timestamp"] for e in events}
    found = []
    for task, at_ms in registered.items():
        checks = max(0, -(-(listening[task] - at_ms) // interval_ms))
        found.append(at_ms + checks * interval_ms)
    return float(max(found))


def _rest_ms(entries: list[dict[str, Any]]) -> float:
    """The deregistration delay, and the longest stop from SIGTERM to STOPPED."""
    stopped = {e["task"]: e["at_ms"] for e in entries if e.get("to") == "STOPPED"}
    begun = {e["task"]: e["at_ms"] for e in entries if e.get("to") == "STOPPING"}
    return 30_000 / SCALE + float(max(stopped[task] - begun[task] for task in begun))


def _is_step(entry: dict[str, Any], step: str) -> bool:
    return bool(entry["kind"] == "step" and _is(entry, step))


if __name__ == "__main__":
    sys.exit(main())
