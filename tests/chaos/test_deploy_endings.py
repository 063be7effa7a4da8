"""`rehearse deploy` against an ECS in memory: every ending, and what the caller is told."""

import os
import signal
import threading
from collections.abc import Callable

import pytest

from chaos.following.deploy import Answer, Wish, deploy
from chaos.following.facts import Fate
from chaos.following.follow import Pace
from chaos.following.revision import Change
from chaos.following.source import ServiceSource
from tests.chaos.fake_ecs import Event, FakeEcs, clients, nothing

IMAGE = Change(image="app:2")


def play(
    ecs: FakeEcs,
    wish: Wish = Wish(change=IMAGE),  # noqa: B008 - frozen
    **pace: float,
) -> tuple[Answer, list[str]]:
    said: list[str] = []
    quick = {"interval_seconds": 0.001, "limit_seconds": 5.0} | pace
    source = ServiceSource(clients(ecs), "c", "app")
    return deploy(source, wish, Pace(**quick, say=said.append)), said  # type: ignore[arg-type]


def succeed(ecs: FakeEcs) -> None:
    ecs.finish("SUCCESSFUL")


def trip(*, back: bool, status: str = "ROLLBACK_SUCCESSFUL") -> Event:
    def happen(ecs: FakeEcs) -> None:
        ecs.end_task()
        ecs.trip(back=back, status=status)

    return happen


def supersede(ecs: FakeEcs) -> None:
    ecs.start("app:77")


def stop(ecs: FakeEcs) -> None:
    ecs.releases[0].update(status="STOPPED", statusReason="The service was deleted.")


ENDINGS: list[tuple[str, Event, Fate, str]] = [
    ("it succeeds", succeed, Fate.SUCCESSFUL, "app:2 is all that runs: 2 of 2 tasks"),
    ("the breaker rolls back", trip(back=True), Fate.ROLLED_BACK, "rolled back to ecs-svc/1: Serv"),
    ("no rollback", trip(back=False), Fate.FAILED, "not rolled back: The breaker tripped"),
    (
        "the rollback fails",
        trip(back=True, status="ROLLBACK_FAILED"),
        Fate.ROLLBACK_FAILED,
        "rolling back to ecs-svc/1 failed",
    ),
    ("another deploy", supersede, Fate.SUPERSEDED, "superseded by ecs-svc/3, which deploys app:77"),
    ("it is stopped", stop, Fate.STOPPED, "stopped: The service was deleted"),
]


@pytest.mark.parametrize(
    ("happens", "fate", "reason"), [e[1:] for e in ENDINGS], ids=[e[0] for e in ENDINGS]
)
def test_every_ending_is_told_with_its_reason(happens: Event, fate: Fate, reason: str) -> None:
    ecs = FakeEcs(plot=[nothing, happens])
    answer, _ = play(ecs)
    assert (answer.fate, answer.exit_code) == (fate, 0 if fate is Fate.SUCCESSFUL else 1)
    assert reason in answer.reason
    assert answer.deployment == "ecs-svc/2"
    assert answer.service_deployment.endswith("/release2")
    assert answer.document()["outcome"] == fate.value


class OvertakenEcs(FakeEcs):
    """Another deploy comes right before the n-th call after UpdateService."""

    overtaken_at = 0

    def _call(self, name: str) -> None:
        if "UpdateService" in self.calls:
            self.overtaken_at -= 1
            if self.overtaken_at == 0:
                supersede(self)
        super()._call(name)


@pytest.mark.parametrize("call", range(1, 13))
def test_another_deploy_between_any_two_calls_is_not_a_stop(call: int) -> None:
    """Its deployment was PRIMARY in one answer, and its release STOPPED in the next."""
    ecs = OvertakenEcs(plot=[nothing] * 20)
    ecs.overtaken_at = call
    answer, _ = play(ecs)
    assert answer.fate is Fate.SUPERSEDED, answer.reason


OLD: list[tuple[str, Event, Fate]] = [
    ("it completes", succeed, Fate.SUCCESSFUL),
    ("the breaker rolls back", trip(back=True), Fate.ROLLED_BACK),
    ("no rollback", trip(back=False), Fate.FAILED),
    ("another deploy", supersede, Fate.SUPERSEDED),
]


@pytest.mark.parametrize("code", ["UnknownOperationException", "501", "AccessDeniedException"])
@pytest.mark.parametrize(("happens", "fate"), [e[1:] for e in OLD], ids=[e[0] for e in OLD])
def test_without_service_deployments_the_rollout_state_tells(
    happens: Event, fate: Fate, code: str
) -> None:
    ecs = FakeEcs(plot=[nothing, happens], errors={"ListServiceDeployments": [f"{code}!"]})
    answer, said = play(ecs)
    assert answer.fate is fate
    assert ecs.calls.count("ListServiceDeployments") == 1
    assert any("service deployments cannot be seen here" in line for line in said)


def test_an_endpoint_with_neither_is_no_proof_of_anything() -> None:
    ecs = FakeEcs(
        plot=[nothing, succeed], errors={"ListServiceDeployments": ["501!"]}, rollouts=False
    )
    answer, _ = play(ecs)
    assert (answer.fate, answer.exit_code) == (Fate.NOT_KNOWN, 1)
    assert "cannot be known" in answer.reason


def test_why_says_what_the_breaker_counted_and_how_tasks_ended() -> None:
    def fall(ecs: FakeEcs) -> None:
        ecs.end_task(code=3)
        ecs.end_task(code=3)
        ecs.say("(service app) was unable to place a task. Reason: no room.")
        ecs.say("(service app) was unable to place a task. Reason: no room.")
        ecs.trip(back=True)

    answer, said = play(FakeEcs(plot=[nothing, fall]))
    assert answer.why == (
        "the circuit breaker counted 3 of 3 failures and tripped",
        "2 tasks ended: EssentialContainerExited: Essential container in task exited"
        " (app exited with 3)",
        "2x (service app) was unable to place a task. Reason: no room.",
    )
    assert "(service app) was unable to place a task. Reason: no room." in said


def test_what_ended_or_was_said_before_is_not_the_reason() -> None:
    ecs = FakeEcs(plot=[nothing, trip(back=True)], desired=3)
    ecs.end_task(code=99)
    ecs.say("(service app) was unable to place a task. Reason: long ago.")
    ecs.events[0]["createdAt"] = ecs.releases[0]["createdAt"]
    (past,) = (t["taskArn"].rsplit("/", 1)[-1] for t in ecs.tasks if "containers" in t)
    answer, said = play(ecs)
    assert past not in ecs.asked
    assert not any("99" in sentence or "long ago" in sentence for sentence in answer.why)
    assert not any("long ago" in line for line in said)


def test_successful_is_not_believed_while_something_else_runs() -> None:
    """R2.21: a stable service may run something else; and ECS's own answers lag behind."""

    def half(ecs: FakeEcs) -> None:
        before = [dict(task) for task in ecs.tasks]
        ecs.finish("SUCCESSFUL")
        ecs.tasks = before  # tasks of the former revision still run

    answer, _ = play(FakeEcs(plot=[nothing, half]), agree_seconds=0.02)
    assert (answer.fate, answer.exit_code) == (Fate.NOT_KNOWN, 1)
    assert answer.reason == "ECS says SUCCESSFUL, but 4 of 2 tasks run, 0 are pending"

    later: list[Event] = [nothing, half, nothing, succeed]
    answer, _ = play(FakeEcs(plot=later))
    assert answer.fate is Fate.SUCCESSFUL


def test_a_deployment_that_goes_on_ends_at_the_limit() -> None:
    def fail_once(ecs: FakeEcs) -> None:
        ecs.end_task()
        ecs.releases[0]["deploymentCircuitBreaker"]["failureCount"] = 1

    answer, _ = play(FakeEcs(plot=[fail_once]), limit_seconds=0.05)
    assert (answer.fate, answer.exit_code) == (Fate.TIMED_OUT, 1)
    assert answer.reason.startswith("not done after 0.05 s and goes on: app:2: 1 of 2 run")
    assert answer.why[0] == "the circuit breaker counted 1 of 3 failures"


def test_a_throttled_api_is_asked_again() -> None:
    ecs = FakeEcs(plot=[nothing, nothing, succeed])
    throttled = {
        "DescribeTasks": ["ThrottlingException"] * 3,
        "ListServiceDeployments": ["Throttl"],
    }
    ecs.plot.insert(0, lambda e: e.errors.update(throttled))
    answer, _ = play(ecs)
    assert answer.fate is Fate.SUCCESSFUL


def test_an_api_that_stays_silent_ends_with_not_known() -> None:
    ecs = FakeEcs(plot=[lambda e: e.errors.update(DescribeServices=["ThrottlingException!"])])
    answer, _ = play(ecs, blind_seconds=0.05)
    assert (answer.fate, answer.exit_code) == (Fate.NOT_KNOWN, 1)
    assert "no answer for 0.05 s" in answer.reason
    assert "ThrottlingException" in answer.reason


def test_denied_while_following_is_told_at_once() -> None:
    ecs = FakeEcs(plot=[lambda e: e.errors.update(DescribeServices=["AccessDeniedException!"])])
    answer, _ = play(ecs, blind_seconds=1000)
    assert (answer.fate, answer.exit_code) == (Fate.NOT_KNOWN, 1)
    assert "not allowed to look" in answer.reason


@pytest.mark.parametrize("operation", ["RegisterTaskDefinition", "UpdateService"])
def test_denied_to_act_is_1_and_nothing_is_followed(operation: str) -> None:
    answer, _ = play(FakeEcs(errors={operation: ["AccessDeniedException!"]}))
    assert answer.exit_code == 1
    assert answer.fate is None
    assert operation in answer.reason


def _missing(ecs: FakeEcs) -> Wish:
    ecs.gone = True
    return Wish(change=IMAGE)


def _by_codedeploy(ecs: FakeEcs) -> Wish:
    ecs.members["deploymentController"] = {"type": "CODE_DEPLOY"}
    return Wish(change=IMAGE)


@pytest.mark.parametrize(
    ("arrange", "reason"),
    [
        (_missing, "no active service 'app'"),
        (_by_codedeploy, "deployment controller CODE_DEPLOY"),
        (lambda _: Wish(change=Change()), "say --image, --env or --command, or --force"),
        (
            lambda _: Wish(change=Change(image="app:2", container="web")),
            "no container 'web'; there are: sidecar, app",
        ),
    ],
    ids=["no such service", "not ECS's own deployments", "nothing to deploy", "no such container"],
)
def test_wrong_usage_is_64_and_changes_nothing(
    arrange: Callable[[FakeEcs], Wish], reason: str
) -> None:
    ecs = FakeEcs()
    answer, _ = play(ecs, arrange(ecs))
    assert answer.exit_code == 64
    assert reason in answer.reason
    assert not {"RegisterTaskDefinition", "UpdateService"} & set(ecs.calls)


def test_what_is_there_already_is_said_and_followed_but_not_deployed() -> None:
    ecs = FakeEcs()
    answer, said = play(ecs, Wish(change=Change(image="app:1", environment={"A": "1"})))
    assert (answer.exit_code, answer.deployment) == (0, "ecs-svc/1")
    assert said == ["nothing would change: app is to run app:1 already"]
    assert not {"RegisterTaskDefinition", "UpdateService"} & set(ecs.calls)


def test_how_tasks_of_what_is_there_ended_is_a_reason() -> None:
    ecs = FakeEcs()
    ecs.end_task(code=99)
    answer, _ = play(ecs, Wish(change=Change(image="app:1")), limit_seconds=0.05, agree_seconds=9)
    assert (answer.fate, answer.exit_code) == (Fate.TIMED_OUT, 1)
    assert "exited with 99" in answer.why[0]


def test_force_deploys_the_same_revision_again() -> None:
    ecs = FakeEcs(plot=[nothing, succeed])
    answer, _ = play(ecs, Wish(change=Change(), force=True))
    assert (answer.exit_code, answer.deployment) == (0, "ecs-svc/2")
    assert "RegisterTaskDefinition" not in ecs.calls
    assert ecs.inputs["UpdateService"]["forceNewDeployment"] is True
    assert ecs.inputs["UpdateService"]["taskDefinition"].endswith("app:1")


def test_an_endpoint_that_starts_no_deployment_is_told_so() -> None:
    answer, _ = play(FakeEcs(keeps_deployment=True))
    assert (answer.exit_code, answer.fate, answer.deployment) == (1, None, "")
    assert "started no deployment: ecs-svc/1 is still PRIMARY" in answer.reason


def test_without_waiting_nothing_is_said_about_the_end() -> None:
    answer, _ = play(FakeEcs(), Wish(change=IMAGE, wait=False))
    assert (answer.exit_code, answer.fate, answer.deployment) == (0, None, "ecs-svc/2")


@pytest.mark.parametrize("roll_back", [False, True])
def test_ctrl_c_lets_the_deployment_go_on_unless_told_otherwise(roll_back: bool) -> None:
    def interrupt(_ecs: FakeEcs) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    assert threading.current_thread() is threading.main_thread()
    ecs = FakeEcs(plot=[nothing, interrupt])
    answer, _ = play(ecs, Wish(change=IMAGE, roll_back=roll_back), interval_seconds=1)
    assert (answer.exit_code, answer.deployment) == (130, "ecs-svc/2")
    if roll_back:
        assert "told to roll back" in answer.reason
        assert ecs.inputs["StopServiceDeployment"] == {
            "serviceDeploymentArn": ecs.releases[0]["serviceDeploymentArn"],
            "stopType": "ROLLBACK",
        }
    else:
        assert "the deployment goes on" in answer.reason
        assert "StopServiceDeployment" not in ecs.calls


def test_the_new_revision_is_the_old_one_with_the_changes() -> None:
    ecs = FakeEcs(plot=[nothing, succeed])
    change = Change(image="app:2", environment={"A": "9", "S": "x"}, command=("run", "it"))
    answer, _ = play(ecs, Wish(change=change))
    sidecar, app = ecs.definitions[1]["containerDefinitions"]
    assert sidecar == {"name": "sidecar", "image": "sidecar:1"}
    assert app == {
        "name": "app",
        "image": "app:2",
        "command": ["run", "it"],
        "portMappings": [{"containerPort": 80}],
        "environment": [
            {"name": "B", "value": "2"},
            {"name": "A", "value": "9"},
            {"name": "S", "value": "x"},
        ],
        "secrets": [],
    }
    assert not {"registeredAt", "status"} & set(ecs.definitions[1])
    assert answer.changes == (
        "image app:1 -> app:2",
        "A: 1 -> 9",
        "S: (not set) -> x",
        "command [] -> ['run', 'it']",
    )


def test_a_failure_that_is_about_to_be_rolled_back_is_not_the_end_yet() -> None:
    """By rollout states alone: FAILED and still PRIMARY, with a rollback to come (R3.6, R3.7)."""

    def fail(ecs: FakeEcs) -> None:
        ecs.deployments[0]["rolloutState"] = "FAILED"

    def both(ecs: FakeEcs) -> FakeEcs:
        breaker = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}
        ecs.members["deploymentConfiguration"] = breaker
        return ecs

    errors = {"ListServiceDeployments": ["501!"]}
    plot: list[Event] = [nothing, fail, nothing, trip(back=True)]
    answer, _ = play(both(FakeEcs(plot=plot, errors=errors)))
    assert answer.fate is Fate.ROLLED_BACK

    def alone(ecs: FakeEcs) -> None:
        fail(ecs)
        del ecs.deployments[1:]  # there is nothing to go back to

    answer, _ = play(both(FakeEcs(plot=[nothing, alone], errors=errors)))
    assert answer.fate is Fate.FAILED


def test_a_deploy_during_a_deploy_goes_back_to_what_was_completed() -> None:
    def trip_both(ecs: FakeEcs) -> None:
        ecs.deployments.pop(1)  # the one that was under way is gone, the completed one is PRIMARY
        ecs.trip(back=True)

    ecs = FakeEcs(plot=[nothing, trip_both], errors={"ListServiceDeployments": ["501!"]})
    ecs.start("app:50")
    answer, _ = play(ecs)
    assert answer.deployment == "ecs-svc/3"
    assert (answer.fate, "rolled back to ecs-svc/1" in answer.reason) == (Fate.ROLLED_BACK, True)
