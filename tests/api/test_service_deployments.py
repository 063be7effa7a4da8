"""Service deployments and revisions: listed, described, stopped, and what becomes of each."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra.local.control.history import follow
from infra.local.control.rollback import fail_deployment
from infra.local.scheduler.model import FailCause, RolloutState
from infra.local.store import Deployment
from tests.api.stack import Stack, definition

GUARDED = {"deploymentCircuitBreaker": {"enable": True, "rollback": True}}


def completed(stack: Stack, **members: Any) -> None:
    """A service whose first deployment has completed."""
    stack.create(deploymentConfiguration=GUARDED, **members)
    stack.record().primary.rollout = RolloutState.COMPLETED
    settle(stack)


def settle(stack: Stack) -> None:
    """What the service's loop does at each pass."""
    follow(stack.record(), stack.plane.clock.now_ms())


def deploy(stack: Stack, image: str = "order-api:2") -> None:
    stack.plane.clock.at_ms += 1000
    container = definition()["containerDefinitions"][0] | {"image": image}
    stack.ecs.register_task_definition(**definition(containerDefinitions=[container]))
    stack.ecs.update_service(cluster="c", service="app", taskDefinition="app")


def listed(stack: Stack, **wanted: Any) -> list[dict[str, Any]]:
    answer = stack.ecs.list_service_deployments(cluster="c", service="app", **wanted)
    found: list[dict[str, Any]] = answer["serviceDeployments"]
    return found


def newest(stack: Stack) -> dict[str, Any]:
    arn = listed(stack)[0]["serviceDeploymentArn"]
    answer = stack.ecs.describe_service_deployments(serviceDeploymentArns=[arn])
    assert answer["failures"] == []
    found: dict[str, Any] = answer["serviceDeployments"][0]
    return found


def break_down(stack: Stack, home: Deployment | None) -> list[str]:
    """The circuit breaker trips."""
    service, now_ms = stack.record(), stack.plane.clock.now_ms()
    service.primary.failures = 3
    return list(fail_deployment(service, service.primary, home, FailCause.BREAKER, now_ms))


def test_a_new_service_has_one_deployment_under_way(stack: Stack) -> None:
    stack.create()
    (brief,) = listed(stack)
    number = stack.describe()["deployments"][0]["id"].removeprefix("ecs-svc/")
    assert brief["status"] == "PENDING"
    assert brief["targetServiceRevisionArn"].endswith(f":service-revision/c/app/{number}")
    assert ":service-deployment/c/app/" in brief["serviceDeploymentArn"]
    assert len(brief["serviceDeploymentArn"].rsplit("/", 1)[1]) == 22
    assert stack.describe()["currentServiceDeployment"] == brief["serviceDeploymentArn"]
    settle(stack)
    assert newest(stack)["status"] == "IN_PROGRESS"
    assert newest(stack)["deploymentCircuitBreaker"]["status"] == "DISABLED"


def test_a_completed_one_is_successful_and_no_longer_current(stack: Stack) -> None:
    completed(stack)
    assert newest(stack)["status"] == "SUCCESSFUL"
    assert newest(stack)["finishedAt"] >= newest(stack)["startedAt"]
    assert newest(stack)["deploymentCircuitBreaker"]["status"] == "MONITORING_COMPLETE"
    assert "currentServiceDeployment" not in stack.describe()


def test_the_next_one_names_where_it_comes_from_and_what_it_brings(stack: Stack) -> None:
    completed(stack)
    deploy(stack)
    settle(stack)
    stack.run(stack.record())
    found = newest(stack)
    (source,) = found["sourceServiceRevisions"]
    target = found["targetServiceRevision"]
    assert (source["requestedTaskCount"], target["requestedTaskCount"]) == (0, 2)
    assert (target["runningTaskCount"], target["pendingTaskCount"]) == (1, 0)
    answer = stack.ecs.describe_service_revisions(serviceRevisionArns=[target["arn"], "arn:no"])
    (revision,) = answer["serviceRevisions"]
    assert revision["containerImages"] == [{"containerName": "app", "image": "order-api:2"}]
    assert revision["taskDefinition"].endswith("app:2")
    assert answer["failures"] == [{"arn": "arn:no", "reason": "MISSING"}]


def test_the_count_and_the_threshold_are_shown_while_it_is_under_way(stack: Stack) -> None:
    completed(stack, desiredCount=7)
    deploy(stack)
    stack.record().primary.failures = 2
    settle(stack)
    expected = {"status": "MONITORING", "failureCount": 2, "threshold": 4}
    assert newest(stack)["deploymentCircuitBreaker"] == expected
    assert stack.describe()["deployments"][0]["failedTasks"] == 2


def test_a_rollback_keeps_the_id_and_the_old_definition_and_says_why(stack: Stack) -> None:
    completed(stack)
    home = stack.record().primary
    deploy(stack)
    settle(stack)
    failed = stack.record().primary
    said = break_down(stack, home)
    assert said == [
        f"(service app) (deployment {failed.id}) deployment failed: tasks failed to start.",
        f"(service app) rolling back to deployment {home.id}.",
    ]
    service = stack.describe()
    assert [(d["id"], d["status"], d["rolloutState"]) for d in service["deployments"]] == [
        (home.id, "PRIMARY", "IN_PROGRESS"),
        (failed.id, "ACTIVE", "FAILED"),
    ]
    assert service["taskDefinition"].endswith("app:1")
    primary, other = service["deployments"]
    back = f"ECS deployment circuit breaker: rolling back to deploymentId {home.id}."
    assert primary["rolloutStateReason"] == back
    assert other["rolloutStateReason"] == "ECS deployment circuit breaker: tasks failed to start."
    assert newest(stack)["status"] == "ROLLBACK_IN_PROGRESS"


def test_a_rollback_ends_successful_with_the_reason(stack: Stack) -> None:
    completed(stack)
    home = stack.record().primary
    deploy(stack)
    settle(stack)
    break_down(stack, home)
    home.rollout, stack.record().deployments = RolloutState.COMPLETED, [home]
    settle(stack)
    found = newest(stack)
    reason = "Service deployment rolled back because the circuit breaker threshold was exceeded."
    assert (found["status"], found["statusReason"]) == ("ROLLBACK_SUCCESSFUL", reason)
    assert found["rollback"]["serviceRevisionArn"].endswith(home.number)
    expected = {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}
    assert found["deploymentCircuitBreaker"] == expected


def test_a_rollback_that_fails_too_says_so(stack: Stack) -> None:
    completed(stack)
    home = stack.record().primary
    deploy(stack)
    settle(stack)
    break_down(stack, home)
    break_down(stack, None)
    settle(stack)
    assert home.rollout is RolloutState.FAILED
    assert newest(stack)["status"] == "ROLLBACK_FAILED"


def test_without_rollback_it_is_stopped_and_the_deployment_stays_failed(stack: Stack) -> None:
    completed(stack)
    deploy(stack)
    settle(stack)
    assert len(break_down(stack, None)) == 1
    settle(stack)
    found, service = newest(stack), stack.describe()
    assert (found["status"], "stoppedAt" in found) == ("STOPPED", True)
    assert [d["rolloutState"] for d in service["deployments"]] == ["FAILED", "COMPLETED"]
    assert service["taskDefinition"].endswith("app:2")


def test_a_newer_deployment_stops_the_one_under_way(stack: Stack) -> None:
    completed(stack)
    deploy(stack)
    settle(stack)
    deploy(stack)
    settle(stack)
    assert [b["status"] for b in listed(stack)] == ["IN_PROGRESS", "STOPPED", "SUCCESSFUL"]


def test_a_newer_deployment_during_a_rollback_ends_the_rollback(stack: Stack) -> None:
    completed(stack)
    home = stack.record().primary
    deploy(stack)
    settle(stack)
    break_down(stack, home)
    deploy(stack)
    settle(stack)
    assert [b["status"] for b in listed(stack)][:2] == ["IN_PROGRESS", "ROLLBACK_FAILED"]


def test_a_deleted_service_has_nothing_under_way(stack: Stack) -> None:
    stack.create()
    stack.ecs.delete_service(cluster="c", service="app", force=True)
    settle(stack)
    assert listed(stack)[0]["status"] == "STOPPED"


def test_what_was_deployed_comes_back_and_what_was_only_set_stays(stack: Stack) -> None:
    """Rolled back are task definition and network; percentages and grace are settings (R2.15)."""
    completed(stack)
    home = stack.record().primary
    network = {"awsvpcConfiguration": {"subnets": ["subnet-b"], "securityGroups": ["sg-2"]}}
    stack.ecs.update_service(
        cluster="c",
        service="app",
        networkConfiguration=network,
        healthCheckGracePeriodSeconds=77,
        desiredCount=5,
    )
    settle(stack)
    break_down(stack, home)
    service = stack.describe()
    subnets = service["networkConfiguration"]["awsvpcConfiguration"]["subnets"]
    assert subnets == ["subnet-a", "subnet-b"]
    assert (service["healthCheckGracePeriodSeconds"], service["desiredCount"]) == (77, 5)
    assert home.desired_count == 5


def test_lists_are_filtered_by_status_and_time_and_come_in_pages(stack: Stack) -> None:
    completed(stack)
    before = datetime.now(tz=UTC) - timedelta(days=4000)
    for _ in range(3):
        deploy(stack)
        settle(stack)
    assert [b["status"] for b in listed(stack, status=["STOPPED"])] == ["STOPPED", "STOPPED"]
    third = listed(stack)[1]["createdAt"]
    assert len(listed(stack, createdAt={"after": third})) == 1
    assert len(listed(stack, createdAt={"before": third})) == 2
    assert listed(stack, createdAt={"before": before}) == []
    answer = stack.ecs.list_service_deployments(cluster="c", service="app", maxResults=3)
    rest = listed(stack, maxResults=3, nextToken=answer["nextToken"])
    assert len(answer["serviceDeployments"]) + len(rest) == 4
    assert rest[0]["status"] == "SUCCESSFUL"


def test_stop_asks_for_a_rollback_once(stack: Stack) -> None:
    completed(stack)
    deploy(stack)
    settle(stack)
    arn = newest(stack)["serviceDeploymentArn"]
    stack.plane.signals.take()
    for _ in range(2):
        answer = stack.ecs.stop_service_deployment(serviceDeploymentArn=arn)
        assert answer["serviceDeploymentArn"] == arn
    assert stack.record().primary.stop_asked
    assert newest(stack)["status"] == "ROLLBACK_REQUESTED"
    assert stack.plane.signals.take() == [("service", stack.record().arn)]
    home, now_ms = stack.record().deployments[1], stack.plane.clock.now_ms()
    said = list(
        fail_deployment(stack.record(), stack.record().primary, home, FailCause.REQUESTED, now_ms)
    )
    assert said == [f"(service app) rolling back to deployment {home.id}."]
    assert newest(stack)["status"] == "ROLLBACK_IN_PROGRESS"


def test_stop_is_refused_where_it_has_no_sense(stack: Stack) -> None:
    stack.create()
    arn = newest(stack)["serviceDeploymentArn"]
    stop = stack.ecs.stop_service_deployment
    with pytest.raises(stack.ecs.exceptions.ConflictException, match="no completed deployment"):
        stop(serviceDeploymentArn=arn)
    stack.record().primary.rollout = RolloutState.COMPLETED
    settle(stack)
    with pytest.raises(stack.ecs.exceptions.ConflictException, match="SUCCESSFUL"):
        stop(serviceDeploymentArn=arn)
    with pytest.raises(stack.ecs.exceptions.ServiceDeploymentNotFoundException):
        stop(serviceDeploymentArn="arn:no")
    with pytest.raises(ClientError, match="stopType ABORT is not built"):
        stop(serviceDeploymentArn=arn, stopType="ABORT")


def test_at_most_twenty_are_described_at_once(stack: Stack) -> None:
    stack.create()
    with pytest.raises(ClientError, match="21 serviceDeploymentArns were given"):
        stack.ecs.describe_service_deployments(serviceDeploymentArns=["a"] * 21)
    answer = stack.ecs.describe_service_deployments(serviceDeploymentArns=["a", "a"])
    assert answer["failures"] == [{"arn": "a", "reason": "MISSING"}]


def test_history_is_bounded_and_keeps_the_revisions_that_it_names(stack: Stack) -> None:
    completed(stack)
    for _ in range(210):
        stack.ecs.update_service(cluster="c", service="app", forceNewDeployment=True)
    service = stack.record()
    named = {a for e in service.history for a in (e.target, *e.sources)}
    assert len(service.history) == 200
    assert set(service.revisions) == named


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ({"type": "COUNT", "value": 0}, "COUNT has value 0, it must be 1 to 1000"),
        ({"type": "BOUNDED_PERCENT", "value": 101}, "it must be 1 to 100"),
        ({"type": "SOME", "value": 3}, "SOME"),
    ],
)
def test_a_threshold_that_makes_no_sense_is_refused(
    stack: Stack, limit: dict[str, Any], words: str
) -> None:
    breaker = {"enable": True, "rollback": True, "thresholdConfiguration": limit}
    with pytest.raises(ClientError, match=words):
        stack.create(deploymentConfiguration={"deploymentCircuitBreaker": breaker})


def test_the_threshold_is_returned_as_it_was_set(stack: Stack) -> None:
    breaker = {
        "enable": True,
        "rollback": False,
        "resetOnHealthyTask": False,
        "thresholdConfiguration": {"type": "COUNT", "value": 5},
    }
    made = stack.create(deploymentConfiguration={"deploymentCircuitBreaker": breaker})
    assert made["deploymentConfiguration"]["deploymentCircuitBreaker"] == breaker
    settle(stack)
    assert newest(stack)["deploymentCircuitBreaker"]["threshold"] == 5
