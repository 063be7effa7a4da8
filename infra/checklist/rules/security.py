"""What a task may do, and what it gives away."""

import json
import re
from collections.abc import Iterator, Mapping

from infra.checklist.facts import Container, Facts, Role, Service, TaskDefinition
from infra.checklist.known import sift
from infra.checklist.lookup import definition_of, fargate_definitions, fargate_services, find
from infra.checklist.rule import Found, Severity, rule, skip

ECS_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
SECRET = re.compile(r"(PASSWORD|PASSWD|TOKEN|SECRET|API_?KEY|PRIVATE_KEY)", re.IGNORECASE)
NO_SECRET = re.compile(
    r"_(FILE|PATH|ARN|NAME|ID|TTL|SECONDS|MINUTES|HEADER|URL|LENGTH)$", re.IGNORECASE
)
IN_URL = re.compile(r"://[^/@:\s]*:[^/@\s]+@")
ROOT = ("", "0", "root")


@rule(
    "SEC001",
    "root file systems are read-only",
    over=fargate_definitions,
    severity=Severity.WARN,
    source=f"{ECS_GUIDE}/security-tasks-containers.html",
    mend="readonlyRootFilesystem = true, and a volume for what must be written (/tmp)",
    see_also=("CKV_AWS_336", "ECS.5"),
)
def read_only(facts: Facts, definition: TaskDefinition) -> Found:
    for one in definition.containers:
        if not one.read_only:
            yield f"container {one.name} can write to its root file system"


@rule(
    "SEC002",
    "containers are not root and have no capabilities",
    over=fargate_definitions,
    severity=Severity.WARN,
    source=f"{ECS_GUIDE}/security-tasks-containers.html",
    mend='user = "10001", linuxParameters = { capabilities = { drop = ["ALL"] } }',
    see_also=("ECS.20",),
)
def not_root(facts: Facts, definition: TaskDefinition) -> Found:
    for one in definition.containers:
        if one.user.partition(":")[0] in ROOT:
            yield f"container {one.name} runs as {one.user or 'the user of its image'}"
        if not one.drops_all:
            yield f"container {one.name} keeps Linux capabilities"


@rule(
    "SEC003",
    "two roles, each with what it needs",
    over=fargate_definitions,
    severity=Severity.WARN,
    source=f"{ECS_GUIDE}/security-iam-roles.html",
    mend="an execution role and a task role, actions by name, and aws:SourceAccount or "
    "aws:SourceArn in both trust policies",
    see_also=("CKV_AWS_249",),
)
def roles(facts: Facts, definition: TaskDefinition) -> Found:
    names = [definition.execution_role, definition.task_role]
    if names[0] and names[0] == names[1]:
        yield "execution role and task role are one: the application can do what the agent can"

    def judged(arn: str) -> Found:
        role = find(facts.roles, "arn", arn, "role")
        for action in _wide(role):
            yield f"{role.at} allows {action}"
        if not re.search(r"aws:SourceAccount|aws:SourceArn", json.dumps(role.trust), re.IGNORECASE):
            yield f"the trust policy of {role.at} does not say for which account"

    yield from sift([name for name in dict.fromkeys(names) if name], judged)


def _wide(role: Role) -> Iterator[str]:
    """Actions with a star for all of a service, or of all."""
    for policy in role.policies:
        for statement in _statements(policy):
            actions = statement.get("Action", [])
            listed = actions if isinstance(actions, list) else [actions]
            if statement.get("Effect") == "Allow":
                yield from (str(one) for one in listed if str(one) == "*" or str(one)[-2:] == ":*")


def _statements(policy: Mapping[str, object]) -> list[Mapping[str, object]]:
    found = policy.get("Statement", [])
    statements = found if isinstance(found, list) else [found]
    return [one for one in statements if isinstance(one, Mapping)]


@rule(
    "SEC004",
    "secrets are not in the environment",
    over=fargate_definitions,
    source=f"{ECS_GUIDE}/specifying-sensitive-data.html",
    mend="`secrets` with valueFrom in place of `environment`; change what has been seen",
    see_also=("CKV_SECRET_6", "ECS.8"),
)
def no_secrets(facts: Facts, definition: TaskDefinition) -> Found:
    def judged(container: Container) -> Found:
        for name, value in container.environment.items():
            named = SECRET.search(name) and not NO_SECRET.search(name)
            if value and (named or IN_URL.search(value)):
                yield f"container {container.name} has {name} in its environment, for all to read"

    yield from sift(definition.containers, judged)


@rule(
    "SEC005",
    "ECS Exec and fault injection are not both on",
    over=fargate_services,
    severity=Severity.WARN,
    source=f"{ECS_GUIDE}/fault-injection.html",
    mend="enable_execute_command = false where FIS is to act on tasks",
)
def exec_or_faults(facts: Facts, service: Service) -> Found:
    if not service.exec:
        skip("ECS Exec is off")
    if definition_of(facts, service).fault_injection:
        yield "ECS Exec is on: FIS cannot act on its tasks, for which fault injection is on"


@rule(
    "LOG001",
    "logging does not block",
    over=fargate_definitions,
    severity=Severity.WARN,
    source=f"{ECS_GUIDE}/using_awslogs.html",
    mend='options: mode = "non-blocking", max-buffer-size = "25m"',
)
def logging(facts: Facts, definition: TaskDefinition) -> Found:
    used = [one for one in definition.containers if one.log_driver == "awslogs"]
    if not used:
        skip("no container uses awslogs")
    for one in used:
        if one.log_options.get("mode") != "non-blocking":
            yield f"container {one.name} may stand still when CloudWatch Logs is slow"
        elif "max-buffer-size" not in one.log_options:
            yield f"container {one.name} has the smallest buffer (1m): lines are lost in a burst"
