"""What cannot be applied: one sentence, a hint, an exit code, and nothing left."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.terraform.root import Root
from infra.local.terraform.running import NOWHERE, Terraform
from tests.apply.stage import NO_PROVIDER, OWN, copied, variables
from tests.plane.up import Up, await_gone, wait_for

pytestmark = [pytest.mark.runtime, pytest.mark.terraform]

LIMIT_S = 120.0
ELSEWHERE = """
provider "aws" {
  endpoints { sts = "https://sts.eu-central-1.amazonaws.com" }
}
data "aws_caller_identity" "this" {}
"""


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[Up]:
    """A plane that is started by the test, with --terraform."""
    up = Up(tmp_path / "state")
    yield up
    if up.process is not None:
        up.stop()
    if (up.state / "plane.json").exists():  # one that --detach started, where the test failed
        words = [sys.executable, "-m", "rehearse", "down", "--state-dir", str(up.state)]
        subprocess.run(words, capture_output=True, timeout=LIMIT_S, check=False)


def refused(up: Up, root: Path, limit_s: float = LIMIT_S) -> tuple[int, str]:
    """Start a plane on a root, which must end by itself: exit code, and all that it said."""
    up.arguments += ["--terraform", str(root)]
    with pytest.raises(AssertionError, match="did not get ready"):
        up.start(limit_s)
    assert up.process is not None
    code = up.process.wait(15)
    told = up.log.read_text()
    if all(word in told for word in NO_PROVIDER) and "TF_PLUGIN_DIR" not in os.environ:
        pytest.skip(f"no AWS provider for Terraform: {told}")
    assert not (up.state / "plane.json").exists()
    assert "Traceback" not in told
    return code, told


def test_a_directory_that_is_none(plane: Up, tmp_path: Path) -> None:
    code, told = refused(plane, tmp_path / "nothing")
    assert code == 64
    assert f"--terraform {tmp_path / 'nothing'} is no directory: give a Terraform root" in told


def test_a_directory_without_terraform(plane: Up, tmp_path: Path) -> None:
    code, told = refused(plane, tmp_path)
    assert code == 64
    assert "has no .tf file" in told


def test_no_terraform(plane: Up, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    code, told = refused(plane, OWN)
    assert code == 1
    assert "rehearse: terraform is not installed, or not on PATH\nhint: install" in told


def test_no_provider(
    terraform: None, plane: Up, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "plugins").mkdir()
    monkeypatch.setenv("TF_PLUGIN_DIR", str(tmp_path / "plugins"))
    code, told = refused(plane, OWN)
    assert code == 1
    assert "rehearse: terraform init failed: " in told
    assert "hint: let it reach its registry, or set TF_PLUGIN_DIR" in told


def test_a_root_that_terraform_refuses(terraform: None, plane: Up, tmp_path: Path) -> None:
    root = copied(tmp_path / "copy")
    (root / "wrong.auto.tfvars").write_text('availability_zones = ["eu-central-1a"]\n')
    code, told = refused(plane, root)
    assert code == 1
    assert f"rehearse: terraform could not apply {root}: Invalid value for variable: " in told
    assert "give 2 to 6, each once" in told
    log = plane.state / "logs/terraform.log"
    assert f"hint: all that it said is in {log}" in told
    assert "give 2 to 6, each once" in log.read_text()


def test_a_service_that_does_not_come_up(terraform: None, plane: Up) -> None:
    """The provider would wait for 20 minutes."""
    with variables(image="order-api:none"):
        code, told = refused(plane, OWN)
    assert code == 1
    assert "rehearse: own does not come up: " in told
    assert "CannotPullContainerError" in told
    assert "hint: mend its task definition" in told


@pytest.mark.parametrize(
    ("more", "number", "code"),
    [([], signal.SIGINT, 130), (["--detach"], signal.SIGINT, 130), ([], signal.SIGKILL, -9)],
    ids=["Ctrl-C", "Ctrl-C while up --detach waits", "kill -9"],
)
def test_what_ends_up_ends_terraform_too(
    terraform: None, plane: Up, more: list[str], number: signal.Signals, code: int
) -> None:
    plane.arguments += ["--terraform", str(OWN), *more]
    with plane.log.open("w") as log:
        plane.process = subprocess.Popen(
            [sys.executable, "-m", "rehearse", "up", *plane.arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    wait_for(lambda: _providers(plane) or _is_over(plane), 60)
    if _is_over(plane):
        pytest.skip(f"no AWS provider for Terraform: {plane.log.read_text()}")
    family = plane.family()
    os.kill(plane.pid, number)
    assert plane.process.wait(20) == code
    await_gone(family)


def test_nothing_leaves_this_machine(
    terraform: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even where the root names an address of AWS, and the user is logged in there."""
    (tmp_path / "root").mkdir()
    (tmp_path / "root/main.tf").write_text(ELSEWHERE)
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    root = Root(tmp_path / "root", tmp_path)
    run = Terraform(root, "http://127.0.0.1:1", "eu-central-1", 1)
    run.prepare()
    done = _run(run, *run.init()[1:])
    if done.returncode:
        pytest.skip(f"no AWS provider for Terraform: {done.stderr}")
    began = time.monotonic()
    done = _run(run, "plan", "-input=false", "-no-color")
    assert done.returncode == 1
    assert NOWHERE.partition("//")[2] in done.stderr
    assert "production" not in done.stderr
    assert time.monotonic() - began < 60


def _run(run: Terraform, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["terraform", *words],
        cwd=run.root.work,
        env=run.environment(words[0]),
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def _is_over(plane: Up) -> bool:
    return plane.process is None or plane.process.poll() is not None


def _providers(plane: Up) -> list[int]:
    """The pids of the provider's processes below the plane."""
    found = []
    for pid, _ in plane.family():
        try:
            name = os.readlink(f"/proc/{pid}/exe")
        except OSError:
            continue
        if "terraform-provider" in name:
            found.append(pid)
    return found


def test_terraform_without_a_plane(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rehearse", "terraform", "--state-dir", str(tmp_path), "plan"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=False)
    assert done.returncode == 1
    assert f"no plane runs on {tmp_path}" in done.stderr
