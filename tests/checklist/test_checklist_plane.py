"""The live loader against the local plane, by the command as people run it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.local.settings import DEFAULT
from tests.plane.up import Up, free_ports

pytestmark = pytest.mark.runtime
LIMIT_S = 120


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    plane = Up(tmp_path_factory.mktemp("plane") / "state").start()
    yield plane
    plane.stop()


def check(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rehearse", "check", *words],
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def document(plane: Up) -> dict[str, Any]:
    done = check("--endpoint-url", plane.endpoint, "--format", "json")
    assert done.returncode in (0, 1), done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def of_rule(found: dict[str, Any], rule: str) -> dict[str, str]:
    """The verdict at each resource, by the end of its ARN."""
    return {
        one["resource"].rpartition("/")[2]: one["verdict"]
        for one in found["findings"]
        if one["rule"] == rule
    }


def test_our_own_settings_pass_and_what_the_plane_has_not_is_unknown(up: Up) -> None:
    found = document(up)
    assert found["errors"] == 0
    services = {"order-api", "inventory-api"}
    assert set(json.loads(DEFAULT.read_text())["services"]) == services
    for rule in ("LC001", "LC003", "LC004", "DEP001", "DEP002", "DEP003", "DEP004", "SG004"):
        assert of_rule(found, rule) == dict.fromkeys(services, "pass"), rule
    for rule in ("SC002", "SG005"):
        assert "fail" not in of_rule(found, rule).values(), rule
    assert of_rule(found, "SC003") == {"order-api": "pass"}
    assert set(of_rule(found, "NET003").values()) == {"unknown"}  # the plane has no subnets
    assert {one["service"] for one in found["services"]} == services


def test_what_is_changed_by_api_is_found(up: Up) -> None:
    elb = up.client("elbv2")
    (group,) = [
        one["TargetGroupArn"]
        for one in elb.describe_target_groups()["TargetGroups"]
        if "order" in one["TargetGroupName"]
    ]
    delay = {"Key": "deregistration_delay.timeout_seconds", "Value": "300"}
    elb.modify_target_group_attributes(TargetGroupArn=group, Attributes=[delay])
    percents = {"minimumHealthyPercent": 0, "maximumPercent": 200}
    up.client("ecs").update_service(
        cluster="rehearsal", service="inventory-api", deploymentConfiguration=percents
    )
    found = document(up)
    failed = {(f["rule"], *f["services"]) for f in found["findings"] if f["verdict"] == "fail"}
    assert ("LC002", "order-api") in failed
    assert ("DEP003", "inventory-api") in failed
    assert found["services"][0]["cuts"]["at a deployment"] >= 1
    assert check("--endpoint-url", up.endpoint).returncode == 1


def test_a_cluster_that_is_not_there(up: Up) -> None:
    done = check("--endpoint-url", up.endpoint, "--cluster", "nobody")
    assert done.returncode == 64
    assert "has no active service in the cluster nobody" in done.stderr


def test_an_endpoint_where_nobody_listens() -> None:
    (port,) = free_ports(1)
    done = check("--endpoint-url", f"http://127.0.0.1:{port}")
    refused(done, f"http://127.0.0.1:{port} cannot be checked")


def test_an_endpoint_that_is_no_address() -> None:
    refused(check("--endpoint-url", "nonsense"), "nonsense cannot be asked: Invalid endpoint")


def refused(done: subprocess.CompletedProcess[str], said: str) -> None:
    assert done.returncode == 64, done.stderr
    assert done.stdout == ""
    first, hint = done.stderr.splitlines()
    assert said in first
    assert hint.startswith("hint: ")


def test_a_cluster_goes_with_an_account(tmp_path: Path) -> None:
    done = check("--state", str(tmp_path / "state.json"), "--cluster", "shop")
    assert done.returncode == 64
    assert "--cluster goes with --live or --endpoint-url" in done.stderr
