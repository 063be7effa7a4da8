"""Drills killed at random moments: the runner, its load or its plane, by any of three signals.

However a drill ends: nothing of it runs five seconds later, the exit code is right, every run
folder can be judged, and on a plane that is not the drill's own every setting is as it was. What,
when and whom is drawn from a seed, which is printed.
"""

import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos.drills import all_drills
from tests.plane.up import Process, Up, await_gone, descendants, wait_for

SEED = 20261128
SCALE = 20
LATEST_S = 14.0
ENDED_S = 150.0
RESTORED_S = 10.0
SETTLED_S = 90.0
SERVICES = ("order-api", "inventory-api")
KINDS = {"runner": rb"rehearse\0drill", "load": rb"-m\0loadtest", "up": rb"rehearse\0up"}
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
JUDGED = {0, 1, 2, 3}  # the drill came to a verdict


@dataclass(frozen=True, slots=True)
class Kill:
    """`own`: the drill starts a plane of its own; only that is killed, never a shared one."""

    drill: str
    variant: str
    victim: str
    number: signal.Signals
    after_s: float
    own: bool

    @property
    def codes(self) -> set[int]:
        """What the command may end with; JUDGED too, as it may be over already."""
        if self.victim != "runner":
            # without its plane a drill cannot undo, and says so with 70
            return JUDGED | ({70} if self.victim == "up" else set())
        return JUDGED | ({-9} if self.number is signal.SIGKILL else {130})

    def __str__(self) -> str:
        where = "own plane" if self.own else "shared plane"
        name = f"{self.drill} ({self.variant}, {where})"
        return f"{name}: {self.victim} {self.number.name} after {self.after_s:.1f} s"


def draw(rng: random.Random) -> Kill:
    victim = rng.choice(tuple(KINDS))
    return Kill(
        drill=rng.choice(all_drills()).name,
        variant=rng.choice(("broken", "fixed")),
        victim=victim,
        number=rng.choice(SIGNALS),
        after_s=rng.uniform(0.3, LATEST_S),
        own=victim == "up" or rng.random() < 0.4,
    )


def run(count: int = 50, seed: int = SEED) -> dict[str, Any]:
    """Kill that many drills, one after the other. Raises AssertionError."""
    rng, seen = random.Random(seed), []
    with tempfile.TemporaryDirectory(prefix="rehearse-fifty-") as name:
        folder = Path(name)
        shared = Up(folder / "shared", scale=SCALE).start()
        try:
            before = settings(shared)
            for number in range(count):
                kill = draw(rng)
                print(f"{number + 1}: {kill}", file=sys.stderr, flush=True)
                code = _kill(kill, folder / f"{number}", shared)
                assert code in kill.codes, (str(kill), code)
                _judge_all(kill, folder / f"{number}")
                if not kill.own:
                    _demand_restored(kill, shared, before)
                seen.append(f"{kill}: {code}")
        finally:
            shared.stop()
    return {"seed": seed, "kills": seen}


def _kill(kill: Kill, folder: Path, shared: Up) -> int:
    """Run the drill, kill the victim at its time; the command's exit code."""
    folder.mkdir()
    words = ["drill", kill.drill, "--variant", kill.variant, "--rate", "60", "--arrivals", "300"]
    words += ["--out", str(folder / "runs")]
    words += ["--time-scale", str(SCALE)] if kill.own else ["--endpoint-url", shared.endpoint]
    with (folder / "drill.log").open("w") as log:
        drill = subprocess.Popen(
            [sys.executable, "-m", "rehearse", *words],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    family = _watch_until(drill, time.monotonic() + kill.after_s)
    victim = _find(drill.pid, kill.victim)
    if victim is not None and drill.poll() is None:
        os.kill(victim, kill.number)
    deadline = time.monotonic() + ENDED_S
    family |= _watch_until(drill, deadline)
    if drill.poll() is None:
        drill.kill()
        raise AssertionError(f"{kill}: not over after {ENDED_S} s")
    await_gone(family)
    return drill.returncode


def _watch_until(drill: "subprocess.Popen[bytes]", deadline: float) -> set[Process]:
    """Every process that descended from the drill until then, or until it ended."""
    family: set[Process] = set()
    while time.monotonic() < deadline and drill.poll() is None:
        family |= descendants(drill.pid)
        time.sleep(0.05)
    return family


def _find(root: int, victim: str) -> int | None:
    for pid, _ in sorted(descendants(root)):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if re.search(KINDS[victim], words):
            return pid
    return None


def _judge_all(kill: Kill, folder: Path) -> None:
    """Every run folder can be judged and drawn, whatever state it was left in."""
    for run_dir in sorted((folder / "runs").glob("*/")):
        done = subprocess.run(
            [sys.executable, "-m", "rehearse", "judge", str(run_dir)],
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        said = done.stdout + done.stderr
        recorded = json.loads((run_dir / "run.json").read_text())["ending"]
        allowed = JUDGED | {130} | ({70} if recorded == "ERROR" else set())
        assert done.returncode in allowed, (str(kill), recorded, said)
        assert "Traceback" not in said, (str(kill), said)
        assert (run_dir / "verdict.json").exists(), str(kill)
        assert (run_dir / "report.html").exists(), str(kill)


def _demand_restored(kill: Kill, shared: Up, before: dict[str, Any]) -> None:
    """Settings are as they were at once; then the services come to rest on a good revision."""
    wait_for(
        lambda: settings(shared) == before,
        RESTORED_S,
        lambda: f"{kill}: left {settings(shared)}, it was {before}",
    )
    ecs = shared.client("ecs")
    wait_for(lambda: _settled(ecs), SETTLED_S, lambda: f"{kill}: the services do not settle")
    for service in _services(ecs):
        definition = ecs.describe_task_definition(taskDefinition=service["taskDefinition"])
        (container,) = definition["taskDefinition"]["containerDefinitions"]
        names = {pair["name"] for pair in container["environment"]}
        assert not [name for name in names if name.startswith("FAULT")], (str(kill), names)
        assert container["image"] in ("order-api:1", "inventory-api:1"), str(kill)


def settings(up: Up) -> dict[str, Any]:
    """What a drill may change: of services and of their target groups."""
    ecs, elb, found = up.client("ecs"), up.client("elbv2"), {}
    for service in _services(ecs):
        (balancer,) = service["loadBalancers"]
        group = balancer["targetGroupArn"]
        pairs = elb.describe_target_group_attributes(TargetGroupArn=group)["Attributes"]
        found[service["serviceName"]] = {
            "desiredCount": service["desiredCount"],
            "grace": service["healthCheckGracePeriodSeconds"],
            "deployment": service["deploymentConfiguration"],
            "attributes": {pair["Key"]: pair["Value"] for pair in pairs},
        }
    return found


def _services(ecs: Any) -> list[dict[str, Any]]:
    answer = ecs.describe_services(cluster="rehearsal", services=list(SERVICES))
    found: list[dict[str, Any]] = answer["services"]
    return found


def _settled(ecs: Any) -> bool:
    return all(
        [d["rolloutState"] for d in service["deployments"]] == ["COMPLETED"]
        and service["runningCount"] == service["desiredCount"]
        for service in _services(ecs)
    )


if __name__ == "__main__":
    print(json.dumps(run(int(sys.argv[1]), int(sys.argv[2])), indent=2))
