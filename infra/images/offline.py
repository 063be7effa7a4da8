"""Bases from Debian packages, where no registry is reachable: `python -m infra.images.offline`.

They stand in for python:3.12-slim-bookworm (with Debian's Python 3.11), the same with iptables for
the plane, and postgres (15). They stay on this machine. A base that was made by the present recipe
is kept; --renew makes all of them anew, with Debian's newest packages.
"""

import argparse
import hashlib
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from infra.images import debian
from infra.images.engine import Build, ImagesError, build, check_engine, label

HERE = Path(__file__).parent
RECIPE = "rehearse.recipe"
FAILED = 1
CORE = (
    *("base-files", "base-passwd", "coreutils", "dash", "findutils", "grep", "libc-bin", "sed"),
    *("ca-certificates", "libstdc++6", "netbase", "tar"),
)
# wanted by maintainer scripts, which do not run here, or by parts of a package that are not used
UNUSED = ("debconf", "perl-base", "init-system-helpers", "sysvinit-utils", "usrmerge", "dpkg")
SERVER_UNUSED = (
    *("adduser", "passwd", "sensible-utils", "ucf", "locales", "libc-l10n", "lsb-base"),
    *("perl", "perl-modules-5.36", "libperl5.36", "libjson-perl", "libnumber-compare-perl"),
    *("libtext-glob-perl", "libfile-find-rule-perl", "libgdbm6", "libgdbm-compat4", "ssl-cert"),
    *("postgresql-common", "postgresql-client-common", "libllvm14", "libz3-4"),
)


@dataclass(frozen=True, slots=True)
class Base:
    """One base: `packages` on top of `below`, `finish` for what their scripts would have made."""

    tag: str
    packages: tuple[str, ...]
    finish: Callable[[Path], None]
    without: tuple[str, ...] = UNUSED
    below: "Base | None" = None

    def all_packages(self) -> tuple[str, ...]:
        return (*(self.below.all_packages() if self.below else ()), *self.packages)


def _finish_python(root: Path) -> None:
    debian.finish(root)
    debian.link_python(root)


def _finish_server(root: Path) -> None:
    debian.finish(root)
    # the just-in-time compiler, whose LLVM would be two thirds of the image
    for part in root.glob("usr/lib/postgresql/*/lib/llvmjit*"):
        part.unlink()


PYTHON = Base("rehearsal-python:bookworm", (*CORE, "python3", "python3-pip"), _finish_python)
PLANE = Base("rehearsal-plane-base:bookworm", ("iptables",), debian.link_iptables, below=PYTHON)
SERVER = Base(
    "rehearsal-postgres-base:bookworm",
    (*CORE, "postgresql-15", "tzdata"),
    _finish_server,
    (*UNUSED, *SERVER_UNUSED),
)
BASES = (PYTHON, PLANE, SERVER)


def make_bases(mirror: str, renew: bool, say: Callable[[str], None]) -> None:
    """Make the bases that are missing or of another recipe. Raises ImagesError."""
    recipe = _recipe()
    stale = [base for base in BASES if renew or label(base.tag, RECIPE) != recipe]
    if not stale:
        return
    say("fetching Debian packages for " + ", ".join(base.tag for base in stale))
    with debian.open_archive(mirror) as archive:
        for base in stale:
            _make(base, archive, recipe)
            say(f"made {base.tag}")


def _make(base: Base, archive: debian.Archive, recipe: str) -> None:
    versions = archive.resolve(base.all_packages(), base.without)
    below = archive.resolve(base.below.all_packages(), base.without) if base.below else {}
    added = {name: version for name, version in versions.items() if name not in below}
    packages = archive.fetch(added)
    with tempfile.TemporaryDirectory(prefix="rehearse-base-") as folder:
        context, root = Path(folder), Path(folder) / "root"
        debian.new_root(root)
        debian.unpack(packages, root)
        base.finish(root)
        tree = context / "context"
        tree.mkdir()
        debian.pack(root, tree / "rootfs.tar")
        arguments = {"BASE": base.below.tag} if base.below else {}
        build(Build(base.tag, HERE / "base.Dockerfile", tree, arguments, labels={RECIPE: recipe}))


def _recipe() -> str:
    parts = (Path(__file__), Path(debian.__file__), HERE / "base.Dockerfile")
    return hashlib.sha256(b"".join(path.read_bytes() for path in parts)).hexdigest()[:16]


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the offline bases."""
    parser.add_argument("--mirror", default=debian.MIRROR, help="Debian mirror (%(default)s)")
    parser.add_argument("--renew", action="store_true", help="make the bases anew")


def main() -> int:
    """The command; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.images.offline", description=__doc__)
    add_options(parser)
    options = parser.parse_args()
    try:
        check_engine()
        make_bases(options.mirror, options.renew, _say)
    except ImagesError as error:
        _say(f"images: {error}\nhint: {error.hint}")
        return FAILED
    for base in BASES:
        sys.stdout.write(f"{base.tag}\n")
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
