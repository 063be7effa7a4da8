"""`rehearse watch` against an ECS in memory: run folders, verdicts, and that it only reads."""

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import boto3
import pytest

from chaos.account import Account, Clients
from chaos.errors import TargetError
from chaos.following.facts import Fate
from chaos.following.live import LiveLanes
from chaos.following.readonly import refuse_writes
from chaos.following.watcher import Vigil, under_way, watch
from chaos.history import read_history
from chaos.outcome import Outcome
from chaos.suite import judge, judge_folder
from chaos.target import HealthView, Place, TaskView
from chaos.verdict import Verdict
from chaos.watch import Observed
from tests.chaos.fake_ecs import GROUP, Event, FakeEcs, FakeElb, clients, nothing

PLACE = Place(kind="local", cluster="c", url="", time_scale=20.0, interval_ms=10.0)
READING = ("Describe", "List", "Get", "Filter")


class SilentLogs:
    """boto3's Logs client; no task definition here names a log group."""


def play(
    ecs: FakeEcs, folder: Path, elb: FakeElb | None = None, **vigil: float
) -> tuple[Verdict, list[str]]:
    """Watch and judge; the plot begins with the first look."""
    folder.mkdir()
    said: list[str] = []
    ecs.begun = True
    account = Account(replace(clients(ecs, elb), logs=SilentLogs()), PLACE, ("app",))
    limits = {"next_seconds": 5.0, "limit_seconds": 5.0} | vigil
    watch(account, Vigil(**limits, say=said.append), folder)  # type: ignore[arg-type]
    return judge_folder(folder)[1], said


def begin(ecs: FakeEcs) -> None:
    ecs.start("app:2")


def succeed(ecs: FakeEcs) -> None:
    ecs.finish("SUCCESSFUL")


def roll_back(ecs: FakeEcs) -> None:
    ecs.end_task(code=3)
    ecs.trip(back=True)


def give_up(ecs: FakeEcs) -> None:
    ecs.trip(back=False)


def go_back_in_vain(ecs: FakeEcs) -> None:
    ecs.trip(back=True, status="ROLLBACK_FAILED")


def supersede(ecs: FakeEcs) -> None:
    ecs.start("app:77")


QUIET: list[Event] = [nothing] * 8

ENDINGS: list[tuple[str, Event, Outcome, str]] = [
    ("it succeeds", succeed, Outcome.PASS, "checks passed"),
    ("the breaker rolls back", roll_back, Outcome.FAIL, "ROLLED_BACK: rolled back to app:1"),
    ("no rollback", give_up, Outcome.FAIL, "FAILED: failed and was not rolled back"),
    ("the rollback fails", go_back_in_vain, Outcome.FAIL, "ROLLBACK_FAILED"),
    ("another deploy", supersede, Outcome.FAIL, "SUPERSEDED: superseded by ecs-svc/3"),
]


@pytest.mark.parametrize(
    ("happens", "outcome", "reason"), [e[1:] for e in ENDINGS], ids=[e[0] for e in ENDINGS]
)
def test_every_ending_is_judged_and_can_be_judged_again(
    tmp_path: Path, happens: Event, outcome: Outcome, reason: str
) -> None:
    ecs = FakeEcs(plot=[*QUIET, begin, *QUIET, happens])
    verdict, said = play(ecs, tmp_path / "run")
    assert (verdict.outcome, reason in verdict.reason) == (outcome, True), verdict.reason
    assert any("app is steady; waiting" in line for line in said)
    assert any("ecs-svc/2 deploys app:2" in line for line in said)
    for name in ("run.json", "journal.jsonl", "verdict.json", "junit.xml", "report.html"):
        assert (tmp_path / "run" / name).stat().st_size > 0
    assert judge(tmp_path / "run") == outcome.exit_code
    assert all(call.startswith(READING) for call in ecs.calls), ecs.calls


def test_why_is_in_the_verdict(tmp_path: Path) -> None:
    verdict, _ = play(FakeEcs(plot=[*QUIET, begin, *QUIET, roll_back]), tmp_path / "run")
    assert "the circuit breaker counted 3 of 3 failures and tripped" in verdict.reason
    assert "Essential container in task exited (a container exited with 3)" in verdict.reason


def test_a_deployment_under_way_is_followed_without_waiting(tmp_path: Path) -> None:
    ecs = FakeEcs(plot=[*QUIET, succeed])
    ecs.start("app:2")
    verdict, said = play(ecs, tmp_path / "run")
    assert verdict.outcome is Outcome.PASS
    assert not any("waiting" in line for line in said)


def test_a_rollback_under_way_is_the_failed_deployments_end(tmp_path: Path) -> None:
    def finish(ecs: FakeEcs) -> None:
        ecs.releases[0]["status"] = "ROLLBACK_SUCCESSFUL"

    ecs = FakeEcs(plot=[*QUIET, finish])
    ecs.start("app:2")
    failed = dict(ecs.deployments[0])
    ecs.trip(back=True, status="ROLLBACK_IN_PROGRESS")
    ecs.deployments.append({**failed, "status": "ACTIVE", "rolloutState": "FAILED"})
    verdict, _ = play(ecs, tmp_path / "run")
    assert (verdict.outcome, "ROLLED_BACK" in verdict.reason) == (Outcome.FAIL, True)


def test_the_same_revision_deployed_again_is_a_new_deployment(tmp_path: Path) -> None:
    def again(ecs: FakeEcs) -> None:
        ecs.start("app:1")

    verdict, _ = play(FakeEcs(plot=[*QUIET, again, *QUIET, succeed]), tmp_path / "run")
    assert verdict.outcome is Outcome.PASS
    assert "ecs-svc/2: SUCCESSFUL" in _sentence(verdict, "the deployment ended SUCCESSFUL")


def test_of_two_that_come_at_once_the_first_is_followed(tmp_path: Path) -> None:
    def both(ecs: FakeEcs) -> None:
        ecs.start("app:2")
        ecs.start("app:77")

    verdict, _ = play(FakeEcs(plot=[*QUIET, both]), tmp_path / "run")
    assert verdict.outcome is Outcome.FAIL
    assert "SUPERSEDED: superseded by ecs-svc/3, which deploys app:77" in verdict.reason


def test_without_service_deployments_the_rollout_state_tells(tmp_path: Path) -> None:
    ecs = FakeEcs(
        plot=[*QUIET, begin, *QUIET, roll_back], errors={"ListServiceDeployments": ["501!"]}
    )
    verdict, _ = play(ecs, tmp_path / "run")
    assert (verdict.outcome, "ROLLED_BACK" in verdict.reason) == (Outcome.FAIL, True)
    assert any("service deployments" in text for text in verdict.not_observable)


def test_no_deployment_in_time_proves_nothing(tmp_path: Path) -> None:
    verdict, _ = play(FakeEcs(), tmp_path / "run", next_seconds=0.3)
    assert verdict.outcome is Outcome.INVALID
    assert "no deployment of app in 0.3 s" in verdict.reason


def test_a_deployment_that_goes_on_fails_at_the_limit(tmp_path: Path) -> None:
    verdict, _ = play(FakeEcs(plot=[*QUIET, begin]), tmp_path / "run", limit_seconds=0.3)
    assert verdict.outcome is Outcome.FAIL
    assert "it had not ended when the watch did" in verdict.reason


def test_denied_from_the_start_is_not_observed(tmp_path: Path) -> None:
    ecs = FakeEcs(errors={"ListTasks": ["AccessDeniedException!"]})
    verdict, _ = play(ecs, tmp_path / "run")
    assert verdict.outcome is Outcome.INVALID
    assert "not observed: ListTasks" in verdict.reason
    assert "AccessDeniedException" in verdict.reason


def test_a_few_throttled_calls_change_nothing(tmp_path: Path) -> None:
    def throttle(ecs: FakeEcs) -> None:
        ecs.errors["DescribeTasks"] = ["ThrottlingException"] * 3

    ecs = FakeEcs(plot=[*QUIET, begin, throttle, *QUIET, succeed])
    verdict, _ = play(ecs, tmp_path / "run")
    assert verdict.outcome is Outcome.PASS
    assert "not observed: DescribeTasks" in (tmp_path / "run/journal.jsonl").read_text()


def test_blind_for_too_long_is_not_observed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blind(ecs: FakeEcs) -> None:
        ecs.errors["DescribeTasks"] = ["ThrottlingException!"]

    monkeypatch.setattr("chaos.watch.BLIND_MAX_SECONDS", 0.2)
    verdict, _ = play(FakeEcs(plot=[*QUIET, begin, blind]), tmp_path / "run")
    assert verdict.outcome is Outcome.INVALID
    assert "nothing observed for" in verdict.reason


def test_ctrl_c_leaves_a_judged_run_folder(tmp_path: Path) -> None:
    def interrupt(_ecs: FakeEcs) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    assert threading.current_thread() is threading.main_thread()
    verdict, _ = play(FakeEcs(plot=[*QUIET, begin, *QUIET, interrupt]), tmp_path / "run")
    assert verdict.outcome is Outcome.INTERRUPTED
    assert (tmp_path / "run/report.html").exists()


def _balanced(ecs: FakeEcs) -> FakeEcs:
    ecs.members["loadBalancers"] = [{"targetGroupArn": GROUP, "containerName": "app"}]
    return ecs


def test_a_time_without_a_healthy_target_is_an_outage(tmp_path: Path) -> None:
    elb = FakeElb({"10.0.0.1": "healthy"})

    def fall(_ecs: FakeEcs) -> None:
        elb.states["10.0.0.1"] = "unhealthy"

    def rise(_ecs: FakeEcs) -> None:
        elb.states["10.0.0.1"] = "healthy"

    plot: list[Event] = [*QUIET, begin, fall, *QUIET, rise, *QUIET, succeed]
    verdict, _ = play(_balanced(FakeEcs(plot=plot)), tmp_path / "run", elb)
    assert verdict.outcome is Outcome.FAIL
    assert "app had no healthy target for" in _sentence(verdict, "always a healthy target")


def test_target_health_that_may_not_be_read_is_said_and_fails_nothing(tmp_path: Path) -> None:
    ecs = _balanced(FakeEcs(plot=[*QUIET, begin, *QUIET, succeed]))
    elb = FakeElb(errors={"DescribeTargetHealth": "AccessDenied"})
    verdict, _ = play(ecs, tmp_path / "run", elb)
    assert verdict.outcome is Outcome.PASS
    names = [finding.check for finding in verdict.findings]
    assert "always a healthy target" not in names
    assert any("target health (DescribeTargetHealth" in t for t in verdict.not_observable)
    assert any("no requests were sent" in t for t in verdict.not_observable)


def _sentence(verdict: Verdict, check: str) -> str:
    return next(finding.sentence for finding in verdict.findings if finding.check == check)


@pytest.mark.parametrize(
    "write",
    [
        lambda c: c.ecs.update_service(service="app"),
        lambda c: c.ecs.stop_task(task="t"),
        lambda c: c.elbv2.deregister_targets(TargetGroupArn=GROUP, Targets=[{"Id": "10.0.0.1"}]),
        lambda c: c.logs.delete_log_group(logGroupName="g"),
    ],
    ids=["UpdateService", "StopTask", "DeregisterTargets", "DeleteLogGroup"],
)
def test_a_watchs_clients_send_no_write(
    free_endpoint: str, write: Callable[[Clients], object]
) -> None:
    session = boto3.Session("test", "test", region_name="eu-central-1")
    ecs, elbv2, logs = (
        session.client(n, endpoint_url=free_endpoint) for n in ("ecs", "elbv2", "logs")
    )
    guarded = refuse_writes(Clients(ecs, elbv2, logs, "eu-central-1", free_endpoint))
    with pytest.raises(TargetError, match="a watch only reads"):
        write(guarded)


def test_what_is_under_way_is_found(tmp_path: Path) -> None:
    ecs = FakeEcs()
    account = Account(clients(ecs), PLACE, ("app",))

    def look() -> str | None:
        seen = Observed(account.services(), service_deployments=account.service_deployments())
        found = under_way(seen, "app")
        return found.id if found else None

    assert look() is None
    ecs.start("app:2")
    assert look() == "ecs-svc/2"
    ecs.finish("SUCCESSFUL")
    assert look() is None
    assert under_way(Observed(), "app") is None

    ecs.start("app:3")  # by rollout states alone
    listed = account.services()
    assert getattr(under_way(Observed(listed), "app"), "id", None) == "ecs-svc/3"
    beside = replace(listed[0].deployments[0], rollout="")
    two = replace(listed[0], deployments=(beside, listed[0].deployments[1]))
    assert getattr(under_way(Observed((two,)), "app"), "id", None) == "ecs-svc/3"


def test_lanes_grow_by_a_column_at_each_look() -> None:
    old = TaskView(
        service="app",
        task="a" * 32,
        status="RUNNING",
        desired="RUNNING",
        health="UNKNOWN",
        task_definition="app:1",
        address="10.0.0.1",
    )
    new = replace(old, task="b" * 32, status="PENDING", task_definition="app:2", address=None)
    healthy = {GROUP: (HealthView("10.0.0.1:80", "healthy"),)}
    draining = {GROUP: (HealthView("10.0.0.1:80", "draining"),)}
    lanes = LiveLanes()
    lanes.look(Observed(tasks=(old,), health=healthy))
    lanes.look(Observed(tasks=(old, new), health=draining))
    gone = replace(old, status="STOPPED", exit_code=0)
    lines = lanes.look(Observed(tasks=(gone, replace(new, status="RUNNING")), health={}))
    assert lines[0].split("app:1")[1].strip() == "=~" + " " * 47 + "STOPPED (exit 0)"
    assert lines[1].startswith("bbbbbbbb app:2")
    assert " .-" in lines[1]
    assert lines[1].endswith("RUNNING")


def test_a_recorded_watch_says_what_it_followed(tmp_path: Path) -> None:
    play(FakeEcs(plot=[*QUIET, begin, *QUIET, succeed]), tmp_path / "run")
    run = read_history(tmp_path / "run").run
    assert (run.drill, run.variant, run.rate, run.url) == ("watch", "", 0.0, "")
    assert "app" in run.question
    assert Fate.SUCCESSFUL in (tmp_path / "run/journal.jsonl").read_text()
