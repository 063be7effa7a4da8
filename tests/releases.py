"""Releases under load, by `rehearse deploy`: what clients see, and what the caller is told.

A revision that never turns healthy, one that exits at once and one whose image does not exist are
each rolled back by the circuit breaker at the documented count; one that needs 4 s to listen comes
up. In none does a client's request fail.
"""

import json
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.plane.up import Up, wait_for

SCALE = 10
RATE = 100.0
SERVICE = "order-api"
CLUSTER = "rehearsal"
THRESHOLD = 3  # of 2 desired tasks (R3.1)
FAULTY = ("--env", "FAULTS=allow", "--env")
STABLE = {"Delay": 1, "MaxAttempts": 30}


@dataclass(frozen=True, slots=True)
class Release:
    """Options of `rehearse deploy`; `told` must be in what it says when it fails."""

    name: str
    options: tuple[str, ...]
    code: int
    told: str = ""


RELEASES = (
    Release("never healthy", (*FAULTY, "FAULT_SICK_HEALTHZ=1"), 1, "503"),
    Release("exits at once", (*FAULTY, "FAULT_CRASH_AFTER_SECONDS=0"), 1, "exit"),
    Release("no such image", ("--image", "order-api:missing"), 1, "CannotPullContainerError"),
    Release("listens after 4 s", (*FAULTY, f"FAULT_START_DELAY_SECONDS={4 * SCALE}"), 0),
)


def run(release: Release) -> dict[str, Any]:
    """One release on a plane of its own, under load. Raises AssertionError."""
    with tempfile.TemporaryDirectory(prefix="rehearse-release-") as folder:
        up = Up(Path(folder) / "plane", scale=SCALE).start()
        try:
            before = _describe(up)
            with load(up, Path(folder) / "requests.sqlite") as record:
                done = _deploy(up, release, Path(folder))
            said = done.stdout + done.stderr
            assert done.returncode == release.code, (done.returncode, said)
            assert release.told in said, said
            arrivals, failed = count(record)
            assert failed == 0, f"{failed} of {arrivals} requests failed"
            assert arrivals > RATE, arrivals
            found = {"arrivals": arrivals, "failed": failed, "exit": done.returncode}
            return found | _truth(up, before, release)
        finally:
            up.stop()


def _deploy(up: Up, release: Release, folder: Path) -> "subprocess.CompletedProcess[str]":
    words = ["deploy", SERVICE, *release.options, "--endpoint-url", up.endpoint]
    return subprocess.run(
        [sys.executable, "-m", "rehearse", *words],
        capture_output=True, text=True, timeout=240, check=False, stdin=subprocess.DEVNULL,
        cwd=folder,
    )  # fmt: skip


def _describe(up: Up) -> dict[str, Any]:
    ecs = up.client("ecs")
    found: dict[str, Any] = ecs.describe_services(cluster=CLUSTER, services=[SERVICE])["services"][
        0
    ]
    return found


def _truth(up: Up, before: dict[str, Any], release: Release) -> dict[str, Any]:
    """What the APIs say of it afterwards."""
    ecs = up.client("ecs")
    ecs.get_waiter("services_stable").wait(cluster=CLUSTER, services=[SERVICE], WaiterConfig=STABLE)
    (newest, *_) = ecs.list_service_deployments(cluster=CLUSTER, service=SERVICE)[
        "serviceDeployments"
    ]
    (told,) = ecs.describe_service_deployments(
        serviceDeploymentArns=[newest["serviceDeploymentArn"]]
    )["serviceDeployments"]
    after, breaker = _describe(up), told["deploymentCircuitBreaker"]
    (deployment,) = after["deployments"]
    if release.code == 0:
        assert told["status"] == "SUCCESSFUL", told
        assert after["taskDefinition"] != before["taskDefinition"]
    else:
        assert told["status"] == "ROLLBACK_SUCCESSFUL", told
        assert (breaker["status"], breaker["failureCount"]) == ("TRIGGERED", THRESHOLD), breaker
        assert deployment["id"] == before["deployments"][0]["id"]
        assert after["taskDefinition"] == before["taskDefinition"]
    assert (deployment["status"], deployment["rolloutState"]) == ("PRIMARY", "COMPLETED")
    return {"status": told["status"], "breaker": breaker}


@contextmanager
def load(up: Up, record: Path) -> Iterator[Path]:
    """Load through the load balancer while the block runs."""
    words = ["--host", up.url, "--rate", f"{RATE:g}", "--record", str(record)]
    words += ["--time-scale", str(SCALE), "--duration", "300"]
    process = subprocess.Popen(
        [sys.executable, "-m", "loadtest", *words],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("load: started")
        wait_for(lambda: count(record)[0] > RATE, 20)
        yield record
        process.terminate()  # its standard input stays open: that is its lifeline
        process.wait(30)
    finally:
        process.kill()
        process.communicate()


def count(record: Path) -> tuple[int, int]:
    """Arrivals so far, and how many of them failed."""
    if not record.exists():
        return 0, 0
    with closing(sqlite3.connect(f"file:{record}?mode=ro", uri=True, timeout=5)) as database:
        found = database.execute("SELECT count(*), count(error) FROM request").fetchone()
    return int(found[0]), int(found[1])


if __name__ == "__main__":
    for each in RELEASES:
        print(each.name, json.dumps(run(each), default=str), flush=True)
