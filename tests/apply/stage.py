"""A root, the plane that applied it, and terraform run on it again by `rehearse terraform`."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.plane.up import Up

ROOT = Path(__file__).parent.parent.parent
OWN = Path(__file__).parent / "roots/own"
APPLY_LIMIT_S = 400.0  # 60 s of it are the provider's, on a machine with other things to do
SCALE = 10  # on a busy machine a health check takes a while
LEFT_OUT = shutil.ignore_patterns(".terraform*", "*.tfstate*")
COMMAND = (sys.executable, "-m", "rehearse", "terraform")
NO_PROVIDER = ("terraform init failed", "registry", "provider")


@dataclass
class Stage:
    """`infra/` copied for one story, with a plane on its local root."""

    up: Up
    root: Path
    times: list[tuple[str, float]] = field(default_factory=list)

    @property
    def settings(self) -> Path:
        return self.root.parents[2] / "app.tfvars.json"

    def change(self, service: str, **changes: Any) -> None:
        """Change settings of a service; a mapping changes what is inside."""
        document = json.loads(self.settings.read_text())
        _merge(document["services"][service], changes)
        self.settings.write_text(json.dumps(document))

    def terraform(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """`rehearse terraform ARGUMENTS`, without colours."""
        command, *more = arguments
        began = time.monotonic()
        done = subprocess.run(
            [*COMMAND, "--state-dir", str(self.up.state), command, "-no-color", *more],
            capture_output=True,
            text=True,
            timeout=APPLY_LIMIT_S,
            check=False,
        )
        self.times.append((f"{command} ({done.returncode})", time.monotonic() - began))
        return done

    def apply(self, *more: str) -> str:
        """Apply, which must go well; what terraform said."""
        done = self.terraform("apply", "-auto-approve", *more)
        assert done.returncode == 0, said(done)
        return done.stdout

    def service(self, name: str, cluster: str = "rehearsal") -> dict[str, Any]:
        described = self.up.client("ecs").describe_services(cluster=cluster, services=[name])
        found: dict[str, Any] = described["services"][0]
        return found


def copied(to: Path) -> Path:
    """A copy of settings and stack; its local root."""
    infra = to / "infra"
    infra.mkdir(parents=True)
    shutil.copy(ROOT / "infra/app.tfvars.json", infra)
    shutil.copytree(ROOT / "infra/terraform", infra / "terraform", symlinks=True, ignore=LEFT_OUT)
    return infra / "terraform/envs/local"


def said(done: subprocess.CompletedProcess[str]) -> str:
    return (done.stdout + done.stderr)[-6000:]


def files(root: Path) -> dict[str, bytes]:
    """Every file below a directory, hidden ones too."""
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}


@contextmanager
def variables(**values: str) -> Iterator[None]:
    """Terraform variables in the environment."""
    names = {f"TF_VAR_{name}": value for name, value in values.items()}
    os.environ.update(names)
    try:
        yield
    finally:
        for name in names:
            del os.environ[name]


def _merge(document: dict[str, Any], changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        if isinstance(value, dict):
            _merge(document[name], value)
        else:
            assert name in document
            document[name] = value
