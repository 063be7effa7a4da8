"""A Terraform root at a place of its own: the user's directory is only ever read.

Terraform writes its lock file and a local state beside the configuration, and takes its backend
from it. So it runs in a directory of links below the plane's state: to each file of the root, and
on every level above to what lies beside it, so that `../../modules/x` leads where it should. One
file more is no link: it overrides whatever backend the root has by a local one.
"""

import shutil
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from infra.local.terraform.errors import NoRootError

OVERRIDE = "zzz_rehearse_override.tf"  # the last of the override files wins
BACKEND = 'terraform {\n  backend "local" {}\n}\n'
LOCK = ".terraform.lock.hcl"
TERRAFORMS_OWN = (".terraform", LOCK, "*.tfstate", "*.tfstate.*", "terraform.tfstate.d")
LINKS_MAX = 5_000  # on one level: a directory of more has nothing that a root refers to


class Root:
    """The root of a directory, for the plane whose state is in `state_dir`."""

    def __init__(self, directory: Path, state_dir: Path) -> None:
        """Raises NoRootError."""
        self.directory = directory.resolve()
        if not directory.is_dir():
            raise NoRootError(f"--terraform {directory} is no directory: give a Terraform root")
        if not any(self.directory.glob("*.tf")) and not any(self.directory.glob("*.tf.json")):
            raise NoRootError(f"--terraform {directory} has no .tf file: give a Terraform root")
        place = state_dir.absolute() / "terraform"
        self.data = place / "data"  # providers and modules: kept, as they may be large
        self._tree = place / "tree"
        self._top = _top(self.directory)
        self.work = self._tree / self.directory.relative_to(self._top)
        self._place = place

    def prepare(self, *, take_lock: bool) -> None:
        """Link what there is now. `take_lock`: begin with the root's own lock file, if any."""
        self.work.mkdir(parents=True, exist_ok=True)
        for level, real in self._levels():
            _link(level, real, hidden=real == self.directory)
        (self.work / OVERRIDE).write_text(BACKEND)
        lock = self.directory / LOCK
        if take_lock and lock.exists() and not (self.work / LOCK).exists():
            shutil.copyfile(lock, self.work / LOCK)

    def forget(self) -> None:
        """Remove the state of an earlier plane: what it tells of is gone."""
        shutil.rmtree(self._tree, ignore_errors=True)

    def _levels(self) -> Iterator[tuple[Path, Path]]:
        """Each directory of ours with the real one it stands for, the root first."""
        ours, real = self.work, self.directory
        while True:
            yield ours, real
            if real == self._top:
                return
            ours, real = ours.parent, real.parent


def _top(directory: Path) -> Path:
    """How far up links go: to the top of the repository, or of the file system."""
    for parent in (directory, *directory.parents):
        if (parent / ".git").exists():
            return parent
    return Path(directory.anchor)


def _link(ours: Path, real: Path, *, hidden: bool) -> None:
    """Make links to what is in a directory; what is ours there, and no link, stays."""
    for entry in ours.iterdir():
        if entry.is_symlink():
            entry.unlink()
    try:
        found = list(real.iterdir())
    except PermissionError:
        return  # nobody refers to what may not be listed
    for entry in found if len(found) <= LINKS_MAX else ():
        left_out = entry.name.startswith(".") and not hidden
        left_out = left_out or any(fnmatch(entry.name, p) for p in TERRAFORMS_OWN)
        if not left_out and not (ours / entry.name).exists():
            (ours / entry.name).symlink_to(entry)
