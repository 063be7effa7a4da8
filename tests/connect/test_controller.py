import json
from pathlib import Path

import pytest

from infra.local.connect.controller import LOG_BYTES, ServiceConnect
from infra.local.scheduler.model import TaskStatus
from infra.local.store import Deployment, Port, Store, Task
from infra.local.ways import OpenWays, Place
from tests.connect.records import add_service, add_task, alias, network, new_store, publish

ENVOY = Path("/opt/envoy")


def controller(store: Store, directory: Path) -> ServiceConnect:
    return ServiceConnect(store, directory=directory, scale=10, envoy=ENVOY)


def addresses(file: Path) -> list[str]:
    (resource,) = json.loads(file.read_text())["resources"]
    return [
        endpoint["endpoint"]["address"]["socket_address"]["address"]
        for group in resource["endpoints"]
        for endpoint in group["lb_endpoints"]
    ]


def test_the_container_is_named_like_on_ecs_and_runs_envoy(tmp_path: Path) -> None:
    store = new_store()
    order = add_service(store, "order-api", published=(publish(),))
    task = add_task(store, order, "127.9.0.1")

    spec = controller(store, tmp_path).prepare(task, network())

    assert spec is not None
    assert spec.command is not None
    assert spec.name.startswith("ecs-service-connect-")
    assert len(spec.name) == len("ecs-service-connect-") + 6
    assert spec.image == "service-connect"
    assert spec.command[:3] == ("/opt/envoy", "-c", str(tmp_path / task.id[:12] / "envoy.json"))
    assert "--disable-hot-restart" in spec.command


def test_a_task_without_service_connect_gets_no_proxy(tmp_path: Path) -> None:
    store = new_store()
    order = add_service(store, "order-api", published=(publish(),), enabled=False)
    task = add_task(store, order, "127.9.0.1")
    connect = controller(store, tmp_path)

    assert connect.prepare(task, network()) is None
    assert connect.intercepted(task) == ()
    assert connect.aliases(task) == ()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("published", "ports"),
    [
        pytest.param((publish(),), (8080,), id="the port of the published name is the proxy's"),
        pytest.param((), (), id="a client only publishes nothing"),
        pytest.param(
            (publish(ingressPortOverride=15000),), (), id="an override leaves the port alone"
        ),
    ],
)
def test_intercepted_ports(
    published: tuple[dict[str, object], ...], ports: tuple[int, ...], tmp_path: Path
) -> None:
    store = new_store()
    task = add_task(store, add_service(store, "order-api", published=published), "127.9.0.1")

    assert controller(store, tmp_path).intercepted(task) == ports


def test_an_alias_made_later_is_unknown_to_tasks_of_an_earlier_deployment(tmp_path: Path) -> None:
    store = new_store()
    order = add_service(store, "order-api", published=(publish(),))
    client = add_service(store, "inventory-api", aliases=(alias(order),))
    early = add_task(store, client, "127.9.0.3")
    later = add_service(store, "later", published=(publish(),))
    newer = Deployment("ecs-svc/2", client.task_definition, 0, 0, service_connect={"enabled": True})
    newer.aliases = (alias(order), alias(later))
    client.deployments.append(newer)
    replacement = add_task(store, client, "127.9.0.4")
    redeployed = add_task(store, client, "127.9.0.5", started_by="ecs-svc/2")
    connect = controller(store, tmp_path)

    assert [a.dns_name for a in connect.aliases(early)] == ["order-api"]
    assert [a.dns_name for a in connect.aliases(replacement)] == ["order-api"]
    assert [a.dns_name for a in connect.aliases(redeployed)] == ["order-api", "later"]


def test_refresh_writes_only_what_changed(tmp_path: Path) -> None:
    store = new_store()
    order = add_service(store, "order-api", published=(publish(),))
    stock = add_service(store, "stock", published=(publish(),))
    client = add_service(store, "inventory-api", aliases=(alias(order), alias(stock)))
    first = add_task(store, order, "127.9.0.1")
    add_task(store, order, "127.9.0.2")
    add_task(store, stock, "127.9.0.6")
    task = add_task(store, client, "127.9.0.3")
    connect = controller(store, tmp_path)
    connect.prepare(task, network(order_api="127.9.2.1", stock="127.9.2.2"))
    folder = tmp_path / task.id[:12]
    before = [(folder / name).stat().st_ino for name in ("members-0.json", "members-1.json")]
    assert addresses(folder / "members-0.json") == ["127.9.0.1", "127.9.0.2"]

    first.desired = TaskStatus.STOPPED
    connect.refresh()
    after = [(folder / name).stat().st_ino for name in ("members-0.json", "members-1.json")]

    assert addresses(folder / "members-0.json") == ["127.9.0.2"]
    assert after[0] != before[0]
    assert after[1] == before[1]


@pytest.mark.parametrize(
    ("app_protocol", "url"),
    [
        pytest.param("http", "http://127.9.2.1:8080", id="an HTTP alias serves as http_proxy"),
        pytest.param(None, None, id="a TCP alias cannot"),
    ],
)
def test_proxy(app_protocol: str | None, url: str | None, tmp_path: Path) -> None:
    store = new_store()
    ports = (Port(8080, "http", app_protocol),)
    order = add_service(store, "order-api", ports=ports, published=(publish(),))
    client = add_service(store, "inventory-api", aliases=(alias(order),))
    task = add_task(store, client, "127.9.0.3")

    assert controller(store, tmp_path).proxy(task, network(order_api="127.9.2.1")) == url


def test_forget_removes_the_files_and_may_be_called_again(tmp_path: Path) -> None:
    store = new_store()
    order = add_service(store, "order-api", published=(publish(),))
    client = add_service(store, "inventory-api", aliases=(alias(order),))
    task = add_task(store, client, "127.9.0.3")
    connect = controller(store, tmp_path)
    connect.prepare(task, network(order_api="127.9.2.1"))

    connect.forget(task.id)
    connect.forget(task.id)
    connect.refresh()

    assert list(tmp_path.iterdir()) == []


def test_a_directory_too_long_for_sockets_is_refused_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"too long.*at least \d+ bytes shorter"):
        controller(new_store(), tmp_path / ("x" * 100))


def test_a_big_access_log_is_moved_aside(tmp_path: Path) -> None:
    store = new_store()
    task = add_task(store, add_service(store, "order-api"), "127.9.0.1")
    connect = controller(store, tmp_path)
    connect.prepare(task, network())
    log = tmp_path / task.id[:12] / "egress.jsonl"
    log.write_bytes(b"x" * LOG_BYTES)

    connect.trim_logs()
    connect.trim_logs()

    assert log.stat().st_size == 0
    assert log.with_name("egress.jsonl.1").stat().st_size == LOG_BYTES


@pytest.mark.anyio
async def test_a_proxy_that_does_not_run_is_not_ready_and_drains_in_vain(tmp_path: Path) -> None:
    store = new_store()
    task = add_task(store, add_service(store, "order-api"), "127.9.0.1")
    connect = controller(store, tmp_path)
    connect.prepare(task, network())

    await connect.drain(task.id)

    assert not await connect.ready(task.id, limit_ms=60)
    assert not await connect.ready("unknown", limit_ms=60)


class _Refusing(OpenWays):
    """Leads every call to one address elsewhere, until told otherwise."""

    def __init__(self, refused: str) -> None:
        self.refused = refused

    def from_task(self, task: Task, place: Place) -> Place:
        return (place[0], 1) if place[0] == self.refused else place


def test_a_member_that_no_rule_lets_the_task_reach_is_led_to_a_port_that_never_answers(
    tmp_path: Path,
) -> None:
    store = new_store()
    order = add_service(store, "order-api", published=(publish(),))
    client = add_service(store, "inventory-api", aliases=(alias(order),))
    for address in ("127.9.0.1", "127.9.0.2"):
        add_task(store, order, address)
    task = add_task(store, client, "127.9.0.3")
    ways = _Refusing("127.9.0.2")
    connect = ServiceConnect(store, directory=tmp_path, scale=10, envoy=ENVOY, ways=ways)
    connect.prepare(task, network(order_api="127.9.2.1"))
    file = tmp_path / task.id[:12] / "members-0.json"
    assert ports(file) == {"127.9.0.1": 8080, "127.9.0.2": 1}

    ways.refused = ""
    connect.refresh()
    assert ports(file) == {"127.9.0.1": 8080, "127.9.0.2": 8080}


def ports(file: Path) -> dict[str, int]:
    (resource,) = json.loads(file.read_text())["resources"]
    found = [
        endpoint["endpoint"]["address"]["socket_address"]
        for group in resource["endpoints"]
        for endpoint in group["lb_endpoints"]
    ]
    return {one["address"]: one["port_value"] for one in found}
