"""order-api with PostgreSQL, the official image or what stands in for it."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.images.conftest import StartContainer
from tests.images.ports import PUBLISHED, WAIT_S, url_of, wait_healthy

pytestmark = pytest.mark.docker

DATA = "/var/lib/postgresql/data"
DATABASE = {"POSTGRES_USER": "orders", "POSTGRES_PASSWORD": 'it\'s "secret"', "POSTGRES_DB": "shop"}
STARTED = b"database system is ready to accept connections"
ORDER = {"sku": "A", "quantity": 1, "customer": "c"}

Name = Callable[[str], str]


def run_server(start: StartContainer, image: str, network: str, volume: str) -> Any:
    """PostgreSQL on a volume, once it listens."""
    server = start(
        image,
        network=network,
        name=f"{network}-postgres",
        environment=DATABASE,
        volumes={volume: {"bind": DATA, "mode": "rw"}},
        read_only=False,
        cap_drop=[],
    )
    deadline = time.monotonic() + WAIT_S
    ready = ["pg_isready", "--quiet", "--host=127.0.0.1", "--username=orders", "--dbname=shop"]
    while server.exec_run(ready).exit_code != 0:
        assert time.monotonic() < deadline, server.logs().decode()
        time.sleep(0.1)
    return server


def test_orders_outlive_the_database_server(
    built: Name, postgres: str, network: str, volume: str, start: StartContainer
) -> None:
    server = run_server(start, postgres, network, volume)
    url = f"postgresql://orders:it%27s%20%22secret%22@{network}-postgres/shop"
    api = start(
        built("order-api"), network=network, ports=PUBLISHED, environment={"DATABASE_URL": url}
    )
    wait_healthy(api)
    made = httpx.post(f"{url_of(api)}/orders", json=ORDER, timeout=10)
    assert made.status_code == 201, made.text

    server.stop(timeout=20)
    assert server.wait(timeout=5)["StatusCode"] == 0
    server.start()
    deadline = time.monotonic() + WAIT_S
    while True:
        answer = httpx.get(f"{url_of(api)}{made.headers['location']}", timeout=10)
        if answer.status_code == 200:
            break
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)
    assert answer.json()["sku"] == "A"


def test_without_a_password_it_says_what_to_set(postgres: str, start: StartContainer) -> None:
    server = start(postgres, read_only=False, cap_drop=[])
    assert server.wait(timeout=20)["StatusCode"] == 1
    assert b"POSTGRES_PASSWORD" in server.logs()


def test_an_interrupted_first_start_is_made_good(
    built: Name, postgres: str, network: str, volume: str, start: StartContainer
) -> None:
    if postgres != built("rehearsal-postgres"):
        pytest.skip("the official image is not ours to test")
    rest = (
        "mkdir -p /var/lib/postgresql/data/.making/base && touch /var/lib/postgresql/data/.making/x"
    )
    where = {volume: {"bind": DATA, "mode": "rw"}}
    broken = start(postgres, "-c", rest, entrypoint="sh", volumes=where)
    assert broken.wait(timeout=20)["StatusCode"] == 0
    server = run_server(start, postgres, network, volume)
    asked = ["psql", "-U", "orders", "-d", "shop", "-Atc", "select 6 * 7"]
    assert server.exec_run(asked).output.strip() == b"42"
