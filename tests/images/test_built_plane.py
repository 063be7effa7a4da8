"""The plane's image in each of its four jobs, and the load generator's."""

import json
import time
from ast import literal_eval
from collections.abc import Callable
from typing import Any

import pytest

from tests.images.conftest import StartContainer
from tests.images.front import front_door
from tests.images.ports import PUBLISHED, WAIT_S, wait_healthy

pytestmark = pytest.mark.docker

PLANE, LOCUST = "ecs-rehearsal", "rehearsal-locust"
RULES = """*filter
:INPUT ACCEPT [0:0]
:GROUP - [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp --dport 8080 -j GROUP
-A GROUP -s 10.0.1.0/24 -j ACCEPT
-A GROUP -j DROP
COMMIT
*nat
-A OUTPUT -d 127.255.0.1/32 -p tcp --dport 8080 -j REDIRECT --to-ports 15001
COMMIT
"""
ENVOY = json.dumps(
    {"admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 9901}}}}
)
COUNT = """
import sqlite3
rows = sqlite3.connect("/data/r.sqlite").execute("select status, count(*) from request group by 1")
print(dict(rows.fetchall()))
"""

Said = Callable[..., str]
Name = Callable[[str], str]


def test_the_command_answers(built: Name, said: Said) -> None:
    assert "version 0." in said(built(PLANE), "python", "-m", "rehearse", "--version")
    assert "--runtime" in said(built(PLANE), "rehearse", "up", "--help")


def test_what_answers_is_not_root(built: Name, said: Said) -> None:
    assert said(built(PLANE), "id", "-u").strip() == "10001"


def test_envoy_runs_as_pid_1_and_ends_at_sigterm(built: Name, start: StartContainer) -> None:
    container = start(built(PLANE), "envoy", "--config-yaml", ENVOY, "--concurrency", "1")
    deadline = time.monotonic() + WAIT_S
    while b"starting main dispatch loop" not in container.logs():
        assert time.monotonic() < deadline, container.logs().decode()
        time.sleep(0.02)
    _, command = container.exec_run(["cat", "/proc/1/comm"])
    container.stop(timeout=10)
    assert command.strip() == b"envoy"
    assert container.wait(timeout=5)["StatusCode"] == 0


def test_a_pause_container_takes_rules_and_its_neighbour_cannot_change_them(
    built: Name, start: StartContainer
) -> None:
    owner = start(built(PLANE), "sleep", "infinity", user="0", cap_add=["NET_ADMIN"])
    script = f"printf '%s' '{RULES}' | iptables-restore && iptables-save"
    code, output = owner.exec_run(["sh", "-c", script])
    assert code == 0, output
    assert b"-A GROUP -s 10.0.1.0/24 -j ACCEPT" in output
    assert b"--to-ports 15001" in output
    neighbour = start(built(PLANE), "iptables", "-F", network_mode=f"container:{owner.id}")
    assert neighbour.wait(timeout=20)["StatusCode"] != 0
    assert b"Permission denied" in neighbour.logs()
    assert owner.exec_run(["iptables-save"]).output.count(b"-A GROUP") == 2


def test_the_load_generator_loads_both_services_through_envoy(
    built: Name, network: str, volume: str, start: StartContainer, said: Said
) -> None:
    places = {name: f"{network}-{name}" for name in ("order-api", "inventory-api")}
    for name, place in places.items():
        environment = {"ORDER_API_URL": f"http://{network}-order-api:8080"}
        kept = {"DATABASE_URL": "sqlite:////tmp/orders.sqlite"} if name == "order-api" else {}
        start(
            built(name),
            network=network,
            name=place,
            environment=environment | kept,
            tmpfs={"/tmp": "mode=1777"},
        )
    front = start(
        built(PLANE),
        *("envoy", "--config-yaml", json.dumps(front_door(places))),
        network=network,
        name=f"{network}-front",
        ports=PUBLISHED,
    )
    wait_healthy(front)
    where = {"volumes": {volume: {"bind": "/data", "mode": "rw"}}, "network": network}
    load = ("--headless", "--host", f"http://{network}-front:8080", "--rate", "20")
    said(
        built(LOCUST),
        *load,
        "--duration",
        "2",
        "--longest",
        "1",
        "--record",
        "/data/r.sqlite",
        **where,
    )
    counted = literal_eval(said(built(LOCUST), "-c", COUNT, entrypoint="python", **where))
    assert set(counted) <= {200, 201, 409}
    assert 30 <= sum(counted.values()) <= 45


def test_the_locust_image_has_no_envoy_and_no_service(built: Name, said: Said) -> None:
    script = "from importlib.util import find_spec as f; print([n for n in {} if f(n)])"
    names = ["envoy", "services", "infra", "chaos", "sqlalchemy", "boto3", "loadtest"]
    found = said(built(LOCUST), "-c", script.format(names), entrypoint="python")
    assert found.strip() == "['loadtest']"


def test_sizes(built: Name, docker_engine: Any) -> None:
    """Envoy is 107 MB of the plane's."""
    above = {}
    for name in (PLANE, LOCUST):
        image = docker_engine.images.get(built(name))
        base = docker_engine.images.get(image.labels["org.opencontainers.image.base.name"])
        above[name] = (image.attrs["Size"] - base.attrs["Size"]) / 1e6
    assert above[PLANE] < 290
    assert above[LOCUST] < 70
