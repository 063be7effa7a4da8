"""The stack applied by the real provider, changed, broken, mended, destroyed. In this order."""

import re
from pathlib import Path

import httpx
import pytest

from chaos.load import Load, LoadPlan
from chaos.records import read_records
from chaos.stop import Stop
from tests.apply.stage import ROOT, SCALE, Stage, files, said
from tests.docs.pages import examples
from tests.docs.shell import Shell
from tests.plane.up import wait_for

pytestmark = [pytest.mark.runtime, pytest.mark.terraform]

RATE = 20.0  # a light load: others use the machine, too


def test_the_first_request_is_answered_when_up_is_ready(stage: Stage) -> None:
    told = stage.up.log.read_text()
    assert re.search(r"terraform apply took [\d.]+ s for 29 resources", told), told
    assert re.search(
        rf"first answer came, [\d.]+ s after that: GET {stage.up.url}/orders: 200", told
    )
    assert told.index("first answer") < told.index("ready: ")
    assert f"`rehearse terraform --state-dir {stage.up.state} apply`" in told


def test_both_services_answer_and_one_calls_the_other(stage: Stage) -> None:
    assert httpx.get(f"{stage.up.url}/orders").status_code == 200
    assert httpx.get(f"{stage.up.url}/inventory").status_code == 200
    wish = {"quantity": 1, "customer": "c"}
    url = f"{stage.up.url}/inventory/SKU-LOAD-1/reservations"
    assert httpx.post(url, json=wish).status_code == 201  # an order, by Service Connect


def test_drills_find_the_time_scale_on_the_cluster(stage: Stage) -> None:
    ecs = stage.up.client("ecs")
    (cluster,) = ecs.describe_clusters(clusters=["rehearsal"], include=["TAGS"])["clusters"]
    assert {"key": "rehearse:time-scale", "value": str(SCALE)} in cluster["tags"]


def test_the_root_is_only_read(stage: Stage) -> None:
    root = ROOT / "infra/terraform/envs/local"
    assert files(stage.root) == {
        name: data
        for name, data in files(root).items()
        if not name.startswith(".terraform") and ".tfstate" not in name
    }


def test_a_second_plan_shows_no_change(stage: Stage) -> None:
    done = stage.terraform("plan", "-detailed-exitcode")
    assert done.returncode == 0, said(done)
    assert "No changes" in done.stdout


def test_the_examples_of_the_guide_run(stage: Stage) -> None:
    """As they stand: `.rehearse` in the current directory is where a plane is looked for."""
    found = [example.text for example in examples("applied")]
    assert found
    for script in found:
        done = Shell(stage.up.state.parent).run(script)
        assert done.returncode == 0, said(done)
        assert "aws_ecs_service.this" in done.stdout


def test_a_changed_setting_is_changed_in_place_and_takes_effect(stage: Stage) -> None:
    before = stage.service("order-api")
    stage.change(
        "order-api",
        deployment={"health_check_grace_period": 90, "maximum_percent": 150},
        target_group={
            "deregistration_delay": 20,
            "path_patterns": ["/orders", "/orders/*", "/older-orders"],
        },
    )
    told = stage.apply()
    assert "0 added, 4 changed, 0 destroyed" in told, told
    after = stage.service("order-api")
    assert after["healthCheckGracePeriodSeconds"] == 90
    assert after["deploymentConfiguration"]["maximumPercent"] == 150
    assert [d["id"] for d in after["deployments"]] == [d["id"] for d in before["deployments"]]
    assert _group_attribute(stage, "deregistration_delay.timeout_seconds") == "20"
    # no such path in the application: but it, not the load balancer, says so
    wait_for(lambda: "x-task-id" in httpx.get(f"{stage.up.url}/older-orders").headers, 5)


def test_a_new_image_is_rolled_out_and_no_client_notices(stage: Stage, tmp_path: Path) -> None:
    before = _revision(stage)
    load = Load(
        LoadPlan(
            url=stage.up.url,
            rate=RATE,
            record=tmp_path / "requests.sqlite",
            time_scale=SCALE,
            seed=1,
            longest_seconds=5,
            duration_seconds=300,
        )
    )
    load.start(Stop())
    try:
        stage.change("order-api", image="order-api:2")
        told = stage.apply()
        assert load.finish() is None
    finally:
        load.kill()
    assert "1 added, 1 changed, 1 destroyed" in told  # a revision is never changed
    assert _revision(stage) == before + 1
    rows = read_records(tmp_path / "requests.sqlite").requests
    assert len(rows) > RATE * 3
    assert [row for row in rows if row.error is not None] == []


def test_a_broken_image_fails_the_apply_and_a_good_one_heals(stage: Stage) -> None:
    serving = _serving(stage)
    stage.change("order-api", image="order-api:broken")
    done = stage.terraform("apply", "-auto-approve")
    assert done.returncode == 1, said(done)
    assert "not the revision that was applied" in " ".join(done.stderr.split())
    assert "order-api: ROLLBACK_SUCCESSFUL: " in done.stderr
    why = done.stderr.rpartition("ROLLBACK_SUCCESSFUL: ")[2]
    assert "circuit breaker" in why
    assert "tasks that stopped: CannotPullContainerError" in why
    assert httpx.get(f"{stage.up.url}/orders").status_code == 200
    assert _serving(stage) == serving

    stage.change("order-api", image="order-api:3")
    stage.apply()
    assert httpx.get(f"{stage.up.url}/orders").status_code == 200
    done = stage.terraform("plan", "-detailed-exitcode")
    assert done.returncode == 0, said(done)


def test_destroy_leaves_nothing(stage: Stage) -> None:
    done = stage.terraform("destroy", "-auto-approve")
    assert done.returncode == 0, said(done)
    ecs, elb, ec2 = (stage.up.client(name) for name in ("ecs", "elbv2", "ec2"))
    assert httpx.get(f"{stage.up.endpoint}/_rehearse/status").json()["services"] == []
    assert ecs.list_clusters()["clusterArns"] == []
    assert elb.describe_load_balancers()["LoadBalancers"] == []
    assert elb.describe_target_groups()["TargetGroups"] == []
    assert stage.up.client("servicediscovery").list_namespaces()["Namespaces"] == []
    groups = ec2.describe_security_groups()["SecurityGroups"]
    assert {g["GroupName"] for g in groups} <= {"default"}
    wait_for(lambda: not _applications(stage), 5, lambda: f"left: {_applications(stage)}")


def _group_attribute(stage: Stage, name: str) -> str:
    elb = stage.up.client("elbv2")
    (group,) = elb.describe_target_groups(Names=["order-api"])["TargetGroups"]
    found = elb.describe_target_group_attributes(TargetGroupArn=group["TargetGroupArn"])
    return str(next(a["Value"] for a in found["Attributes"] if a["Key"] == name))


def _revision(stage: Stage) -> int:
    return int(stage.service("order-api")["taskDefinition"].rpartition(":")[2])


def _serving(stage: Stage) -> set[str]:
    """The task definitions of the order-api tasks that answer."""
    seen = {httpx.get(f"{stage.up.url}/orders").headers["x-task-id"] for _ in range(6)}
    found = stage.up.client("ecs").describe_tasks(cluster="rehearsal", tasks=sorted(seen))
    return {task["taskDefinitionArn"] for task in found["tasks"]}


def _applications(stage: Stage) -> list[str]:
    """The command lines of what the plane still runs but for itself and moto."""
    return [words for words in _commands(stage) if "services." in words or "envoy" in words]


def _commands(stage: Stage) -> list[str]:
    found = []
    for pid, _ in stage.up.family():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        found.append(words.replace(b"\0", b" ").decode(errors="replace"))
    return found
