"""Databases, applications in memory, and real processes for the tests of the two services."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import psycopg
import pytest

from services.order_api.app import create_app
from services.order_api.database import open_database
from services.order_api.drain import Lifecycle
from services.order_api.settings import from_environ
from services.order_api.store import Store
from tests.services.cluster import find_binaries, running_cluster
from tests.services.running import MakeOrderApi, OpenStore, OrderApi, Running, Start
from tests.services.waiting import LONGEST_WAIT


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def postgresql_cluster() -> Iterator[str]:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL's initdb and postgres are not installed")
    with running_cluster(binaries) as url:
        yield url


@pytest.fixture
def postgresql_url(postgresql_cluster: str) -> Iterator[str]:
    """An empty database of the throwaway PostgreSQL."""
    name = f"t{time.monotonic_ns()}"
    with psycopg.connect(postgresql_cluster, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    yield postgresql_cluster.replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgresql_cluster, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/orders.sqlite"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def open_store(request: pytest.FixtureRequest) -> OpenStore:
    """Opens stores, each as one more task would; they are closed at the end."""

    def open_one(url: str) -> Store:
        store = Store(open_database(url))
        request.addfinalizer(store.database.close)
        return store

    return open_one


@pytest.fixture
def make_order_api(sqlite_url: str, open_store: OpenStore) -> MakeOrderApi:
    def make(environ: Mapping[str, str]) -> OrderApi:
        settings = from_environ({"DATABASE_URL": sqlite_url, "VERSION": "7", **environ})
        lifecycle = Lifecycle(settings.version, settings.drain_seconds)
        lifecycle.task = "task-1"
        store = open_store(settings.database_url)
        transport = httpx.ASGITransport(create_app(settings, store, lifecycle))
        http = httpx.AsyncClient(transport=transport, base_url="http://order-api")
        return OrderApi(lifecycle, store, http)

    return make


@pytest.fixture
def order_api(make_order_api: MakeOrderApi) -> OrderApi:
    api = make_order_api({})
    api.lifecycle.become_ready()
    return api


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Running] = []

    def start_one(service: str, **environ: str) -> Running:
        started.append(Running(service, environ, tmp_path))
        return started[-1]

    yield start_one
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait(LONGEST_WAIT)
