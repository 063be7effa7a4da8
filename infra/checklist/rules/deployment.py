"""What happens when a revision is deployed, or a task is lost."""

from infra.checklist.facts import Container, Facts, Repository, Service
from infra.checklist.known import NotKnownError, sift
from infra.checklist.lookup import cluster_name, containers_of, fargate_services
from infra.checklist.rule import Cut, Found, Severity, rule, skip

ECS_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"


@rule(
    "DEP001",
    "the circuit breaker is on and rolls back",
    over=fargate_services,
    cut=Cut.DEPLOYMENT,
    source=f"{ECS_GUIDE}/deployment-circuit-breaker.html",
    mend="deployment_circuit_breaker { enable = true, rollback = true }",
    drill="never-healthy",
)
def breaker(facts: Facts, service: Service) -> Found:
    if service.controller != "ECS":
        skip(f"its deployments are done by {service.controller}")
    if not service.breaker:
        yield "no circuit breaker: a revision that never gets healthy is started again for ever"
    elif not service.breaker_rollback:
        yield "the circuit breaker does not roll back: a failed release stays as it is"


@rule(
    "DEP002",
    "two tasks or more",
    over=fargate_services,
    cut=Cut.LOSS,
    source=f"{ECS_GUIDE}/service-auto-scaling.html",
    mend="desired_count = 2, under autoscaling min_capacity = 2",
    drill="stop-task",
)
def two_tasks(facts: Facts, service: Service) -> Found:
    if service.scheduling == "DAEMON":
        skip("a daemon has no desired count")
    least = _least(facts, service)
    if least == 0:
        skip("no task is desired")
    if least < 2:
        yield f"{least} task at least: when it is lost, nobody answers"


def _least(facts: Facts, service: Service) -> int:
    """How many tasks it has at least; autoscaling has the last word."""
    resource = f"service/{cluster_name(facts, service)}/{service.name}"
    for one in facts.scalable_targets:
        if one.resource == resource:
            return one.minimum
    return service.desired


@rule(
    "DEP003",
    "a deployment keeps tasks serving, and can begin",
    over=fargate_services,
    cut=Cut.DEPLOYMENT,
    source=f"{ECS_GUIDE}/deployment-type-ecs.html",
    mend="minimum healthy percent 100, maximum percent 200",
    drill="rolling-deploy",
)
def percents(facts: Facts, service: Service) -> Found:
    desired, low, high = service.desired, service.minimum, service.maximum
    if desired == 0:
        skip("no task is desired")
    floor = -(-desired * low // 100)
    ceiling = desired * high // 100
    if floor < 1:
        yield f"minimum healthy percent {low} of {desired} tasks lets ECS stop all of them at once"
    elif desired <= 2 and low < 100:
        yield f"minimum healthy percent {low} leaves {floor} of {desired} tasks at a deployment"
    if ceiling <= floor:
        yield f"between {floor} and {ceiling} tasks no task can be started or stopped first"


@rule(
    "DEP004",
    "tasks are spread over the zones again",
    over=fargate_services,
    severity=Severity.WARN,
    cut=Cut.LOSS,
    source=f"{ECS_GUIDE}/service-rebalancing.html",
    mend='availability_zone_rebalancing = "ENABLED", with a maximum percent above 100',
)
def rebalancing(facts: Facts, service: Service) -> Found:
    if service.rebalancing:
        return
    if _least(facts, service) < 2:
        skip("there is nothing to spread: one task, or none")
    yield "after a zone was lost its tasks stay in the others when it comes back"


@rule(
    "DEP005",
    "the image is one image",
    over=fargate_services,
    severity=Severity.WARN,
    cut=Cut.DEPLOYMENT,
    source=f"{ECS_GUIDE}/deployment-type-ecs.html",
    mend="a digest, or a version's tag in a repository with image_tag_mutability = IMMUTABLE",
    drill="bad-image",
    see_also=("CKV_AWS_51", "ECR.2"),
)
def one_image(facts: Facts, service: Service) -> Found:
    def judged(container: Container) -> Found:
        name, _, digest = container.image.partition("@")
        tag = name.rpartition("/")[2].partition(":")[2]
        if digest:
            return
        if tag in ("", "latest"):
            yield f"container {container.name}: {container.image} is another image tomorrow"
        elif ".dkr.ecr" in name and not _repository(facts, name).immutable:
            yield f"container {container.name}: the tag {tag} can be moved to another image"

    yield from sift(containers_of(facts, service), judged)


def _repository(facts: Facts, image: str) -> Repository:
    url = image[: image.rindex(":")]
    for one in facts.repositories:
        if object.__getattribute__(one, "url") == url:
            return one
    raise NotKnownError(f"the repository {url} is not among what was read")
