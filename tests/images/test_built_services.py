"""The two services' images as containers: how they run, end, and what is in them."""

import json
import threading
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.images.conftest import TAG, StartContainer
from tests.images.ports import PUBLISHED, url_of, wait_healthy

pytestmark = pytest.mark.docker

SERVICES = ("order-api", "inventory-api")
ABOVE_BASE_MB = 70
FOREIGN = """
import os, json
found = []
for folder, folders, files in os.walk("/"):
    if folder in ("/proc", "/sys", "/dev"):
        folders.clear()
    found += [os.path.join(folder, name) for name in (*folders, *files)]
print(json.dumps(found))
"""
UNCOMPILED = """
import sys, os, importlib
for name in sys.argv[1:]:
    importlib.import_module(name)
cached = [getattr(m, "__cached__", None) for m in list(sys.modules.values())]
print([path for path in cached if path and not os.path.exists(path)], len(cached))
"""
COMPILERS = """
import shutil
print([name for name in ("cc", "gcc", "g++", "clang", "as", "ld") if shutil.which(name)])
"""
PIP_CHECK = """
import os, sys
python = sys._base_executable
os.execv(python, [python, "-m", "pip", "--python", sys.executable, "check"])
"""

services = pytest.mark.parametrize("service", SERVICES)
Said = Callable[..., str]
Name = Callable[[str], str]


def package(service: str) -> str:
    return f"services.{service.replace('-', '_')}"


@services
def test_it_serves_without_root_without_capabilities_on_a_read_only_root(
    service: str, built: Name, volume: str, start: StartContainer
) -> None:
    mount = {volume: {"bind": "/data", "mode": "rw"}} if service == "order-api" else {}
    container = start(built(service), ports=PUBLISHED, volumes=mount)
    assert wait_healthy(container)["version"] == TAG
    code, user = container.exec_run(["id", "-u"])
    assert (code, user.strip()) == (0, b"10001")
    probe = container.exec_run(["python", "-m", f"{package(service)}.probe"])
    assert probe.exit_code == 0, probe.output


def test_sigterm_ends_it_with_0_once_the_request_in_flight_is_answered(
    built: Name, volume: str, start: StartContainer
) -> None:
    container = start(
        built("order-api"),
        ports=PUBLISHED,
        volumes={volume: {"bind": "/data", "mode": "rw"}},
        environment={"DRAIN_SECONDS": "0"},
    )
    wait_healthy(container)
    stopping = threading.Thread(target=container.stop, kwargs={"timeout": 30})
    with httpx.stream("GET", f"{url_of(container)}/orders/export?seconds=2", timeout=20) as answer:
        lines = answer.iter_lines()
        next(lines)
        stopping.start()
        *_, last = lines
    stopping.join(30)
    assert json.loads(last)["end"] is True
    assert container.wait(timeout=5)["StatusCode"] == 0
    assert b'"sigterm"' in container.logs()


@services
def test_its_packages_fit_each_other(service: str, built: Name, said: Said) -> None:
    assert "No broken requirements" in said(built(service), "python", "-c", PIP_CHECK)


@services
def test_no_compiler_is_in_it(service: str, built: Name, said: Said) -> None:
    assert said(built(service), "python", "-c", COMPILERS).strip() == "[]"


@services
def test_nothing_is_left_to_compile_at_the_start(service: str, built: Name, said: Said) -> None:
    modules = [f"{package(service)}.{name}" for name in ("app", "server", "probe")]
    missing, _, count = said(built(service), "python", "-c", UNCOMPILED, *modules).rpartition(" ")
    assert missing == "[]"
    assert int(count) > 200


@services
def test_nothing_foreign_is_in_it(service: str, built: Name, said: Said) -> None:
    paths = json.loads(said(built(service), "python", "-c", FOREIGN, user="0"))
    (other,) = [name.replace("-", "_") for name in SERVICES if name != service]
    ours = [path for path in paths if path.startswith("/app/")]
    assert f"/app/{package(service).replace('.', '/')}/app.py" in ours
    assert [path for path in ours if other in path] == []
    assert [path for path in ours if "tests" in path or "Dockerfile" in path] == []
    left = (".git", ".cache", "uv", "uv.lock", "tools", "secrets", "requirements.txt")
    places = [path for path in paths if not path.startswith(("/usr/", "/opt/venv/", "/etc/"))]
    assert [path for path in places if path.rpartition("/")[2] in left] == []


@services
def test_it_stays_small(service: str, built: Name, docker_engine: Any) -> None:
    image = docker_engine.images.get(built(service))
    base = image.labels["org.opencontainers.image.base.name"]
    above = (image.attrs["Size"] - docker_engine.images.get(base).attrs["Size"]) / 1e6
    assert 5 < above < ABOVE_BASE_MB


@services
def test_what_cannot_be_written_is_said(service: str, built: Name, start: StartContainer) -> None:
    """Without a volume order-api has nowhere to keep orders; inventory-api keeps nothing."""
    container = start(built(service), ports=PUBLISHED)
    if service == "inventory-api":
        wait_healthy(container)
        return
    assert container.wait(timeout=20)["StatusCode"] == 1
    assert container.logs().decode().splitlines()[-1].startswith("order-api: ")
