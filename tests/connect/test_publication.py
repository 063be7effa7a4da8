from typing import Any

import pytest

from infra.local.connect.proxy import ingress
from infra.local.connect.publication import Terms, members, publications, terms
from infra.local.proxy.configs.sidecar_model import AppProtocol, Endpoint, Ingress
from infra.local.scheduler.model import HealthStatus, TaskStatus
from infra.local.store import Deployment, Port
from tests.connect.records import add_service, add_task, alias, network, new_store, publish


@pytest.mark.parametrize(
    ("task", "joins"),
    [
        pytest.param({}, True, id="a running task without a container health check serves"),
        pytest.param(
            {"checked": True, "health": HealthStatus.HEALTHY}, True, id="a healthy task serves"
        ),
        pytest.param(
            {"checked": True, "health": HealthStatus.UNKNOWN},
            False,
            id="a checked task waits for its first pass",
        ),
        pytest.param(
            {"checked": True, "health": HealthStatus.UNHEALTHY},
            False,
            id="an unhealthy task is out",
        ),
        pytest.param(
            {"desired": TaskStatus.STOPPED}, False, id="a task asked to stop is out at once"
        ),
        pytest.param(
            {"status": TaskStatus.ACTIVATING}, False, id="a task not yet running is not in"
        ),
        pytest.param({"status": TaskStatus.STOPPED}, False, id="a stopped task is out"),
        pytest.param({"service": None}, False, id="a standalone task is no member"),
        pytest.param({"started_by": "ecs-svc/gone"}, False, id="an unlisted deployment has none"),
        pytest.param({"address": None}, False, id="a task without an address is no member"),
    ],
)
def test_membership(task: dict[str, Any], joins: bool) -> None:
    store = new_store()
    order = add_service(store, "order-api", published=(publish(),))
    add_task(store, order, "127.9.0.7", **task)

    found = members(store, [alias(order)])

    assert found == {alias(order): (Endpoint("127.9.0.7", 8080, "eu-central-1a"),) if joins else ()}


def test_members_are_listed_by_zone_and_address() -> None:
    store = new_store()
    order = add_service(store, "order-api", published=(publish(),))
    add_task(store, order, "127.9.0.9", zone="b")
    add_task(store, order, "127.9.0.8", zone="a")
    add_task(store, order, "127.9.0.7", zone="b")

    found = members(store, [alias(order)])[alias(order)]

    assert [e.address for e in found] == ["127.9.0.8", "127.9.0.7", "127.9.0.9"]


def test_a_revision_with_another_port_is_reached_at_its_own() -> None:
    store = new_store()
    order = add_service(store, "order-api", published=(publish(),))
    add_task(store, order, "127.9.0.7")
    other = add_service(store, "other", ports=(Port(9000, "http", "http"),))
    add_task(store, order, "127.9.0.8", task_definition=other.primary.task_definition)

    found = members(store, [alias(order)])[alias(order)]

    assert [(e.address, e.port) for e in found] == [("127.9.0.7", 8080), ("127.9.0.8", 9000)]


def test_tasks_of_a_deployment_without_service_connect_are_no_members() -> None:
    store = new_store()
    order = add_service(store, "order-api", published=(publish(),))
    order.deployments.append(Deployment("ecs-svc/old", order.task_definition, 0, 0, "ACTIVE"))
    add_task(store, order, "127.9.0.7", started_by="ecs-svc/old")

    assert members(store, [alias(order)]) == {alias(order): ()}


def test_an_ingress_port_override_is_where_callers_go() -> None:
    store = new_store()
    order = add_service(store, "order-api", published=(publish(ingressPortOverride=15000),))
    task = add_task(store, order, "127.9.0.7")

    (offer,) = publications(store, task)
    (member,) = members(store, [alias(order)])[alias(order)]

    assert (offer.port, offer.container_port, offer.intercepted) == (15000, 8080, False)
    assert member.port == 15000


@pytest.mark.parametrize(
    ("port", "timeout", "expected"),
    [
        pytest.param(
            Port(8080, "http", "http"), None, Terms(AppProtocol.HTTP, 15, 300), id="HTTP defaults"
        ),
        pytest.param(Port(8080, "http"), None, Terms(AppProtocol.TCP, 15, 3600), id="TCP defaults"),
        pytest.param(
            Port(8080, "http", "grpc"),
            {"perRequestTimeoutSeconds": 0},
            Terms(AppProtocol.GRPC, 0, 300),
            id="zero switches a timeout off, the other keeps its default",
        ),
        pytest.param(
            Port(8080, "http", "http2"),
            {"perRequestTimeoutSeconds": 3, "idleTimeoutSeconds": 7},
            Terms(AppProtocol.HTTP2, 3, 7),
            id="the service's own timeouts",
        ),
    ],
)
def test_terms(port: Port, timeout: dict[str, int] | None, expected: Terms) -> None:
    store = new_store()
    published = publish(timeout=timeout) if timeout else publish()
    order = add_service(store, "order-api", ports=(port,), published=(published,))

    assert terms(store, alias(order)) == expected


def test_a_deleted_publisher_leaves_an_alias_without_members() -> None:
    store = new_store()
    order = add_service(store, "order-api", published=(publish(),))
    del store.services[order.arn]

    assert members(store, [alias(order)]) == {alias(order): ()}
    assert terms(store, alias(order)).protocol is AppProtocol.TCP


def test_unpublished_ports_pass_plainly_where_the_proxy_owns_the_address() -> None:
    store = new_store()
    ports = (Port(8080, "http", "http"), Port(9000, "metrics", "http"))
    order = add_service(store, "order-api", ports=ports, published=(publish(),))
    task = add_task(store, order, "127.9.0.1")

    assert ingress(store, task, network()) == (
        Ingress("127.9.0.1", 8080, "127.9.1.1", 8080, AppProtocol.HTTP),
        Ingress("127.9.0.1", 9000, "127.9.1.1", 9000, AppProtocol.TCP),
    )


def test_a_client_only_has_no_ingress() -> None:
    store = new_store()
    task = add_task(store, add_service(store, "inventory-api"), "127.9.0.1")

    assert ingress(store, task, network(inner="127.9.0.1")) == ()


def test_an_override_leaves_the_containers_own_port_to_the_application() -> None:
    store = new_store()
    order = add_service(store, "order-api", published=(publish(ingressPortOverride=15000),))
    task = add_task(store, order, "127.9.0.1")

    assert ingress(store, task, network(inner="127.9.0.1")) == (
        Ingress("127.9.0.1", 15000, "127.9.0.1", 8080, AppProtocol.HTTP),
    )
