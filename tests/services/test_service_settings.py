"""Settings of both services, and what must hold between their sources."""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from services.inventory_api.settings import from_environ as read_inventory_settings
from services.inventory_api.variables import SettingsError as InventorySettingsError
from services.order_api.settings import from_environ as read_order_settings
from services.order_api.variables import SettingsError as OrderSettingsError

SERVICES = Path(__file__).parents[2] / "services"
READERS: dict[str, Callable[[Mapping[str, str]], object]] = {
    "order_api": read_order_settings,
    "inventory_api": read_inventory_settings,
}
ERRORS = (OrderSettingsError, InventorySettingsError)

# The services share no code, so that each is whole by itself; what is the same in both must
# stay the same.
COPIED = [
    "body",
    "drain",
    "errors",
    "faults",
    "health",
    "log",
    "probe",
    "requestlog",
    "server",
    "task",
    "variables",
]

WRONG_IN_BOTH = [
    ("PORT", "http", "the port is a word"),
    ("PORT", "0", "the port is zero"),
    ("PORT", "65536", "the port is too high"),
    ("PORT", "1e3", "the port is no whole number"),
    ("DRAIN_SECONDS", "-1", "the drain is negative"),
    ("DRAIN_SECONDS", "nan", "the drain is no number"),
    ("DRAIN_SECONDS", "121", "the drain exceeds any stopTimeout"),
    ("KEEP_ALIVE_SECONDS", "0", "no keep-alive"),
    ("KEEP_ALIVE_SECONDS", "75s", "a unit in a number"),
    ("VERSION", "a\nb", "a line break"),
    ("ECS_CONTAINER_METADATA_URI_V4", "file:///etc", "the metadata is no http URL"),
    ("ECS_CONTAINER_METADATA_URI_V4", "http://[", "the metadata is no URL"),
    ("FAULTS", "yes", "a word that is not allow"),
    ("FAULT_SICK_HEALTHZ", "1", "a fault that is not allowed"),
    ("FAULT_SICK_HEALTHZ", "0", "a fault set off but not allowed"),
    ("FAULT_START_DELAY_SECONDS", "3", "a delay that is not allowed"),
    ("FAULT_CRASH_AFTER_SECONDS", "3", "a crash that is not allowed"),
    ("FAULT_IGNORE_SIGTERM", "1", "deafness that is not allowed"),
    ("FAULT_SIK_HEALTHZ", "1", "a fault that does not exist"),
]
WRONG = [(s, *case) for s in READERS for case in WRONG_IN_BOTH] + [
    ("order_api", "DATABASE_URL", "mysql://u:secret@host/db", "another database"),
    ("order_api", "DATABASE_URL", "orders.sqlite", "a path instead of a URL"),
    ("order_api", "DATABASE_URL", "sqlite://", "a database in memory"),
    ("order_api", "DATABASE_URL", "sqlite:///:memory:", "a database in memory by name"),
    ("inventory_api", "ORDER_API_URL", "order-api:8080", "a URL without its scheme"),
    ("inventory_api", "ORDER_API_URL", "http://", "a URL without a host"),
    ("inventory_api", "ORDER_API_URL", "http://a:b", "a URL with a wrong port"),
    ("inventory_api", "CALL_TIMEOUT_SECONDS", "0", "no time to answer"),
    ("inventory_api", "CALL_TIMEOUT_SECONDS", "inf", "all the time in the world"),
    ("inventory_api", "INVENTORY", "{", "half an object"),
    ("inventory_api", "INVENTORY", "{}", "an empty catalogue"),
    ("inventory_api", "INVENTORY", '{"A": -1}', "a negative count"),
    ("inventory_api", "INVENTORY", '{"A": true}', "a boolean count"),
    ("inventory_api", "INVENTORY", '{"a b": 1}', "a SKU with a space"),
]


@pytest.mark.parametrize(
    ("service", "name", "value"),
    [pytest.param(*case[:3], id=f"{case[0]}: {case[3]}") for case in WRONG],
)
def test_a_wrong_variable_is_refused_in_one_sentence(service: str, name: str, value: str) -> None:
    with pytest.raises(ERRORS) as caught:
        READERS[service]({name: value})
    sentence = str(caught.value)
    assert sentence.startswith(f"{name} is ")
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert "; " in sentence, "what to do"
    assert "secret" not in sentence


@pytest.mark.parametrize("service", READERS)
def test_faults_are_read_when_allowed(service: str) -> None:
    environ = {
        "FAULTS": "allow",
        "FAULT_START_DELAY_SECONDS": "0.5",
        "FAULT_SICK_HEALTHZ": "1",
        "FAULT_CRASH_AFTER_SECONDS": "0",
        "FAULT_IGNORE_SIGTERM": "1",
    }
    faults = getattr(READERS[service](environ), "faults")  # noqa: B009 - two Settings types
    assert (faults.start_delay_seconds, faults.sick_healthz) == (0.5, True)
    assert (faults.crash_after_seconds, faults.ignore_sigterm) == (0, True)


@pytest.mark.parametrize("service", READERS)
def test_faults_are_off_by_default_and_empty_means_unset(service: str) -> None:
    read = READERS[service]
    assert read({}) == read({"FAULTS": "", "FAULT_SICK_HEALTHZ": "", "PORT": "", "HOST": " "})
    faults = getattr(read({}), "faults")  # noqa: B009 - two Settings types
    assert (faults.start_delay_seconds, faults.crash_after_seconds) == (0, None)
    assert (faults.sick_healthz, faults.ignore_sigterm) == (False, False)


def test_the_log_does_not_show_the_databases_password() -> None:
    settings = read_order_settings({"DATABASE_URL": "postgresql://me:s3cr:et@db/orders"})
    assert "s3cr" not in str(settings.shown())
    assert "postgresql://me:***@db/orders" in str(settings.shown())


class Recording(dict[str, str]):
    """An environment that remembers which variables were asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


@pytest.mark.parametrize("service", READERS)
def test_the_readme_has_every_variable(service: str) -> None:
    environ = Recording()
    READERS[service](environ)
    readme = (SERVICES / service / "README.md").read_text()
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \|", readme, re.MULTILINE)
    assert sorted(rows) == sorted(environ.asked)


@pytest.mark.parametrize("service", READERS)
def test_the_readme_and_openapi_have_every_route(service: str) -> None:
    app = (SERVICES / service / "app.py").read_text()
    routes = set(re.findall(r'Route\("([^"]+)"', app))
    described = import_module(f"services.{service}.openapi").describe("7")["paths"]
    readme = (SERVICES / service / "README.md").read_text()
    assert set(described) == routes - {"/openapi.json"}
    assert {r for r in routes if f" {r}`" not in readme and f" {r}?" not in readme} <= {
        r for r in routes if f" {r}` with" in readme
    }


@pytest.mark.parametrize("module", COPIED)
def test_copies_agree(module: str) -> None:
    mine = (SERVICES / "order_api" / f"{module}.py").read_text()
    copy = (SERVICES / "inventory_api" / f"{module}.py").read_text()
    renamed = mine.replace("order_api", "inventory_api").replace("order-api", "inventory-api")
    assert copy == renamed


@pytest.mark.parametrize("service", READERS)
def test_a_service_imports_nothing_of_ours_but_itself(service: str) -> None:
    ours = ("services", "infra", "loadtest", "chaos", "rehearse", "tests")
    for path in (SERVICES / service).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            foreign = [n for n in names if n.split(".")[0] in ours]
            assert all(n.startswith(f"services.{service}.") for n in foreign), path


@pytest.mark.parametrize("service", READERS)
def test_the_probe_imports_nothing_heavy(service: str) -> None:
    assert (SERVICES / "__init__.py").read_text() == ""
    assert (SERVICES / service / "__init__.py").read_text() == ""
    code = f"import sys, services.{service}.probe; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=SERVICES.parent,
    ).stdout.split()
    assert not {"asyncio", "json", "http.client", "httpx", "ssl", "logging"} & set(loaded)
