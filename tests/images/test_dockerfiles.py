"""What every Dockerfile keeps to, so that any engine from 20.10 on can build it."""

import json
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PUBLISHED = (
    "services/order_api/Dockerfile",
    "services/inventory_api/Dockerfile",
    "infra/images/Dockerfile",
    "infra/images/loadtest.Dockerfile",
)
LOCAL = ("infra/images/base.Dockerfile", "infra/images/postgres/Dockerfile")
INSTRUCTION = re.compile(r"^([A-Z]+) ((?:.*\\\n)*.*)$", re.MULTILINE)
PUBLIC_NAME = re.compile(r"python:3\.\d+-slim-[a-z]+")

published = pytest.mark.parametrize("path", PUBLISHED)


def instructions(path: str, name: str) -> list[str]:
    """The arguments of each instruction of this name, in order."""
    text = (ROOT / path).read_text()
    return [arguments for found, arguments in INSTRUCTION.findall(text) if found == name]


def final_stage(path: str) -> str:
    return (ROOT / path).read_text().rpartition("\nFROM ")[2]


def test_every_dockerfile_is_looked_at() -> None:
    tracked = (ROOT / folder for folder in ("services", "infra", "loadtest"))
    found = {str(p.relative_to(ROOT)) for f in tracked for p in f.rglob("*Dockerfile")}
    assert found == {*PUBLISHED, *LOCAL}


@pytest.mark.parametrize("path", [*PUBLISHED, *LOCAL])
def test_it_uses_nothing_that_an_old_engine_lacks(path: str) -> None:
    text = (ROOT / path).read_text()
    assert not re.search(r"^#\s*syntax\s*=", text, re.MULTILINE)
    assert "<<" not in text, "a heredoc"


@published
def test_the_base_is_an_argument_with_a_public_name_and_a_pinned_version(path: str) -> None:
    (default,) = [a for a in instructions(path, "ARG") if a.startswith("BASE=")]
    assert PUBLIC_NAME.fullmatch(default.removeprefix("BASE="))
    assert instructions(path, "FROM") == ["${BASE} AS build", "${BASE}"]


@published
def test_it_ends_as_a_numbered_user_that_is_not_root(path: str) -> None:
    *_, user = instructions(path, "USER")
    assert user == "10001:10001"
    assert "\nUSER" in final_stage(path)


@published
def test_its_process_is_started_without_a_shell(path: str) -> None:
    forms = instructions(path, "CMD") + instructions(path, "ENTRYPOINT")
    assert forms
    for form in forms:
        words = json.loads(form)
        assert words[0] not in ("sh", "bash", "/bin/sh")


@published
def test_its_stop_signal_is_sigterm(path: str) -> None:
    assert instructions(path, "STOPSIGNAL") == ["SIGTERM"]


@pytest.mark.parametrize("name", ["order_api", "inventory_api"])
def test_a_service_brings_its_own_folder_only(name: str) -> None:
    sources = [
        word
        for copied in instructions(f"services/{name}/Dockerfile", "COPY")
        if not copied.startswith("--from=build")
        for word in copied.split()[:-1]
    ]
    shared = {"infra/images/install", "infra/images/tools.txt", "pyproject.toml", "uv.lock"}
    assert set(sources) - shared == {"services/__init__.py", f"services/{name}"}


@published
def test_only_downloads_see_the_ca_bundle(path: str) -> None:
    """A COPY of it would stay in a layer."""
    text = (ROOT / path).read_text()
    assert text.count("--mount=type=secret,id=ca sh install") == 2
    assert "ca-certificates" not in text
