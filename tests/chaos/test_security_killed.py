"""sg-chain-broken's runner is killed in the middle: its keeper puts everything back."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from chaos.entries import Step
from chaos.history import read_history
from chaos.journal import write_run
from tests.chaos.builder import make_run
from tests.plane.up import Up, wait_for

BACK_SECONDS = 5.0
GONE_SECONDS = 60.0  # tasks of the new revision must end first

RUNNER = """
import sys, time
from pathlib import Path
from chaos.clock import Clock
from chaos.drill import Stage
from chaos.drills.sg_chain_broken import deploying
from chaos.journal import Journal
from chaos.keeping import make_keeper
from chaos.resolve import resolve
from chaos.stop import Stop
from chaos.target import TargetOptions
from chaos.undo import UndoStack

target = resolve(TargetOptions(endpoint_url=sys.argv[1]))
folder, clock = Path(sys.argv[2]), Clock()
setups = target.setups()
journal = Journal(folder)
stage = Stage(target=target, setups=setups,
              subjects=tuple(s for s in setups if s.name == "order-api"),
              journal=journal, clock=clock,
              undo=UndoStack(journal, clock.now_ms, make_keeper(target.place, folder)),
              stop=Stop(), marker="m")
deploying(whole=False).carry_out(stage)
print("changed", flush=True)
time.sleep(60)
"""


def names(ec2: Any) -> set[str]:
    return {g["GroupName"] for g in ec2.describe_security_groups()["SecurityGroups"]}


def groups_of(ecs: Any) -> list[str]:
    (service,) = ecs.describe_services(cluster="rehearsal", services=["order-api"])["services"]
    found: list[str] = service["networkConfiguration"]["awsvpcConfiguration"]["securityGroups"]
    return found


def references(ec2: Any, group: str) -> int:
    """How many rules name the group."""
    found = ec2.describe_security_group_rules()["SecurityGroupRules"]
    return sum(r.get("ReferencedGroupInfo", {}).get("GroupId") == group for r in found)


@pytest.mark.runtime
def test_a_killed_runner_leaves_neither_the_group_nor_a_service_with_it(tmp_path: Path) -> None:
    up = Up(tmp_path / "plane").start()
    try:
        ec2, ecs = up.client("ec2"), up.client("ecs")
        folder, before, own = tmp_path / "run", names(ec2), groups_of(ecs)
        folder.mkdir()
        write_run(folder, make_run())
        runner = subprocess.Popen(
            [sys.executable, "-c", RUNNER, up.endpoint, str(folder)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert runner.stdout is not None
        assert runner.stdout.readline() == "changed\n"
        (made,) = groups_of(ecs)
        assert names(ec2) - before == {"rehearse-order-api-m"}
        tasks = tasks_of(ecs)
        wait_for(lambda: tasks_of(ecs) - tasks, GONE_SECONDS)  # one has the group by now
        runner.send_signal(signal.SIGKILL)
        runner.communicate()
        wait_for(lambda: groups_of(ecs) == own, BACK_SECONDS)
        wait_for(lambda: names(ec2) == before, GONE_SECONDS)
        assert references(ec2, made) == 0
        wait_for(lambda: len(undone(folder)) == 2, BACK_SECONDS)
        assert "order-api back to order-api:1" in undone(folder)[0]
        assert "security group rehearse-order-api-m deleted" in undone(folder)[1]
    finally:
        up.stop()


def tasks_of(ecs: Any) -> set[str]:
    """The tasks that the service has or had."""
    wanted = ("RUNNING", "STOPPED")
    pages = [
        ecs.list_tasks(cluster="rehearsal", serviceName="order-api", desiredStatus=one)
        for one in wanted
    ]
    return {arn for page in pages for arn in page["taskArns"]}


def undone(folder: Path) -> list[str]:
    return [step.text for step in read_history(folder).of(Step) if step.name == "undo"]
