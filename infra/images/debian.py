"""Root file systems out of Debian packages, unpacked and not installed: no chroot, no root.

apt resolves, fetches and verifies in a scratch directory; nothing of this machine's apt is changed.
Maintainer scripts do not run: what they would have made, `finish` makes.
"""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from infra.images.engine import ImagesError, first_line

SUITE = "bookworm"
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
MIRROR = "http://deb.debian.org/debian"
FETCH_LIMIT_S = 600
PROGRAMS = {"apt-get": "apt", "dpkg-deb": "dpkg", "tar": "tar"}
UNUSED = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/lintian",
)
MERGED = ("bin", "sbin", "lib", "lib64")
_INSTALL = re.compile(r"^Inst (\S+) \((\S+) ", re.MULTILINE)


class Archive:
    """Debian's packages by ordinary apt, from `open_archive`."""

    def __init__(self, scratch: Path, mirror: str) -> None:
        self._scratch = scratch
        self._store = scratch / "packages"
        for folder in ("lists/partial", "cache/archives/partial", "parts", "packages"):
            (scratch / folder).mkdir(parents=True)
        (scratch / "status").touch()
        signed = f"deb [signed-by={KEYRING}]"
        security = f"{mirror.rstrip('/')}-security"
        (scratch / "sources.list").write_text(
            f"{signed} {mirror} {SUITE} main\n{signed} {security} {SUITE}-security main\n"
        )
        self._apt("update")

    def resolve(self, names: Iterable[str], without: Iterable[str] = ()) -> Mapping[str, str]:
        """Versions by name of the packages and all they depend on, but those in `without`."""
        said = self._apt("--simulate", "install", *names)
        left_out = set(without)
        return {name: version for name, version in _INSTALL.findall(said) if name not in left_out}

    def fetch(self, versions: Mapping[str, str]) -> list[Path]:
        """The packages as files, in order; apt checks signatures and hashes of what it loads."""
        missing = [f"{n}={v}" for n, v in sorted(versions.items()) if not self._find(n)]
        if missing:
            self._apt("download", *missing)
        return [path for name in sorted(versions) for path in self._find(name)]

    def _find(self, name: str) -> list[Path]:
        return list(self._store.glob(f"{name}_*.deb"))

    def _apt(self, *words: str) -> str:
        at = self._scratch
        settings = {
            "Dir::Etc::sourcelist": at / "sources.list",
            "Dir::Etc::sourceparts": at / "parts",
            "Dir::State::lists": at / "lists",
            "Dir::State::status": at / "status",
            "Dir::Cache": at / "cache",
            "APT::Sandbox::User": "",
            "APT::Update::Error-Mode": "any",
            "APT::Install-Recommends": 0,
            "Debug::NoLocking": 1,
        }
        options = [f"-o{name}={value}" for name, value in settings.items()]
        command = ["apt-get", "-qq", *options, *words]
        done = _run(command, self._store)
        if done.returncode != 0:
            raise ImagesError(
                f"Debian packages cannot be had: {first_line(done.stderr)}",
                "is a Debian mirror reachable? --mirror URL names another",
            )
        return done.stdout


@contextmanager
def open_archive(mirror: str) -> Iterator[Archive]:
    """Debian's archive, ready to fetch from; what was fetched is gone afterwards.

    Raises ImagesError where this machine has not what that needs, or no mirror answers.
    """
    for program, package in PROGRAMS.items():
        if shutil.which(program) is None:
            raise ImagesError(
                f"`{program}` is missing, without which no base is made of Debian packages",
                f"install {package}, or build on Debian or Ubuntu",
            )
    if not KEYRING.exists():
        raise ImagesError(f"Debian's keys are not at {KEYRING}", "install debian-archive-keyring")
    with tempfile.TemporaryDirectory(prefix="rehearse-debian-") as scratch:
        yield Archive(Path(scratch), mirror)


def new_root(root: Path) -> None:
    """An empty root with /usr merged, as Debian's packages expect it."""
    for name in MERGED:
        (root / "usr" / name).mkdir(parents=True)
        (root / name).symlink_to(f"usr/{name}")


def unpack(packages: Iterable[Path], root: Path) -> None:
    """Unpack packages into `root`. Raises ImagesError at the first that cannot be."""
    unpacking = ["tar", "-x", "--keep-directory-symlink", "-C", str(root)]
    for package in packages:
        reading = ["dpkg-deb", "--fsys-tarfile", str(package)]
        with subprocess.Popen(reading, stdout=subprocess.PIPE) as reader:
            done = subprocess.run(
                unpacking, stdin=reader.stdout, timeout=FETCH_LIMIT_S, check=False
            )
        if reader.returncode != 0 or done.returncode != 0:
            raise ImagesError(f"{package.name} cannot be unpacked", "is the disk full?")


def finish(root: Path) -> None:
    """Make what the maintainer scripts would have made."""
    for unused in UNUSED:
        shutil.rmtree(root / unused, ignore_errors=True)
    for name in ("passwd", "group"):
        shutil.copyfile(root / f"usr/share/base-passwd/{name}.master", root / "etc" / name)
    (root / "usr/bin/sh").unlink(missing_ok=True)
    (root / "usr/bin/sh").symlink_to("dash")
    for name, target in {"run": "/run", "lock": "/run/lock"}.items():
        _relink(root / "var" / name, target)
    (root / "run/lock").mkdir(parents=True, exist_ok=True)
    for name in ("tmp", "var/tmp"):
        (root / name).mkdir(parents=True, exist_ok=True)
        (root / name).chmod(0o1777)
    _trust(root)


def link_iptables(root: Path) -> None:
    """The names of Debian's alternatives, for the variant that speaks to nf_tables."""
    for family in ("iptables", "ip6tables"):
        for suffix in ("", "-save", "-restore"):
            _relink(root / "usr/sbin" / f"{family}{suffix}", "xtables-nft-multi")


def link_python(root: Path) -> None:
    """`python` as in the official image; and pip may install, as there is no dpkg to protect."""
    _relink(root / "usr/local/bin/python", "/usr/bin/python3")
    for mark in root.glob("usr/lib/python3*/EXTERNALLY-MANAGED"):
        mark.unlink()


def pack(root: Path, archive: Path) -> None:
    """Write `root` as a tar of one owner, date and order: equal roots give equal files."""
    fixed = ["--sort=name", "--mtime=@0", "--owner=0", "--group=0", "--numeric-owner"]
    command: Sequence[str] = ["tar", "-c", *fixed, "-f", str(archive), "-C", str(root), "."]
    subprocess.run(command, check=True, timeout=FETCH_LIMIT_S)


def _trust(root: Path) -> None:
    certificates = sorted((root / "usr/share/ca-certificates").rglob("*.crt"))
    if certificates:
        bundle = root / "etc/ssl/certs/ca-certificates.crt"
        bundle.parent.mkdir(parents=True, exist_ok=True)
        bundle.write_text("".join(path.read_text() for path in certificates))


def _relink(path: Path, target: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def _run(command: Sequence[str], folder: Path) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command, cwd=folder, capture_output=True, text=True, timeout=FETCH_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ImagesError(
            f"apt did not answer within {FETCH_LIMIT_S} s", "is a Debian mirror reachable?"
        ) from error
