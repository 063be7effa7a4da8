"""One copy of the stack, initialised once; two runs of terraform at a time, as each waits a lot."""

import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

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

    def __init__(self, stack: Workspace, broken: Workspace, pool: ThreadPoolExecutor) -> None:
        def start(where: Workspace, folder: str, *arguments: str) -> Run:
            return pool.submit(where.run, folder, *arguments)

        self.staging = start(stack, "envs/staging", *STATES)
        self.modules = start(stack, ".", *TEST)
        self.local = start(stack, "envs/local", *STATES)
        self.broken_staging = start(broken, "envs/staging", *STATES)
        self.broken_modules = start(broken, ".", *TEST)


@pytest.fixture(scope="session")
def runs(stack: Workspace, broken: Workspace) -> Iterator[Runs]:
    with ThreadPoolExecutor(2) as pool:
        yield Runs(stack, broken, pool)


@pytest.fixture
def settings_module(stack: Workspace) -> Path:
    """The module that checks settings: it needs no provider."""
    return stack.terraform / "modules/settings"
