"""One copy of the stack, initialised once; two runs of terraform at a time, as each waits a lot."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.docs.pages import examples
from tests.terraform import workspace
from tests.terraform.planted import plant
from tests.terraform.workspace import PLUGINS, Workspace

Run = Future[subprocess.CompletedProcess[str]]
ROOTS = (".", "envs/staging", "envs/local")
TEST = ("test", "-no-color")
STATES = ("test", "-json", "-verbose")


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The stack with its provider; where there is none, the test is skipped with the reason."""
    if shutil.which("terraform") is None:
        pytest.skip("terraform is not installed")
    made = workspace.copy(tmp_path_factory.mktemp("stack"))
    for folder in ROOTS:
        done = made.init(folder)
        if done.returncode != 0 and "registry" in done.stderr:
            pytest.skip(f"no AWS provider: {PLUGINS} is unset or wrong, and no registry answers")
        assert done.returncode == 0, done.stderr
    return made


@pytest.fixture(scope="session")
def broken(stack: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The same with every bug of `planted` in it, using the provider of the first."""
    to = tmp_path_factory.mktemp("broken") / "infra"
    shutil.copytree(stack.infra, to, symlinks=True)
    made = Workspace(to)
    plant(made)
    tests = made.terraform / "envs/staging/tests/stack.tftest.hcl"
    tests.write_text(tests.read_text().partition('\nrun "nlb"')[0])  # one edge says enough
    return made


class Runs:
    """The runs of `terraform test`, each made once."""

    def __init__(
        self, stack: Workspace, broken: Workspace, pool: ThreadPoolExecutor, folder: Path
    ) -> None:
        def start(where: Workspace, folder: str, *arguments: str) -> Run:
            return pool.submit(where.run, folder, *arguments)

        self._folder = folder
        self.guide = pool.submit(follow_the_guide, stack, folder)
        self.modules = start(stack, ".", *TEST)
        self.local = start(stack, "envs/local", *STATES)
        self.broken_staging = start(broken, "envs/staging", *STATES)
        self.broken_modules = start(broken, ".", *TEST)

    def staging(self) -> str:
        """What `terraform test -json -verbose` wrote of the staging root."""
        done = self.guide.result()
        told = "".join(path.read_text() for path in self._folder.glob("*/all.jsonl"))
        lines = [line for line in told.splitlines() if '"type":"test_state"' not in line]
        assert done.returncode == 0, "\n".join([*lines, done.stdout, done.stderr])[-8000:]
        return told


def follow_the_guide(stack: Workspace, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the guide's commands in the copy; what they write is below the folder."""
    (example,) = examples("offline")
    programs = Path(sys.executable).parent
    plugins = os.environ.get(PLUGINS)
    more = {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "TMPDIR": str(folder),
        **({"TF_CLI_ARGS_init": f"-plugin-dir={plugins}"} if plugins else {}),
    }
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", example.text],
        cwd=stack.infra.parent,
        env=workspace.environment() | more,
        capture_output=True,
        text=True,
        timeout=workspace.LIMIT_S,
        check=False,
    )


@pytest.fixture(scope="session")
def runs(
    stack: Workspace, broken: Workspace, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Runs]:
    with ThreadPoolExecutor(2) as pool:
        yield Runs(stack, broken, pool, tmp_path_factory.mktemp("guide"))


@pytest.fixture
def settings_module(stack: Workspace) -> Path:
    """The module that checks settings: it needs no provider."""
    return stack.terraform / "modules/settings"
