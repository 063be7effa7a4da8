"""order-api's image alone with PostgreSQL, by testcontainers: what it acknowledged, it keeps."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from testcontainers.core.config import ConnectionMode, testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.network import Network
from testcontainers.core.wait_strategies import ExecWaitStrategy, HttpWaitStrategy
from testcontainers.core.waiting_utils import WaitStrategy

from tests.compose.stack import Images
from tests.plane.up import wait_for

pytestmark = pytest.mark.docker

DATABASE = {"POSTGRES_USER": "orders", "POSTGRES_PASSWORD": "secret", "POSTGRES_DB": "shop"}
URL = "postgresql://orders:secret@database/shop"
READY = ["pg_isready", "--host=127.0.0.1", "--username=orders", "--dbname=shop"]
WISH = {"sku": "SKU-ALONE", "quantity": 1, "customer": "tests"}
WRITERS, EACH = 4, 40
START_S = 30


@pytest.fixture(scope="module", autouse=True)
def settings(monkeypatch_module: pytest.MonkeyPatch) -> None:
    """No Ryuk: its image would have to be pulled, and each container here ends with its fixture.

    In a container testcontainers takes the engine's bridge for where ports are published.
    """
    monkeypatch_module.setattr(testcontainers_config, "_ryuk_disabled", True)
    if Path("/.dockerenv").exists():
        monkeypatch_module.setattr(testcontainers_config, "tc_host_override", "127.0.0.1")
        by_host = ConnectionMode.docker_host
        monkeypatch_module.setattr(testcontainers_config, "connection_mode_override", by_host)


@pytest.fixture(scope="module")
def monkeypatch_module() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def network(images: Images) -> Iterator[Network]:
    with Network() as made:
        yield made


@pytest.fixture(scope="module")
def database(images: Images, network: Network) -> Iterator[DockerContainer]:
    server = DockerContainer(
        images.postgres, env=DATABASE, network=network, network_aliases=["database"]
    )
    with server.waiting_for(_within(ExecWaitStrategy(READY))) as started:
        yield started


@pytest.fixture
def orders(database: DockerContainer, network: Network) -> Iterator[DockerContainer]:
    """order-api as on Fargate at its strictest, reached on the loopback."""
    api = DockerContainer("order-api:1", env={"DATABASE_URL": URL}, network=network)
    loopback: Any = ("127.0.0.1", None)  # as the SDK has it; testcontainers' types know only ports
    api.ports["8080/tcp"] = loopback
    api.with_kwargs(read_only=True, cap_drop=["ALL"], security_opt=["no-new-privileges"])
    with api.waiting_for(_within(HttpWaitStrategy(8080, "/healthz"))) as started:
        yield started


def _within(strategy: WaitStrategy) -> WaitStrategy:
    return strategy.with_startup_timeout(START_S).with_poll_interval(0.1)


def url(api: DockerContainer) -> str:
    return f"http://127.0.0.1:{api.get_exposed_port(8080)}"


def place(client: httpx.Client, key: str, **more: Any) -> httpx.Response:
    return client.post("/orders", json=WISH | more, headers={"Idempotency-Key": key})


def write(where: str, writer: int) -> dict[str, str]:
    """Place orders until the service goes; the acknowledged ones, ids by key."""
    kept: dict[str, str] = {}
    with httpx.Client(base_url=where, timeout=10) as client, suppress(httpx.HTTPError):
        for number in range(10_000):
            answer = place(client, f"writer-{os.getpid()}-{writer}-{number}")
            if answer.status_code == 201:
                kept[f"writer-{os.getpid()}-{writer}-{number}"] = answer.json()["id"]
    return kept


def test_acknowledged_orders_outlive_sigterm_in_the_middle(
    orders: DockerContainer, database: DockerContainer
) -> None:
    container, where = orders.get_wrapped_container(), url(orders)
    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write, where, n) for n in range(WRITERS)]
        wait_for(lambda: count(database) >= WRITERS * EACH, 30)
        container.kill(signal.SIGTERM)
        kept = {key: order for writer in writers for key, order in writer.result(60).items()}
    assert container.wait(timeout=30)["StatusCode"] == 0
    assert len(kept) >= WRITERS * EACH - WRITERS

    container.start()
    wait_for(lambda: answers(orders), 30)
    with httpx.Client(base_url=url(orders), timeout=10) as client:
        lost = [o for o in kept.values() if client.get(f"/orders/{o}").status_code != 200]
        assert lost == []
        for key, order in list(kept.items())[:20]:  # asked again: the same, not a second one
            again = place(client, key)
            assert (again.status_code, again.json()["id"]) == (200, order)
    doubled = "select count(*) - count(distinct key) from orders"
    assert sql(database, doubled) == "0"


def test_a_key_is_good_for_one_order_and_one_body(orders: DockerContainer) -> None:
    with httpx.Client(base_url=url(orders), timeout=10) as client:
        first = place(client, f"key-{os.getpid()}")
        again = place(client, f"key-{os.getpid()}")
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["id"] == again.json()["id"]
        assert place(client, f"key-{os.getpid()}", quantity=2).status_code == 409


def answers(api: DockerContainer) -> bool:
    api.reload()
    with suppress(httpx.HTTPError):
        return httpx.get(f"{url(api)}/healthz", timeout=1).status_code == 200
    return False


def count(database: DockerContainer) -> int:
    return int(sql(database, "select count(*) from orders"))


def sql(database: DockerContainer, question: str) -> str:
    done = database.exec(["psql", "-U", "orders", "-d", "shop", "-Atc", question])
    assert done.exit_code == 0, done.output
    return done.output.decode().strip()
