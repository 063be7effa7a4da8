"""The steps of `make accept-4` that need the stack of docker-compose.yml, or the engine."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests import composestack as stack

REHEARSE = [sys.executable, "-m", "rehearse"]
OUT = Path(".accept/runs")
FIRST_ANSWER_S = 20
DOWN_S = 15
SERVICE_MB = 70
BOTH = ("order-api", "inventory-api")
RATE = 200


def run(*words: str, limit_s: float = 600, more: dict[str, str] | None = None) -> tuple[int, str]:
    done = subprocess.run(
        words,
        env={**os.environ, **(more or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def images() -> dict[str, Any]:
    """Every image, built without a registry; the services under 70 MB above their base."""
    began = time.monotonic()
    code, said = run(sys.executable, "-m", "infra.images.build", "--offline")
    assert code == 0, said[-4000:]
    sizes = [line for line in said.splitlines() if "MB" in line]
    above = [int(x.split()[3]) for x in sizes if x.startswith(BOTH)]
    assert len(above) == 2, sizes
    assert max(above) < SERVICE_MB, sizes
    return {"seconds": round(time.monotonic() - began, 1), "sizes": sizes}


def up_and_down() -> dict[str, Any]:
    """To the first 200 under 20 s, down under 15 s, nothing left."""
    took_up = stack.up()
    took_down = stack.down()
    assert took_up < FIRST_ANSWER_S, f"{took_up:.1f} s to the first answer"
    assert took_down < DOWN_S, f"{took_down:.1f} s to go down"
    return {"first_answer_seconds": round(took_up, 1), "down_seconds": round(took_down, 1)}


def with_stack(act: Callable[[], dict[str, Any]]) -> Callable[[], dict[str, Any]]:
    """The step with a stack of its own, which leaves nothing."""

    def step() -> dict[str, Any]:
        stack.up()
        try:
            return act()
        finally:
            stack.down()

    return step


def load(seconds: int, meanwhile: Callable[[], None]) -> dict[str, Any]:
    """A load at 200/s; the judged figures. Fails if one request failed or one order is lost."""
    out = OUT / time.strftime("%Y%m%d-%H%M%S-load")
    words = ["load", "steady", "--rate", str(RATE), "--duration", str(seconds), "--out", str(out)]
    problems: list[BaseException] = []

    def do() -> None:
        try:
            meanwhile()
        except BaseException as error:  # noqa: BLE001 - told in the main thread
            problems.append(error)

    thread = threading.Thread(target=do)
    thread.start()
    code, said = run(*REHEARSE, *words, limit_s=seconds + 120)
    thread.join(stack.LIMIT_S)
    assert not problems, problems
    assert code == 0, said[-4000:]
    (verdict,) = [json.loads(p.read_text()) for p in out.glob("*/verdict.json")]
    told = [f["sentence"] for f in verdict["findings"]]
    assert any(t.startswith("0 %: 0 of ") or " 0 of " in t for t in told), told
    return {"said": told}


def rolling() -> dict[str, Any]:
    """Deployments of both services, one after the other, under 20,000 requests."""

    def deploy() -> None:
        time.sleep(8)
        for _ in range(2):
            stack.redeploy(*BOTH)
            stack.await_stable(*BOTH)

    figures = load(101, deploy)
    assert stack.fates("order-api")[:2] == ["SUCCESSFUL"] * 2
    return figures


def core_drills() -> dict[str, Any]:
    """The core set, broken and fixed, on the stack."""
    out = OUT / time.strftime("%Y%m%d-%H%M%S-core")
    began = time.monotonic()
    words = ["drill", "--variant", "both", "--endpoint-url", stack.ENDPOINT, "--out", str(out)]
    code, said = run(*REHEARSE, *words, limit_s=1200)
    assert code == 0, said[-6000:]
    verdicts = [json.loads(p.read_text()) for p in sorted(out.glob("*/verdict.json"))]
    runs = [f"{v['drill']} ({v['variant']}): {v['outcome']}: {v['reason'][:160]}" for v in verdicts]
    return {"seconds": round(time.monotonic() - began, 1), "runs": runs}


def killed_plane() -> dict[str, Any]:
    """kill -9 in the middle of a deployment, under load: nobody notices, the next one finishes it.

    Then once more: `rehearse down` leaves nothing of what a killed plane left.
    """

    def kill() -> None:
        for pause_s in (0.5, 3):
            time.sleep(4)
            stack.redeploy("order-api")
            time.sleep(pause_s)
            stack.kill_plane()
            time.sleep(3)  # clients are served without a plane
            stack.compose("up", "--detach", "--wait")
            stack.await_stable(*BOTH)

    figures = load(60, kill)
    assert stack.fates("order-api")[:3] == ["SUCCESSFUL"] * 3
    stack.redeploy("order-api")
    stack.kill_plane()
    began = time.monotonic()
    code, said = run(*REHEARSE, "down")
    assert code == 0, said
    assert stack.left() == []
    return figures | {"down_seconds": round(time.monotonic() - began, 1)}


def without_docker() -> dict[str, Any]:
    """Where no engine answers, or `docker` is missing: skipped with the reason; CI refuses that.

    What tests the refusals themselves needs no engine, and passes.
    """
    words = [sys.executable, "-m", "pytest", "-q", "-rs", "-m", "docker", "tests"]
    figures = {}
    for why, more in (
        ("no Docker engine answers at", {"DOCKER_HOST": "unix:///nowhere/docker.sock"}),
        ("the command `docker` is missing", {"PATH": "/nowhere"}),
    ):
        code, said = run(*words, more=more)
        assert code == 0, said[-4000:]
        reasons = [line for line in said.splitlines() if line.startswith("SKIPPED")]
        assert reasons, said[-4000:]
        others = [line for line in reasons if why not in line and "setpriv is" not in line]
        assert others == [], others  # without PATH that program is missing, too
        refused, told = run(*words, more={**more, "REHEARSE_REFUSE_SKIPS": "1"})
        assert refused == 1, told[-4000:]
        assert "which REHEARSE_REFUSE_SKIPS refuses" in told
        figures[why] = said.strip().splitlines()[-1]
    return figures
