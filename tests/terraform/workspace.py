"""A copy of the Terraform stack with the provider ready, and what terraform says about it."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
LIMIT_S = 300  # of one run of terraform, on a machine with other things to do
PLUGINS = "TF_PLUGIN_DIR"
LEFT_OUT = shutil.ignore_patterns(".terraform*", "*.tfstate*")


@dataclass(frozen=True, slots=True)
class Workspace:
    """`infra/` with the settings file and the stack, in a directory of a test's own."""

    infra: Path

    @property
    def terraform(self) -> Path:
        return self.infra / "terraform"

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text that stands once in a file of the stack."""
        path = self.terraform / file
        text = path.read_text()
        assert text.count(old) == 1, f"{file} has {text.count(old)} times: {old}"
        path.write_text(text.replace(old, new))

    def run(self, folder: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run terraform in a folder of the stack."""
        return subprocess.run(
            ["terraform", *arguments],
            cwd=self.terraform / folder,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
            check=False,
        )

    def init(self, folder: str) -> subprocess.CompletedProcess[str]:
        """Bring the provider and the modules: from TF_PLUGIN_DIR, or else from the registry."""
        plugins = os.environ.get(PLUGINS)
        where = [f"-plugin-dir={plugins}"] if plugins else []
        return self.run(folder, "init", "-input=false", "-no-color", "-backend=false", *where)


def environment() -> dict[str, str]:
    """The environment of terraform: no credentials, no configuration of this user."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "TF_"))}
    # each run reads the provider's schema, megabytes of it: less collecting, a quarter less work
    hasty = {"GOGC": "400"}
    return kept | hasty | {"TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1"}


def copy(to: Path) -> Workspace:
    """Copy stack and settings; links between them stay links."""
    infra = to / "infra"
    infra.mkdir()
    shutil.copy(ROOT / "infra/app.tfvars.json", infra)
    shutil.copytree(ROOT / "infra/terraform", infra / "terraform", symlinks=True, ignore=LEFT_OUT)
    return Workspace(infra)


def documents(output: str) -> dict[str, dict[str, Any]]:
    """The state that each run of `terraform test -json -verbose` left, by the run's name."""
    lines = (line for line in output.splitlines() if '"type":"test_state"' in line)
    messages = map(json.loads, lines)
    return {str(message["@testrun"]): message["test_state"] for message in messages}


def states(output: str) -> dict[str, list[dict[str, Any]]]:
    """The resources of each of these states."""
    found = documents(output).items()
    return {name: list(_resources(state["root_module"])) for name, state in found}


def _resources(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from module.get("resources", ())
    for child in module.get("child_modules", ()):
        yield from _resources(child)


def edges(dot: str) -> dict[str, set[str]]:
    """What each resource waits for, from the output of `terraform graph`."""
    found: dict[str, set[str]] = {}
    for line in dot.splitlines():
        before, arrow, after = line.strip().rstrip(";").partition(" -> ")
        if arrow:
            found.setdefault(before.strip('"'), set()).add(after.strip('"'))
    return found


def waits_for(graph: dict[str, set[str]], later: str, earlier: str) -> bool:
    """Whether there is a way from one resource to another along what each waits for."""
    seen: set[str] = set()
    waiting = [later]
    while waiting:
        here = waiting.pop()
        if here == earlier:
            return True
        if here not in seen:
            seen.add(here)
            waiting += graph.get(here, ())
    return False
