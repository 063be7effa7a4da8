"""Steps of `make accept-5` from the command line: what Terraform made, checked and drilled."""

import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from tests.containeraccept import REHEARSE, run
from tests.plane.up import Up, await_gone

ROOT = "infra/terraform/envs/local"
READY_S = 400.0
LIMIT_S = 900.0
SAID = 6000
Figures = dict[str, Any]


def on_applied(act: Callable[[Up], Figures], *more: str) -> Callable[[], Figures]:
    """A plane onto which the real provider applied our local root; taken down after `act`."""

    def step() -> Figures:
        with tempfile.TemporaryDirectory(prefix="rehearse-accept-") as folder:
            plane = Up(Path(folder) / "plane", "--terraform", ROOT, *more, scale=10)
            began = time.monotonic()
            plane.start(READY_S)
            figures: Figures = {"up_seconds": round(time.monotonic() - began, 1)}
            try:
                figures |= act(plane)
                family = plane.family()
            finally:
                began = time.monotonic()
                code = plane.stop()
            assert code == 0, plane.log.read_text()[-SAID:]
            await_gone(family)
            return figures | {"down_seconds": round(time.monotonic() - began, 1)}

    return step


def answers(plane: Up) -> Figures:
    """Both services through the load balancer, the call between them, and the checklist."""
    with httpx.Client(base_url=plane.url, timeout=10) as client:
        for path in ("/orders", "/inventory"):
            answer = client.get(path)
            assert answer.status_code == 200, (path, answer.status_code, answer.text)
        wish = {"quantity": 1, "customer": "Ada"}
        made = client.post("/inventory/SKU-LOAD-1/reservations", json=wish)
        assert made.status_code == 201, (made.status_code, made.text)
    code, said = run(*REHEARSE, "check", "--endpoint-url", plane.endpoint)
    assert code == 0, said
    return {"check": said.strip().splitlines()[-1]}


def drilled(plane: Up) -> Figures:
    """Drills, broken and fixed, of what Terraform made."""
    out = plane.state.parent / "runs"
    names = ("rolling-deploy", "bad-image", "stop-task")
    words = ("drill", *names, "--variant", "both", "--endpoint-url", plane.endpoint)
    code, said = run(*REHEARSE, *words, "--url", plane.url, "--out", str(out), limit_s=LIMIT_S)
    assert code == 0, said[-SAID:]
    verdicts = [json.loads(path.read_text()) for path in sorted(out.glob("*/verdict.json"))]
    return {
        "runs": [f"{v['drill']} ({v['variant']}): {v['outcome']}: {v['reason'][:160]}"
                 for v in verdicts]
    }  # fmt: skip
