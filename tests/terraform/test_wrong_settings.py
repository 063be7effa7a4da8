"""Wrong settings are refused by Terraform with a sentence that says what, and what to do."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.terraform.workspace import ROOT, Workspace

pytestmark = pytest.mark.terraform

SETTINGS: dict[str, Any] = json.loads((ROOT / "infra/app.tfvars.json").read_text())


def order(settings: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = settings["services"]["order-api"]
    return found


def circle(settings: dict[str, Any]) -> None:
    order(settings)["calls"] = ["inventory-api"]
    connect = order(settings)["service_connect"] | {"dns_name": "inventory-api"}
    settings["services"]["inventory-api"]["service_connect"] = connect


def group(settings: dict[str, Any], **values: object) -> None:
    order(settings)["target_group"].update(values)


CASES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "name": (lambda s: s.update(name="A"), "name is 'A'; use 2 to 20"),
    "one zone": (
        lambda s: s.update(availability_zones=["eu-central-1a"]),
        "availability_zones has 1 different zones; give 2 to 6",
    ),
    "zone of another Region": (
        lambda s: s.update(availability_zones=["eu-central-1a", "us-east-1a"]),
        "availability_zones has zones outside eu-central-1",
    ),
    "http": (
        lambda s: s["load_balancer"].update(http="ignore"),
        "load_balancer.http is 'ignore'; say forward or redirect",
    ),
    "redirect to nothing": (
        lambda s: s["load_balancer"].update(http="redirect", https=False),
        "https is false: nothing would answer; set https to true",
    ),
    "cpu": (lambda s: order(s).update(cpu=300), "cpu of order-api is 300; Fargate has 256"),
    "stop timeout": (
        lambda s: order(s).update(stop_timeout=121),
        "stop_timeout of order-api is 121; Fargate takes 2 to 120",
    ),
    "drain": (
        lambda s: order(s)["environment"].update(DRAIN_SECONDS="30"),
        "stop_timeout of order-api is not above its DRAIN_SECONDS",
    ),
    "keep-alive": (
        lambda s: order(s)["environment"].update(KEEP_ALIVE_SECONDS="60"),
        "KEEP_ALIVE_SECONDS of order-api is not above load_balancer.idle_timeout (60 s)",
    ),
    "keep-alive unset": (
        lambda s: order(s)["environment"].pop("KEEP_ALIVE_SECONDS"),
        "KEEP_ALIVE_SECONDS of order-api is not above load_balancer.idle_timeout (60 s)",
    ),
    "breaker without rollback": (
        lambda s: order(s)["deployment"]["circuit_breaker"].update(rollback=False),
        "circuit_breaker of order-api is not on with rollback",
    ),
    "no first step": (
        lambda s: order(s)["deployment"].update(maximum_percent=100),
        "deployment of order-api leaves no room for a first step",
    ),
    "grace": (
        lambda s: order(s)["deployment"].update(health_check_grace_period=20),
        "health_check_grace_period of order-api is below the container's start_period",
    ),
    "check longer than its interval": (
        lambda s: order(s)["target_group"]["health_check"].update(timeout=10),
        "health_check.timeout of order-api is not below its interval",
    ),
    "slow start": (
        lambda s: group(s, slow_start=30, algorithm="least_outstanding_requests"),
        "slow_start only goes with round_robin",
    ),
    "one priority twice": (
        lambda s: group(s, priority=20),
        "the same target_group.priority (inventory-api 20, order-api 20)",
    ),
    "idle below request": (
        lambda s: order(s)["service_connect"].update(idle_timeout=10),
        "service_connect.idle_timeout of order-api is below per_request_timeout",
    ),
    "unknown callee": (
        lambda s: order(s).update(calls=["nobody"]),
        "calls names nobody (by order-api): no service with a service_connect name here",
    ),
    "circle": (circle, "calls of inventory-api, order-api go in a circle"),
    "password": (
        lambda s: order(s)["environment"].update(DATABASE_URL="postgresql://o:pw@db/orders"),
        "environment has DATABASE_URL of order-api",
    ),
    "no number": (
        lambda s: order(s).update(desired_count="two"),
        "a number is required",
    ),
    "value missing": (
        lambda s: order(s).pop("stop_timeout"),
        'attribute "stop_timeout" is required',
    ),
}


@pytest.fixture(scope="module")
def planned(stack: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Any], str]:
    folder = "modules/settings"
    assert stack.init(folder).returncode == 0

    def plan(change: Callable[[dict[str, Any]], Any]) -> str:
        settings = copy.deepcopy(SETTINGS)
        change(settings)
        file = tmp_path_factory.mktemp("settings") / "app.tfvars.json"
        file.write_text(json.dumps(settings))
        done = stack.run(folder, "plan", "-no-color", "-input=false", f"-var-file={file}")
        return " ".join(f"{done.stdout} {done.stderr}".replace("│", " ").split())

    return plan


def test_the_settings_file_itself_is_accepted(planned: Callable[[Any], str]) -> None:
    output = planned(lambda settings: None)
    assert "Error" not in output
    assert 'tiers = [ + [ + "order-api", ], + [ + "inventory-api", ], + [], ]' in output


@pytest.mark.parametrize(("change", "sentence"), CASES.values(), ids=CASES.keys())
def test_wrong_settings_are_refused(
    planned: Callable[[Any], str], change: Any, sentence: str
) -> None:
    assert sentence in planned(change)


def test_the_roots_read_the_one_settings_file() -> None:
    for root in ("staging", "local"):
        link = ROOT / "infra/terraform/envs" / root / "app.auto.tfvars.json"
        assert link.is_symlink()
        assert link.resolve() == Path(ROOT / "infra/app.tfvars.json").resolve()
