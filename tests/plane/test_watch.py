"""`rehearse watch` on a real plane: deployments that boto3 starts, and that it only reads."""

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from chaos.account import Account, Clients
from chaos.following.place import locate
from chaos.following.readonly import READING, refuse_writes
from chaos.following.watcher import Vigil, watch
from chaos.outcome import Outcome
from chaos.suite import judge_folder
from chaos.target import TargetOptions
from chaos.verdict import Verdict
from tests.plane.test_deploy import rehearse, run, service
from tests.plane.up import Up, wait_for

pytestmark = pytest.mark.runtime
SICK = [{"name": "FAULTS", "value": "allow"}, {"name": "FAULT_SICK_HEALTHZ", "value": "1"}]


@pytest.fixture
def calls() -> list[str]:
    """The operations that the watch's own clients sent, in order."""
    return []


@pytest.fixture
def clients(plane: Up, calls: list[str]) -> Clients:
    made, _ = locate(TargetOptions(endpoint_url=plane.endpoint))
    for client in (made.ecs, made.elbv2, made.logs):
        client.meta.events.register("before-call", lambda model, **_: calls.append(model.name))
    return refuse_writes(made)


def deploy(plane: Up, *more: dict[str, str], **service_members: Any) -> str:
    """What a pipeline does with boto3: a new revision of order-api; its ARN."""
    ecs = plane.client("ecs")
    now = ecs.describe_task_definition(taskDefinition=service(plane)["taskDefinition"])
    kept = ("family", "containerDefinitions", "networkMode", "cpu", "memory", "volumes")
    request = {k: v for k, v in now["taskDefinition"].items() if k in kept}
    request["requiresCompatibilities"] = ["FARGATE"]
    request["containerDefinitions"][0]["environment"] += more
    made = ecs.register_task_definition(**request)["taskDefinition"]["taskDefinitionArn"]
    ecs.update_service(
        cluster="rehearsal", service="order-api", taskDefinition=made, **service_members
    )
    return str(made)


def watched(
    plane: Up, clients: Clients, folder: Path, act: Callable[[], object], url: str = ""
) -> Verdict:
    """Watch; act once the watch waits for a deployment."""
    folder.mkdir()
    acted: list[threading.Thread] = []

    def say(text: str) -> None:
        if "is steady; waiting" in text:
            acted.append(threading.Thread(target=act))
            acted[0].start()

    _, place = locate(TargetOptions(endpoint_url=plane.endpoint))
    account = Account(clients, place, ("order-api",))
    vigil = Vigil(next_seconds=30, limit_seconds=90, probe_url=url, say=say)
    watch(account, vigil, folder)
    acted[0].join()
    return judge_folder(folder)[1]


def steady(plane: Up) -> bool:
    (first, *others) = service(plane)["deployments"]
    return not others and first["rolloutState"] == "COMPLETED"


def findings(verdict: Verdict) -> dict[str, str]:
    return {finding.check: finding.result.value for finding in verdict.findings}


def test_a_good_deployment_passes_and_nothing_was_written(
    plane: Up, clients: Clients, calls: list[str], tmp_path: Path
) -> None:
    wait_for(lambda: steady(plane), 60)
    note = {"name": "NOTE", "value": "watched"}
    url = f"{plane.url}/orders"
    verdict = watched(plane, clients, tmp_path / "run", lambda: deploy(plane, note), url)
    assert verdict.outcome is Outcome.PASS, verdict.reason
    assert findings(verdict) == dict.fromkeys(
        (
            "a deployment was seen",
            "the deployment ended SUCCESSFUL",
            "its revision is what runs",
            "never under the minimum healthy",
            "always a healthy target",
            "drained, then SIGTERM, then stopped",
            "no probe failed",
        ),
        "pass",
    )
    assert {"DescribeServices", "DescribeTargetHealth", "DescribeServiceDeployments"} <= set(calls)
    assert all(name.startswith(READING) for name in calls), sorted(set(calls))
    assert run(["judge", str(tmp_path / "run")], tmp_path).returncode == 0


def test_a_revision_that_never_turns_healthy_is_a_rollback_without_an_outage(
    plane: Up, clients: Clients, calls: list[str], tmp_path: Path
) -> None:
    wait_for(lambda: steady(plane), 60)
    before = service(plane)["taskDefinition"]
    url = f"{plane.url}/orders"
    verdict = watched(plane, clients, tmp_path / "run", lambda: deploy(plane, *SICK), url)
    assert verdict.outcome is Outcome.FAIL
    assert "ROLLED_BACK: rolled back to" in verdict.reason
    assert "counted 3 of 3 failures and tripped" in verdict.reason
    assert "Task failed ELB health checks" in verdict.reason
    found = findings(verdict)
    for check in ("never under the minimum healthy", "always a healthy target", "no probe failed"):
        assert found[check] == "pass"
    assert service(plane)["taskDefinition"] == before
    assert all(name.startswith(READING) for name in calls), sorted(set(calls))


def test_a_deployment_that_stops_all_before_it_starts_is_an_outage(
    make_plane: Callable[..., Up], tmp_path: Path
) -> None:
    """minimumHealthyPercent 0 and maximumPercent 100: nobody serves until the new ones are up."""
    plane = make_plane().start()
    clients, _ = locate(TargetOptions(endpoint_url=plane.endpoint))
    wait_for(lambda: steady(plane), 60)
    loose = {"minimumHealthyPercent": 0, "maximumPercent": 100}

    def act() -> None:
        note = {"name": "NOTE", "value": "all at once"}
        deploy(plane, note, deploymentConfiguration=loose, availabilityZoneRebalancing="DISABLED")

    verdict = watched(plane, clients, tmp_path / "run", act, f"{plane.url}/orders")
    assert verdict.outcome is Outcome.FAIL
    found = findings(verdict)
    assert found["the deployment ended SUCCESSFUL"] == "pass"
    assert found["always a healthy target"] == found["no probe failed"] == "fail"
    outage = next(f for f in verdict.findings if f.check == "always a healthy target")
    assert "order-api had no healthy target for" in outage.sentence


def test_the_command_follows_what_is_under_way(plane: Up, tmp_path: Path) -> None:
    wait_for(lambda: steady(plane), 60)
    deploy(plane, {"name": "NOTE", "value": "under way"})
    done = rehearse(plane, "watch", "order-api", "--json", "--out", "runs", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "PASS"
    (folder,) = (tmp_path / "runs").iterdir()
    assert folder.name.endswith("-watch-order-api")
    assert (folder / "report.html").exists()


def test_no_deployment_and_no_service(plane: Up, tmp_path: Path) -> None:
    wait_for(lambda: steady(plane), 60)
    words = ("watch", "order-api", "--wait-for", "1", "--out", "runs")
    done = rehearse(plane, *words, folder=tmp_path)
    assert done.returncode == 2
    assert "no deployment of order-api in 1 s" in done.stdout
    done = rehearse(plane, "watch", "nothing", folder=tmp_path)
    assert (done.returncode, done.stdout) == (64, "")
