"""`rehearse deploy` on a real plane: exit codes, and the reason of each."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.plane.up import Up, wait_for

pytestmark = pytest.mark.runtime
REHEARSE = (sys.executable, "-m", "rehearse")
SICK = ("--env", "FAULTS=allow", "--env", "FAULT_SICK_HEALTHZ=1")


def rehearse(plane: Up, *words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command against the plane, with no terminal."""
    return run([*words, "--endpoint-url", plane.endpoint], folder)


def run(words: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*REHEARSE, *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def deploy(plane: Up, folder: Path, *words: str) -> tuple[int, dict[str, Any], str]:
    done = rehearse(plane, "deploy", "order-api", "--json", *words, folder=folder)
    return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr


def service(plane: Up) -> dict[str, Any]:
    answer = plane.client("ecs").describe_services(cluster="rehearsal", services=["order-api"])
    found: dict[str, Any] = answer["services"][0]
    return found


def test_a_good_revision_is_what_runs(plane: Up, tmp_path: Path) -> None:
    code, answer, _ = deploy(plane, tmp_path, "--env", "NOTE=good")
    assert (code, answer["outcome"], answer["exit_code"]) == (0, "SUCCESSFUL", 0)
    (deployment,) = service(plane)["deployments"]
    assert deployment["id"] == answer["deployment"]
    assert deployment["taskDefinition"] == answer["task_definition"]
    assert deployment["rolloutState"] == "COMPLETED"


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (SICK, "Task failed ELB health checks in (target-group"),
        (("--image", "order-api:nope"), "CannotPullContainerError"),
        (("--command", "sh -c 'exit 3'"), "app exited with 3"),
    ],
    ids=["never healthy", "an image that does not exist", "exits at once"],
)
def test_a_bad_revision_is_rolled_back_and_the_reason_is_told(
    plane: Up, tmp_path: Path, words: tuple[str, ...], why: str
) -> None:
    before = service(plane)["taskDefinition"]
    code, answer, said = deploy(plane, tmp_path, *words)
    assert (code, answer["outcome"]) == (1, "ROLLED_BACK"), said
    assert "circuit breaker threshold was exceeded" in answer["reason"]
    assert any(why in sentence for sentence in answer["why"]), answer["why"]
    assert "counted 3 of 3 failures and tripped" in answer["why"][0]
    assert answer["reason"] in said
    assert service(plane)["taskDefinition"] == before
    waiter = plane.client("ecs").get_waiter("services_stable")
    waiter.wait(
        cluster="rehearsal", services=["order-api"], WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def test_another_deploy_supersedes_it(plane: Up, tmp_path: Path) -> None:
    first = _start(plane, tmp_path, "--env", "NOTE=first")
    code, answer, _ = deploy(plane, tmp_path, "--env", "NOTE=second")
    out, said = first.communicate(timeout=60)
    told = json.loads(out)
    assert (first.returncode, told["outcome"]) == (1, "SUPERSEDED"), said
    assert answer["deployment"] in told["reason"]
    assert (code, answer["outcome"]) == (0, "SUCCESSFUL")


@pytest.mark.parametrize("more", [(), ("--rollback-on-interrupt",)], ids=["goes on", "goes back"])
def test_ctrl_c_stops_following(plane: Up, tmp_path: Path, more: tuple[str, ...]) -> None:
    before = service(plane)["taskDefinition"]
    first = _start(plane, tmp_path, "--env", f"NOTE=interrupted{len(more)}", *more)
    first.send_signal(signal.SIGINT)
    out, said = first.communicate(timeout=30)
    told = json.loads(out)
    assert (first.returncode, told["exit_code"]) == (130, 130), said
    wait_for(lambda: len(service(plane)["deployments"]) == 1, 60)
    after = service(plane)["taskDefinition"]
    if more:
        assert "told to roll back" in told["reason"]
        assert after == before
    else:
        assert f"rehearse watch order-api --endpoint-url {plane.endpoint}" in said
        assert after == told["task_definition"] != before


def test_a_missing_service_and_a_missing_cluster_are_wrong_usage(plane: Up, tmp_path: Path) -> None:
    done = rehearse(plane, "deploy", "nothing", "--force", folder=tmp_path)
    assert (done.returncode, done.stdout) == (64, "")
    assert "no active service 'nothing'" in done.stderr
    done = rehearse(plane, "deploy", "order-api", "--force", "--cluster", "x", folder=tmp_path)
    assert (done.returncode, done.stdout) == (64, "")


def _start(plane: Up, folder: Path, *words: str) -> "subprocess.Popen[str]":
    """Deploy in the background; returns when the deployment is there."""
    before = service(plane)["deployments"][0]["id"]
    started = subprocess.Popen(
        [*REHEARSE, "deploy", "order-api", "--json", *words, "--endpoint-url", plane.endpoint],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for(lambda: service(plane)["deployments"][0]["id"] != before, 30)
    return started
