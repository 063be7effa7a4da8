"""A root that knows nothing of us: its provider, its backend, no load balancer."""

import subprocess
from typing import Any

import pytest

from tests.apply.stage import COMMAND, OWN, Stage, files, said
from tests.plane.up import await_gone, descendants, wait_for

pytestmark = [pytest.mark.runtime, pytest.mark.terraform]
TERRAFORM_ENDS_S = 20.0  # interrupted, it writes its state before it ends


def test_without_a_listener_up_is_ready_when_all_is_applied(own: Stage) -> None:
    told = own.up.log.read_text()
    assert "for 9 resources" in told, told  # a data source that is read late is one
    assert "first answer" not in told
    assert "ready: " in told
    assert own.service("own", "own")["runningCount"] == 1


def test_the_backend_of_the_root_is_neither_asked_nor_written_to(own: Stage) -> None:
    """The state is the plane's, though the root says that it is in S3."""
    done = own.terraform("output")
    assert 'account = "000000000000"' in done.stdout, said(done)
    assert set(files(OWN)) == {"main.tf"}
    assert len(list(own.up.state.rglob("terraform.tfstate"))) == 2  # one tells of the backend


def test_what_the_plane_does_not_have_is_made_in_moto(own: Stage) -> None:
    """The task runs in the root's own network, by its names: the plane has none."""
    (vpc,) = own.up.client("ec2").describe_vpcs(
        Filters=[{"Name": "cidr", "Values": ["10.0.0.0/16"]}]
    )["Vpcs"]
    network = own.service("own", "own")["networkConfiguration"]["awsvpcConfiguration"]
    found = own.up.client("ec2").describe_subnets(SubnetIds=network["subnets"])["Subnets"]
    assert {subnet["VpcId"] for subnet in found} == {vpc["VpcId"]}
    tasks = own.up.client("ecs")
    (arn,) = tasks.list_tasks(cluster="own")["taskArns"]
    (task,) = tasks.describe_tasks(cluster="own", tasks=[arn])["tasks"]
    assert task["availabilityZone"] in {subnet["AvailabilityZone"] for subnet in found}


def test_a_second_plan_shows_no_change_of_moto_either(own: Stage) -> None:
    done = own.terraform("plan", "-detailed-exitcode")
    assert done.returncode == 0, said(done)


def test_desired_count_and_circuit_breaker_are_changed_in_place(own: Stage) -> None:
    before = own.service("own", "own")
    told = own.apply("-var", "desired_count=2", "-var", "rollback=true")
    assert "0 added, 1 changed, 0 destroyed" in told, told
    after = own.service("own", "own")
    assert after["runningCount"] == 2
    breaker = after["deploymentConfiguration"]["deploymentCircuitBreaker"]
    assert (breaker["enable"], breaker["rollback"]) == (True, True)
    assert [d["id"] for d in after["deployments"]] == [d["id"] for d in before["deployments"]]


def test_the_exit_code_and_the_words_are_terraforms_own(own: Stage) -> None:
    done = own.terraform("plan", "-detailed-exitcode", "-var", "desired_count=3")
    assert done.returncode == 2, said(done)
    assert "will be updated in-place" in done.stdout


def test_kill_9_of_the_command_ends_terraform(own: Stage) -> None:
    """In the middle of an apply that would wait for a service that never comes up."""
    words = ("apply", "-auto-approve", "-var", "image=order-api:none")
    command = subprocess.Popen(
        [*COMMAND, "--state-dir", str(own.up.state), *words],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    ecs = own.up.client("ecs")
    try:
        wait_for(lambda: _deployed(ecs) == "order-api:none", 60)
        family = descendants(command.pid)
        assert len(family) > 2  # the command, terraform, the provider
    finally:
        command.kill()
        command.wait()
    await_gone(family, TERRAFORM_ENDS_S)


def _deployed(ecs: Any) -> str:
    """The image of the service's newest deployment."""
    (service,) = ecs.describe_services(cluster="own", services=["own"])["services"]
    definition = service["deployments"][0]["taskDefinition"]
    found = ecs.describe_task_definition(taskDefinition=definition)["taskDefinition"]
    return str(found["containerDefinitions"][0]["image"])
