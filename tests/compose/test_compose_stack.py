"""What `docker compose up` brings up: who answers, where tasks are, what they may do."""

import os
import ssl
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.compose.stack import SERVICES, Stack, is_listening

pytestmark = pytest.mark.docker

ORDER = {"sku": "SKU-COMPOSE", "quantity": 2, "customer": "tests"}
ZONES = {"eu-central-1a": 1, "eu-central-1b": 2}  # block of the network
KINDS = {"eni", "app", "ecs-service-connect"}


@pytest.mark.parametrize("path", ["/orders", "/inventory"])
def test_both_services_answer_through_the_load_balancer(stack: Stack, path: str) -> None:
    answer = httpx.get(f"{stack.url}{path}")
    assert answer.status_code == 200
    assert answer.headers["x-task-id"] in tasks(stack)


@pytest.mark.parametrize("path", ["/orders", "/inventory"])
def test_they_answer_over_https_with_the_planes_ca(stack: Stack, path: str, tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_bytes(httpx.get(f"{stack.endpoint}/_rehearse/ca.pem").raise_for_status().content)
    with httpx.Client(verify=ssl.create_default_context(cafile=ca)) as client:
        assert client.get(f"https://localhost:{stack.https_port}{path}").status_code == 200
    with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
        httpx.get(f"https://localhost:{stack.https_port}{path}")


def test_a_reservation_travels_over_service_connect_to_an_order(stack: Stack) -> None:
    sku = httpx.get(f"{stack.url}/inventory").json()["items"][0]["sku"]
    before = httpx.get(f"{stack.url}/inventory/{sku}").json()["available"]
    wish = {"quantity": 1, "customer": "over-service-connect"}
    made = httpx.post(f"{stack.url}/inventory/{sku}/reservations", json=wish)
    assert made.status_code == 201, made.text
    assert httpx.get(f"{stack.url}/inventory/{sku}").json()["available"] == before - 1
    counted = "select count(*) from orders where customer = 'over-service-connect'"
    assert stack.sql(counted) == "1"


def test_orders_are_in_postgresql(stack: Stack) -> None:
    made = httpx.post(f"{stack.url}/orders", json=ORDER)
    assert made.status_code == 201, made.text
    order_id = made.headers["location"].rpartition("/")[2]
    assert stack.sql(f"select sku, quantity from orders where id = '{order_id}'") == "SKU-COMPOSE|2"


def tasks(stack: Stack) -> dict[str, dict[str, Any]]:
    """The running tasks of both services, as DescribeTasks has them, by id."""
    ecs = stack.client("ecs")
    found: dict[str, dict[str, Any]] = {}
    for service in SERVICES:
        arns = ecs.list_tasks(cluster="rehearsal", serviceName=service)["taskArns"]
        described = ecs.describe_tasks(cluster="rehearsal", tasks=arns)["tasks"]
        assert len(described) == 2, service
        found |= {t["taskArn"].rpartition("/")[2]: t | {"service": service} for t in described}
    return found


def address(task: dict[str, Any]) -> IPv4Address:
    details = {d["name"]: d["value"] for d in task["attachments"][0]["details"]}
    return IPv4Address(details["privateIPv4Address"])


def test_each_service_has_a_task_in_each_zone_at_an_address_of_the_zone(stack: Stack) -> None:
    blocks = list(stack.network.subnets(new_prefix=24))
    found = tasks(stack).values()
    for service in SERVICES:
        zones = sorted(t["availabilityZone"] for t in found if t["service"] == service)
        assert zones == sorted(ZONES)
    for task in found:
        assert address(task) in blocks[ZONES[task["availabilityZone"]]]
    assert len({address(task) for task in found}) == 4


def test_each_task_is_an_application_beside_its_proxy_in_one_network(stack: Stack) -> None:
    by_task: dict[str, list[Any]] = {}
    for container in stack.task_containers():
        by_task.setdefault(container.labels["rehearse.task"], []).append(container)
    known = tasks(stack)
    assert set(by_task) == set(known)
    for task, members in by_task.items():
        kinds = {kind(c): c for c in members}
        assert set(kinds) == KINDS
        eni = kinds.pop("eni")
        (network,) = eni.attrs["NetworkSettings"]["Networks"].values()
        assert network["IPAddress"] == str(address(known[task]))
        joined = {c.attrs["HostConfig"]["NetworkMode"] for c in kinds.values()}
        assert joined == {f"container:{eni.id}"}


def kind(container: Any) -> str:
    name: str = container.labels.get("rehearse.container", "eni")
    return name.rpartition("-")[0] if name.startswith("ecs-service-connect") else name


def test_applications_run_without_root_and_without_capabilities(stack: Stack) -> None:
    apps = [c for c in stack.task_containers() if kind(c) == "app"]
    assert len(apps) == 4
    for app in apps:
        code, said = app.exec_run(["cat", "/proc/1/status"])
        assert code == 0
        status = dict(line.split(":\t") for line in said.decode().splitlines() if ":\t" in line)
        assert set(status["Uid"].split()) == {"10001"}
        assert int(status["CapEff"], 16) == 0


def test_root_file_systems_are_read_only(stack: Stack) -> None:
    """Of every task's containers, and of Compose's own but the database's."""
    for container in [*stack.task_containers(), stack.container("plane"), stack.container("alb")]:
        host = container.attrs["HostConfig"]
        assert host["ReadonlyRootfs"], container.name
        assert not host["Privileged"], container.name


def test_the_plane_and_the_proxies_keep_no_capability(stack: Stack) -> None:
    proxies = [c for c in stack.task_containers() if kind(c) == "ecs-service-connect"]
    assert len(proxies) == 4
    for container in [*proxies, stack.container("plane")]:
        assert container.attrs["HostConfig"]["CapDrop"] == ["ALL"], container.name
        assert not container.attrs["HostConfig"]["CapAdd"], container.name


def test_ports_are_published_on_loopback_only(stack: Stack) -> None:
    chosen = {"label": f"com.docker.compose.project={stack.project}"}
    members = [
        *stack.engine.containers.list(ignore_removed=True, filters=chosen),
        *stack.task_containers(),
    ]
    places = [
        place
        for container in members
        for published in container.attrs["NetworkSettings"]["Ports"].values()
        for place in published or ()
    ]
    assert {place["HostIp"] for place in places} == {"127.0.0.1"}
    assert {int(place["HostPort"]) for place in places} == set(stack.ports[:3])
    gateway = str(stack.network[1])  # this machine, by another address
    assert is_listening(stack.port, "127.0.0.1")
    assert [port for port in stack.ports[:3] if is_listening(port, gateway)] == []


def test_nothing_is_written_outside_the_stack(stack: Stack, tmp_path: Path) -> None:
    """The command finds the plane from any folder, and leaves that as it was."""
    assert stack.rehearse("status", folder=tmp_path).returncode == 0
    assert os.listdir(tmp_path) == []
