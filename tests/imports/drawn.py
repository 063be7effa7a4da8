"""Odd services, as a Terraform state: what somebody may have, and what nobody should."""

import json
from typing import Any

from hypothesis import strategies as st

NAMES = st.one_of(
    st.sampled_from(["web", "Web_API", "internal-x", "x", "1", "ünï-cödé", "-", "a" * 300]),
    st.text(max_size=40),
)
NUMBERS = st.one_of(st.none(), st.integers(-5, 10**7), st.sampled_from(["8080", "x", 1.5, True]))
TEXTS = st.one_of(st.none(), st.text(max_size=20), st.sampled_from(["/", "/health", "0.0.0.0:80"]))
WORDS = st.one_of(st.none(), st.lists(st.text(max_size=12), max_size=4), st.just("no list"))
ODD = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.just([]),
                st.just({}), st.just([None]), st.just([{"name": None}]))  # fmt: skip
PAIRS = st.lists(
    st.fixed_dictionaries({"name": NAMES, "value": TEXTS, "valueFrom": TEXTS}), max_size=4
)
IMAGES = st.one_of(
    st.sampled_from([
        "nginx", "shop/web:1.2", "localhost:5000/web", "web@sha256:" + "a" * 64,
        "123.dkr.ecr.eu-central-1.amazonaws.com/a/b:t@sha256:" + "b" * 64, "", ":", "@",
    ]),
    st.text(max_size=20),
)  # fmt: skip


def mostly(good: object, odd: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Odd in one of twelve, or most states would be refused for one thing."""
    return st.integers(0, 11).flatmap(lambda n: odd if n == 11 else st.just(good))


def fixed(**optional: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=optional)


CONTAINERS = st.fixed_dictionaries({"image": mostly("shop/web:1.2", IMAGES)}, optional=dict(  # noqa: C408
    name=st.sampled_from(["web", "agent"]), essential=st.booleans(), command=WORDS,
    entryPoint=WORDS, environment=st.one_of(PAIRS, ODD), secrets=st.one_of(PAIRS, ODD),
    portMappings=st.one_of(st.lists(fixed(containerPort=NUMBERS, name=TEXTS), max_size=3), ODD),
    stopTimeout=NUMBERS, user=TEXTS, readonlyRootFilesystem=st.one_of(st.booleans(), st.none()),
    healthCheck=st.one_of(fixed(command=WORDS, interval=NUMBERS, timeout=NUMBERS), ODD),
    linuxParameters=ODD, mountPoints=ODD, workingDirectory=TEXTS, cpu=NUMBERS, futureThing=ODD,
))  # fmt: skip
NO_DEFINITIONS = st.sampled_from(["", "[]", "{}", "not JSON", "[1]"])
DEFINITIONS = st.integers(0, 11).flatmap(
    lambda n: NO_DEFINITIONS if n == 11
    else st.lists(CONTAINERS, min_size=1, max_size=3).map(json.dumps)
)  # fmt: skip
TASKS = st.fixed_dictionaries({"container_definitions": DEFINITIONS}, optional=dict(  # noqa: C408
    cpu=st.one_of(st.sampled_from(["256", "1 vCPU", "16384", "999999", "x"]), ODD),
    memory=st.one_of(st.sampled_from(["512", "4 GB", "130000"]), ODD), volume=ODD,
    runtime_platform=ODD,
))  # fmt: skip
SERVICES = fixed(
    desired_count=NUMBERS, deployment_maximum_percent=NUMBERS, launch_type=TEXTS,
    deployment_minimum_healthy_percent=NUMBERS, health_check_grace_period_seconds=NUMBERS,
    deployment_circuit_breaker=ODD, capacity_provider_strategy=ODD, service_registries=ODD,
    network_configuration=ODD, scheduling_strategy=TEXTS, future_thing=ODD,
    load_balancer=st.one_of(st.just([{"target_group_arn": "tg", "container_name": "web",
                                      "container_port": 8080}]), ODD),
    service_connect_configuration=st.one_of(
        st.lists(fixed(enabled=st.booleans(), namespace=TEXTS, service=st.lists(
            fixed(port_name=TEXTS, discovery_name=TEXTS, client_alias=st.lists(
                fixed(dns_name=NAMES, port=NUMBERS), max_size=1)), max_size=2)), max_size=1), ODD),
)  # fmt: skip
CHECKS = fixed(path=TEXTS, matcher=mostly("200-299", TEXTS), interval=NUMBERS, timeout=NUMBERS,
               port=TEXTS, healthy_threshold=NUMBERS, protocol=TEXTS)  # fmt: skip
GROUPS = fixed(protocol=mostly("HTTP", TEXTS), deregistration_delay=NUMBERS, slow_start=NUMBERS,
               load_balancing_algorithm_type=TEXTS,
               health_check=st.lists(CHECKS, max_size=1))  # fmt: skip
RULES = fixed(
    priority=NUMBERS, condition=st.lists(fixed(
        path_pattern=st.lists(fixed(values=st.lists(st.text(max_size=9), max_size=7)), max_size=1),
        host_header=st.lists(fixed(values=st.lists(st.text(max_size=9), max_size=2)), max_size=1),
    ), max_size=3),
)  # fmt: skip


@st.composite
def states(draw: st.DrawFn) -> dict[str, Any]:
    """A state of `terraform show -json` with one to three services."""
    resources: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 3))):
        arn = f"arn:aws:ecs:eu-west-1:1:task-definition/t:{number}"
        task, service = draw(TASKS), draw(SERVICES)
        resources.append(resource("aws_ecs_task_definition", number, {**task, "arn": arn}))
        named = {"name": draw(NAMES), "cluster": draw(NAMES), "task_definition": arn}
        resources.append(resource("aws_ecs_service", number, {**service, **named}))
    resources.append(resource("aws_lb_target_group", 0, {**draw(GROUPS), "arn": "tg"}))
    forward = {"action": [{"type": "forward", "target_group_arn": "tg"}], "listener_arn": "l"}
    rules = draw(st.lists(RULES, max_size=3))
    resources += [
        resource("aws_lb_listener_rule", n, {**rule, **forward}) for n, rule in enumerate(rules)
    ]
    return {"format_version": "1.0", "values": {"root_module": {"resources": resources}}}


def resource(kind: str, number: int, values: dict[str, Any]) -> dict[str, Any]:
    address = f"{kind}.x[{number}]"
    return {"address": address, "mode": "managed", "type": kind, "values": values}
