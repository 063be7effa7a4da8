"""The keeper: who dies by kill -9 leaves nothing changed; who ends well leaves it nothing to do."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chaos.entries import Step
from chaos.errors import TargetError
from chaos.history import read_history
from chaos.journal import Journal, write_run
from chaos.keeping import KeeperProcess, make_keeper
from chaos.target import Breaker, Place, ServiceChange, TargetOptions
from chaos.undo import Undo, UndoStack, carry_out, undo_all
from tests.chaos.builder import definition_arn, make_run
from tests.chaos.fake import FakeTarget
from tests.plane.up import Up, free_ports, wait_for

GONE_SECONDS = 5.0
NOWHERE = "http://127.0.0.1:{}"
UNDO = Undo(text="back", service="order-api", change=ServiceChange(grace_seconds=60))


def undos() -> list[Undo]:
    return [
        UNDO,
        Undo(text="old", service="order-api", change=ServiceChange(breaker=Breaker(True, True))),
    ]


def test_undos_run_last_in_first_out_and_each_for_itself() -> None:
    target, pending = FakeTarget(), undos()
    done = [undo.text for undo, problem, _ in undo_all(pending, lambda u: carry_out(u, target))]
    assert done == ["old", "back"]
    assert pending == []
    assert [change for _, change in target.updates] == [
        ServiceChange(breaker=Breaker(True, True)),
        ServiceChange(grace_seconds=60),
    ]


def test_a_failing_undo_does_not_stop_the_others() -> None:
    def refuse(undo: Undo) -> bool:
        raise TargetError(f"no {undo.text}")

    assert [problem for _, problem, _ in undo_all(undos(), refuse)] == ["no old", "no back"]


def test_a_service_that_runs_its_former_revision_is_left_alone() -> None:
    target = FakeTarget()
    former = ServiceChange(task_definition=definition_arn("order-api", 1))
    carry_out(Undo(text="back", service="order-api", change=former), target)
    assert target.updates == []


def test_a_target_that_no_other_process_reaches_has_no_keeper(tmp_path: Path) -> None:
    place = Place(kind="local", cluster="c", url="http://x", time_scale=1, interval_ms=100)
    assert make_keeper(place, tmp_path) is None


class Listener:
    """A keeper that writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def remember(self, undo: Undo) -> None:
        self.told.append(undo.text)

    def release(self) -> None:
        self.told.append("released")


def test_the_keeper_is_told_before_the_act_and_released_after_the_undo(tmp_path: Path) -> None:
    keeper, target = Listener(), FakeTarget()
    journal = Journal(tmp_path)
    stack = UndoStack(journal, lambda: 0.0, keeper)
    stack.register(UNDO)
    assert keeper.told == ["back"]
    assert target.updates == []
    stack.run(lambda undo: carry_out(undo, target))
    assert keeper.told == ["back", "released"]
    journal.close()


@pytest.mark.runtime
def test_a_released_keeper_ends_and_has_done_nothing(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    keeper = KeeperProcess(TargetOptions(endpoint_url=NOWHERE.format(port)), tmp_path)
    keeper.remember(UNDO)
    keeper.release()
    keeper.release()
    assert (tmp_path / "keeper.log").read_text() == ""
    assert not (tmp_path / "journal.jsonl").exists()


@pytest.mark.runtime
def test_a_keeper_whose_target_is_gone_says_so_and_ends(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    options = json.dumps({"endpoint_url": NOWHERE.format(port)})
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "chaos.keeper", str(tmp_path)],
        input=f"{options}\n{json.dumps({'text': 'x', 'service': 's'})}\n",
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr
    assert time.monotonic() - began < GONE_SECONDS


@pytest.mark.runtime
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_runner_leaves_nothing_changed(tmp_path: Path, number: signal.Signals) -> None:
    """A process changes two settings and dies; within five seconds they are as they were."""
    up = Up(tmp_path / "plane").start()
    try:
        folder = tmp_path / "run"
        folder.mkdir()
        write_run(folder, make_run())
        runner = subprocess.Popen(
            [sys.executable, "-c", RUNNER, up.endpoint, str(folder)],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert runner.stdout is not None
        assert runner.stdout.readline() == "changed\n"
        assert _settings(up) == (7, "3")
        runner.send_signal(number)
        runner.communicate()
        wait_for(lambda: _settings(up) == (60, "30"), GONE_SECONDS)
        wait_for(lambda: len(undone(folder)) == 2, GONE_SECONDS)
        assert "healthCheckGracePeriodSeconds=60" in undone(folder)[0]
    finally:
        up.stop()


RUNNER = """
import sys, time
from pathlib import Path
from chaos.clock import Clock
from chaos.drill import Stage
from chaos.journal import Journal
from chaos.keeping import make_keeper
from chaos.resolve import resolve
from chaos.settings import set_attribute, set_service
from chaos.stop import Stop
from chaos.target import ServiceChange, TargetOptions
from chaos.undo import UndoStack

target = resolve(TargetOptions(endpoint_url=sys.argv[1]))
folder, clock = Path(sys.argv[2]), Clock()
setups = target.setups()
journal = Journal(folder)
stage = Stage(target=target, setups=setups, subjects=setups, journal=journal, clock=clock,
              undo=UndoStack(journal, clock.now_ms, make_keeper(target.place, folder)),
              stop=Stop(), marker="m")
(setup,) = (s for s in setups if s.name == "order-api")
set_attribute(stage, setup.name, setup.groups[0], "deregistration_delay.timeout_seconds", "3")
set_service(stage, setup.name, ServiceChange(grace_seconds=7))
journal._file.write('{"cut in the mid')
journal._file.flush()
print("changed", flush=True)
time.sleep(60)
"""


def undone(folder: Path) -> list[str]:
    """What the keeper wrote into the journal, after the line that was cut."""
    return [step.text for step in read_history(folder).of(Step) if step.name == "undo"]


def _settings(up: Up) -> tuple[int, str]:
    ecs, elb = up.client("ecs"), up.client("elbv2")
    (service,) = ecs.describe_services(cluster="rehearsal", services=["order-api"])["services"]
    group = service["loadBalancers"][0]["targetGroupArn"]
    pairs = elb.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
    values = {pair["Key"]: pair["Value"] for pair in pairs}
    return (
        service["healthCheckGracePeriodSeconds"],
        values["deregistration_delay.timeout_seconds"],
    )
