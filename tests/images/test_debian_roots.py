"""Root file systems out of packages: small packages made here, unpacked by the code under test."""

import shutil
import subprocess
from pathlib import Path

import pytest

from infra.images import debian
from infra.images.engine import ImagesError

pytestmark = pytest.mark.skipif(
    shutil.which("dpkg-deb") is None, reason="no dpkg-deb on this machine"
)

CONTROL = """Package: thing
Version: 1
Architecture: all
Maintainer: nobody <nobody@example.com>
Description: a thing
"""
MASTERS = {
    "usr/share/base-passwd/passwd.master": "root:*:0:0::/root:/bin/sh\n",
    "usr/share/base-passwd/group.master": "root:*:0:\n",
    "etc/keep": "",
    "usr/bin/dash": "",
    "usr/share/doc/thing/copyright": "long",
    "usr/share/ca-certificates/mozilla/b.crt": "B\n",
    "usr/share/ca-certificates/mozilla/a.crt": "A\n",
    "var/run/old": "",
}


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    made = tmp_path / "root"
    debian.new_root(made)
    write(made, MASTERS)
    return made


def test_what_maintainer_scripts_would_have_made_is_there(root: Path) -> None:
    debian.finish(root)
    assert (root / "etc/passwd").read_text().startswith("root:")
    assert (root / "etc/group").read_text().startswith("root:")
    assert (root / "bin/sh").readlink() == Path("dash")
    assert (root / "var/run").readlink() == Path("/run")
    assert (root / "tmp").stat().st_mode & 0o7777 == 0o1777
    assert (root / "etc/ssl/certs/ca-certificates.crt").read_text() == "A\nB\n"
    assert not (root / "usr/share/doc").exists()


def test_iptables_is_the_variant_for_nf_tables(root: Path) -> None:
    debian.link_iptables(root)
    names = sorted(path.name for path in (root / "usr/sbin").iterdir())
    assert names == [
        *("ip6tables", "ip6tables-restore", "ip6tables-save"),
        *("iptables", "iptables-restore", "iptables-save"),
    ]
    assert (root / "sbin/iptables-restore").readlink() == Path("xtables-nft-multi")


def test_python_is_named_as_in_the_official_image_and_pip_may_install(root: Path) -> None:
    write(root, {"usr/lib/python3.11/EXTERNALLY-MANAGED": ""})
    debian.link_python(root)
    assert (root / "usr/local/bin/python").readlink() == Path("/usr/bin/python3")
    assert not (root / "usr/lib/python3.11/EXTERNALLY-MANAGED").exists()


def test_equal_roots_give_equal_archives(root: Path, tmp_path: Path) -> None:
    twin = tmp_path / "twin"
    debian.new_root(twin)
    write(twin, dict(reversed(MASTERS.items())))
    (twin / "etc/keep").touch()
    for each in (root, twin):
        debian.pack(each, each.with_suffix(".tar"))
    assert root.with_suffix(".tar").read_bytes() == twin.with_suffix(".tar").read_bytes()
    (twin / "etc/keep").write_text("changed")
    debian.pack(twin, twin.with_suffix(".tar"))
    assert root.with_suffix(".tar").read_bytes() != twin.with_suffix(".tar").read_bytes()


def package(folder: Path) -> Path:
    """A package with one file in /lib."""
    source, made = folder / "thing", folder / "thing_1_all.deb"
    write(source, {"DEBIAN/control": CONTROL, "lib/thing.so": "code"})
    building = ["dpkg-deb", "--build", "--root-owner-group", str(source), str(made)]
    subprocess.run(building, check=True, capture_output=True, timeout=30)
    return made


def test_packages_are_unpacked_into_the_merged_usr(root: Path, tmp_path: Path) -> None:
    debian.unpack([package(tmp_path)], root)
    assert (root / "usr/lib/thing.so").read_text() == "code"
    assert (root / "lib").is_symlink()


def test_a_package_that_is_no_package_is_refused(root: Path, tmp_path: Path) -> None:
    (tmp_path / "thing.deb").write_text("nothing")
    with pytest.raises(ImagesError, match=r"thing\.deb cannot be unpacked"):
        debian.unpack([tmp_path / "thing.deb"], root)
