"""A state as people have them: two services of one image, and much that is not carried."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.imports.notes import Kind
from infra.imports.source import read_files
from infra.imports.stack import Imported, convert
from infra.imports.written import IMAGES, files
from infra.local.runtime import images
from tests.imports.drawn import resource

ECS = "arn:aws:ecs:us-east-1:1:"
IMAGE = "1.dkr.ecr.us-east-1.amazonaws.com/shop@sha256:" + "a" * 64
WEB: dict[str, Any] = {
    "name": "django",
    "image": IMAGE,
    "command": ["gunicorn", "-b", "0.0.0.0:8000", "--db-password", "hunter2"],
    "portMappings": [{"containerPort": 8000, "name": "web"}, {"containerPort": 9090}],
    "environment": [{"name": "spring.x", "value": "1"}],
    "environmentFiles": [{"value": "arn:aws:s3:::b/x.env", "type": "s3"}],
}
WORKER = {
    "name": "django",
    "image": IMAGE,
    "command": ["celery"],
    "workingDirectory": "/srv/app",
    "environment": [{"name": "WEB", "value": "http://web.retail.local/api"}],
}
FLUENT = {"name": "log", "image": "amazon/aws-for-fluent-bit:2", "firelensConfiguration": {"x": 1}}
FORWARD = {"type": "forward", "target_group_arn": "tg1"}


def task(name: str, *containers: dict[str, Any], **values: object) -> dict[str, Any]:
    arn = f"{ECS}task-definition/{name}:3"
    shape = {"arn": arn, "cpu": "300", "memory": "700", **values}
    return {**shape, "container_definitions": json.dumps(containers)}


def service(name: str, definition: str, **values: object) -> dict[str, Any]:
    cluster = {"cluster": f"{ECS}cluster/Prod", "desired_count": 2}
    return {
        "name": name,
        "task_definition": f"{ECS}task-definition/{definition}:3",
        **cluster,
        **values,
    }


def connect(*services: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"enabled": True, "namespace": "retail.local", "service": list(services)}]


def state() -> list[dict[str, Any]]:
    published = {"port_name": "web", "discovery_name": "web", "client_alias": [{"port": 80}]}
    targets = [
        {"target_group_arn": arn, "container_name": "django", "container_port": port}
        for arn, port in (("tg1", 8000), ("tg2", 9090))
    ]
    spot = [{"capacity_provider": "FARGATE_SPOT", "weight": 1}]
    found = [
        ("aws_ecs_cluster", {"arn": f"{ECS}cluster/Prod", "name": "Prod"}),
        ("aws_ecs_task_definition", task("web", WEB, FLUENT, volume=[{"name": "efs"}])),
        ("aws_ecs_task_definition", task("worker", WORKER)),
        ("aws_ecs_service", service("web", "web", load_balancer=targets, future_thing={"x": 1},
                                    capacity_provider_strategy=spot,
                                    service_registries=[{"registry_arn": "r"}],
                                    service_connect_configuration=connect(published))),
        ("aws_ecs_service", service("worker_v2", "worker", launch_type="EC2",
                                    service_connect_configuration=connect())),
        ("aws_ecs_service", service("api", "web", load_balancer=[{**targets[0],
                                    "target_group_arn": "tg3"}])),
        ("aws_lb_target_group", {"arn": "tg1", "name": "web", "health_check": [{"port": "9090"}]}),
        ("aws_lb_target_group", {"arn": "tg2", "name": "metrics"}),
        ("aws_lb_target_group", {"arn": "tg3", "name": "api"}),
        ("aws_lb_listener", {"arn": "l", "port": 8443, "protocol": "HTTPS",
                             "default_action": [{"type": "authenticate-oidc"}, FORWARD]}),
        ("aws_lb_listener_rule", {"listener_arn": "l", "priority": 3, "action": [FORWARD],
                                  "condition": [{"host_header": [{"values": ["shop.example"]}]}]}),
        ("aws_lb_listener_rule", {"listener_arn": "l", "priority": 9,
                                  "action": [{**FORWARD, "target_group_arn": "tg3"}],
                                  "condition": [{"path_pattern": [{"values": ["/api/*"]}]}]}),
    ]  # fmt: skip
    return [resource(kind, number, values) for number, (kind, values) in enumerate(found)]


@pytest.fixture(scope="module")
def messy(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    path = tmp_path_factory.mktemp("messy") / "state.json"
    document = {"format_version": "1.0", "values": {"root_module": {"resources": state()}}}
    path.write_text(json.dumps(document))
    return convert(read_files([path], []))


def what(messy: Imported, kind: Kind) -> set[str]:
    return {f"{one.service}: {one.what}" for one in messy.notes if one.kind is kind}


def test_all_that_is_not_carried_is_said(messy: Imported) -> None:
    assert {
        "web: authenticate-oidc",
        "web: capacity_provider_strategy",
        "web: condition host-header shop.example",
        "web: container log (amazon/aws-for-fluent-bit)",
        "web: environment spring.x",
        "web: environmentFiles",
        "web: future_thing",
        "web: health check on port 9090",
        "web: port 9090",
        "web: service_registries",
        "web: target group metrics",
        "web: volume",
        "worker-v2: workingDirectory",
    } <= what(messy, Kind.LEFT)
    assert {
        ": cluster Prod",
        ": listener on port 8443",
        "web: size 300 CPU units, 700 MiB",
        "worker-v2: launch type EC2",
        "worker-v2: name worker_v2",
        "worker-v2: no port",
    } <= what(messy, Kind.CHANGED)
    assert {"web: command", "web: Service Connect name web.retail.local"} <= what(messy, Kind.FILL)


def test_two_services_of_one_image_have_their_own_commands(messy: Imported) -> None:
    services = messy.settings["services"]
    commands = [services[name]["container"]["command"][0] for name in ("web", "worker-v2")]
    assert commands == ["gunicorn", "celery"]
    assert services["worker-v2"]["calls"] == ["web"]


def test_what_was_told_apart_by_its_host_hides_nobody(messy: Imported) -> None:
    services = messy.settings["services"]
    web, api = (services[name]["target_group"] for name in ("web", "api"))
    assert (web["path_patterns"], api["path_patterns"]) == (["/*"], ["/api/*"])
    assert api["priority"] == 9 < web["priority"]


def test_the_catalogue_has_one_entry_that_says_where_it_starts(
    messy: Imported, tmp_path: Path
) -> None:
    texts = files(messy, "t", "s", "o")
    assert "hunter2" not in "".join(texts.values())
    path = tmp_path / IMAGES
    path.write_text(texts[IMAGES])
    assert list(images.load(path).images) == ["shop"]
    assert '("/srv/app")' in texts[IMAGES]
