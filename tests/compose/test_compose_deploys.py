"""Releases on the stack while clients send requests."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.compose.rolling import load, redeploy, roll, running, until
from tests.compose.stack import ROOT, SERVICES, Stack

pytestmark = pytest.mark.docker

REQUESTS = 2_000
RATE = 80.0
CONTEXT = ("LICENSE", "README.md", "pyproject.toml", "uv.lock", ".dockerignore",
           "services", "infra", "loadtest", "chaos", "rehearse")  # fmt: skip
ANSWER = '{"orders": documents, "next_cursor": following'
START = '"""Run until a signal ends it; the exit code."""'


def test_rolling_deployments_fail_no_request(stack: Stack, tmp_path: Path) -> None:
    before = {task for service in SERVICES for task in running(stack, service)}
    figures = roll(stack, tmp_path / "requests.sqlite", REQUESTS, RATE)
    print(figures)
    assert figures["requests"] >= REQUESTS
    assert figures["deployments"] >= 2
    assert figures["tasks"] > len(SERVICES) * 2  # old ones and new ones have answered
    assert not before & {task for service in SERVICES for task in running(stack, service)}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what images are built from, to edit."""
    copy = tmp_path / "checkout"
    copy.mkdir()
    for name in CONTEXT:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(ROOT / name, copy / name)
    return copy


@pytest.fixture
def restored(stack: Stack) -> Iterator[Stack]:
    """The stack; afterwards order-api's first revision runs again, and no built image is left."""
    yield stack
    ecs = stack.client("ecs")
    ecs.update_service(cluster="rehearsal", service="order-api", taskDefinition="order-api:1")
    redeploy(stack, ("order-api",))
    for image in stack.engine.images.list("order-api"):
        for tag in image.tags:
            if tag in BUILT:
                stack.engine.images.remove(tag, noprune=True)


BUILT: set[str] = set()


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert text.count(old) == 1, file
    file.write_text(text.replace(old, new))


def deploy(stack: Stack, checkout: Path) -> subprocess.CompletedProcess[str]:
    """`rehearse deploy order-api --build` in the edited checkout."""
    done = stack.rehearse("deploy", "order-api", "--build", root=checkout)
    BUILT.update(w for line in done.stderr.splitlines() for w in line.split()
                 if line.startswith("deploying ") and ":" in w)  # fmt: skip
    return done


def test_an_edited_service_is_built_and_rolled_out(
    restored: Stack, checkout: Path, tmp_path: Path
) -> None:
    stack = restored
    edit(checkout / "services/order_api/app.py", ANSWER, f'{ANSWER}, "edited": "yes"')
    before = running(stack, "order-api")
    assert "edited" not in httpx.get(f"{stack.url}/orders?limit=1").json()
    with load(stack, tmp_path / "requests.sqlite") as traffic:
        done = deploy(stack, checkout)
        assert done.returncode == 0, done.stderr
        until(lambda: traffic.count() > 300)
    said = [httpx.get(f"{stack.url}/orders?limit=1").json().get("edited") for _ in range(4)]
    assert said == ["yes"] * 4
    assert not before & running(stack, "order-api")
    assert traffic.failed == []


def test_an_edit_that_breaks_the_start_is_rolled_back(
    restored: Stack, checkout: Path, tmp_path: Path
) -> None:
    stack = restored
    edit(checkout / "services/order_api/__main__.py", START, f"{START}\n    raise SystemExit(9)")
    before = running(stack, "order-api")
    with load(stack, tmp_path / "requests.sqlite") as traffic:
        done = deploy(stack, checkout)
        until(lambda: traffic.count() > 300)
    assert done.returncode == 1, done.stderr
    assert "circuit breaker threshold was exceeded" in done.stderr
    assert "app exited with 9" in done.stderr
    assert running(stack, "order-api") == before
    assert httpx.get(f"{stack.url}/orders?limit=1").status_code == 200
    assert traffic.failed == []


def test_scaling_out_and_in(stack: Stack) -> None:
    ecs = stack.client("ecs")
    for count in (3, 1, 2):
        ecs.update_service(cluster="rehearsal", service="inventory-api", desiredCount=count)
        until(lambda count=count: len(containers(stack, "inventory-api")) == count)  # type: ignore[misc] # mypy cannot infer lambda defaults
        assert httpx.get(f"{stack.url}/inventory").status_code == 200
    until(lambda: len(running(stack, "inventory-api")) == 2)


def containers(stack: Stack, image: str) -> list[str]:
    """The application containers of an image that run."""
    found = stack.task_containers()
    return [c.name for c in found if c.attrs["Config"]["Image"].startswith(f"{image}:")]


def test_what_deployments_replaced_is_gone_from_the_engine(stack: Stack) -> None:
    redeploy(stack)
    chosen = {"label": f"rehearse.project={stack.project}"}
    until(
        lambda: (
            len(stack.engine.containers.list(all=True, ignore_removed=True, filters=chosen))
            == 4 * 3
        ),
        60,
    )
