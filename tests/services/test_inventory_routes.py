"""inventory-api's endpoints, in memory, with order-api in memory behind it or in trouble."""

from collections.abc import AsyncIterator, Callable

import anyio
import httpx
import pytest

from services.inventory_api.app import create_app
from services.inventory_api.client import OrderClient
from services.inventory_api.drain import Lifecycle
from services.inventory_api.settings import from_environ
from tests.services.running import OrderApi

pytestmark = pytest.mark.anyio

STOCK = '{"SKU-1": 10, "SKU-2": 3}'
GOOD = {"quantity": 4, "customer": "Ada"}


def make_inventory(
    transport: httpx.AsyncBaseTransport, timeout_seconds: float = 2
) -> httpx.AsyncClient:
    settings = from_environ({"INVENTORY": STOCK, "VERSION": "7"})
    lifecycle = Lifecycle(settings.version, settings.drain_seconds)
    lifecycle.task = "task-2"
    lifecycle.become_ready()
    client = OrderClient("http://order-api:8080", timeout_seconds, transport)
    app = httpx.ASGITransport(create_app(settings, client, lifecycle))
    return httpx.AsyncClient(transport=app, base_url="http://inventory-api")


@pytest.fixture
def inventory(order_api: OrderApi) -> httpx.AsyncClient:
    return make_inventory(order_api.http._transport)


async def test_available_is_on_hand_minus_open_orders(
    inventory: httpx.AsyncClient, order_api: OrderApi
) -> None:
    made = await order_api.http.post("/orders", json={"sku": "SKU-1"} | GOOD)
    expected = {"sku": "SKU-1", "on_hand": 10, "open": 4, "available": 6}
    assert (await inventory.get("/inventory/SKU-1")).json() == expected
    other = {"sku": "SKU-2", "on_hand": 3, "open": 0, "available": 3}
    assert (await inventory.get("/inventory")).json() == {"items": [expected, other]}
    await order_api.http.post(f"{made.headers['location']}/cancel")
    assert (await inventory.get("/inventory/SKU-1")).json()["available"] == 10


async def test_a_reservation_is_an_order(inventory: httpx.AsyncClient, order_api: OrderApi) -> None:
    made = await inventory.post("/inventory/SKU-1/reservations", json=GOOD)
    assert made.status_code == 201
    order = await order_api.http.get(made.headers["location"])
    assert order.json() == made.json()
    assert (order.json()["sku"], order.json()["quantity"]) == ("SKU-1", 4)
    assert order.json()["idempotency_key"], "a key is made, as a proxy may repeat the POST"


async def test_the_same_key_reserves_once(inventory: httpx.AsyncClient) -> None:
    key = {"idempotency-key": "k"}
    path = "/inventory/SKU-1/reservations"
    first = await inventory.post(path, json=GOOD, headers=key)
    again = await inventory.post(path, json=GOOD, headers=key)
    other = await inventory.post(path, json=GOOD | {"quantity": 1}, headers=key)
    assert (first.status_code, again.status_code, other.status_code) == (201, 200, 409)
    assert again.json() == first.json()
    assert (await inventory.get("/inventory/SKU-1")).json()["open"] == 4


async def test_reservations_at_once_do_not_oversell(inventory: httpx.AsyncClient) -> None:
    statuses: list[int] = []

    async def reserve() -> None:
        answer = await inventory.post("/inventory/SKU-1/reservations", json=GOOD)
        statuses.append(answer.status_code)

    async with anyio.create_task_group() as group:
        for _ in range(8):
            group.start_soon(reserve)
    assert sorted(statuses) == [201, 201, 409, 409, 409, 409, 409, 409]
    assert (await inventory.get("/inventory/SKU-1")).json()["available"] == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        pytest.param({"quantity": 0, "customer": "Ada"}, "quantity", id="no units"),
        pytest.param({"quantity": 1}, "customer", id="no customer"),
        pytest.param(GOOD | {"sku": "SKU-2"}, "'sku'", id="the SKU is in the path"),
        pytest.param(GOOD | {"open_limit": 99}, "'open_limit'", id="the guard is not the caller's"),
    ],
)
async def test_an_invalid_reservation_is_refused_naming_the_field(
    inventory: httpx.AsyncClient, body: dict[str, object], field: str
) -> None:
    answer = await inventory.post("/inventory/SKU-1/reservations", json=body)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


async def test_a_wrong_key_is_refused(inventory: httpx.AsyncClient) -> None:
    answer = await inventory.post(
        "/inventory/SKU-1/reservations", json=GOOD, headers=[(b"idempotency-key", b"caf\xe9")]
    )
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "Idempotency-Key")


async def test_a_large_body_is_refused(inventory: httpx.AsyncClient) -> None:
    answer = await inventory.post("/inventory/SKU-1/reservations", content=b" " * 65_537)
    assert answer.status_code == 413


async def test_an_unknown_sku_is_404(inventory: httpx.AsyncClient) -> None:
    answers = [
        await inventory.get("/inventory/SKU-9"),
        await inventory.post("/inventory/SKU-9/reservations", json=GOOD),
    ]
    assert [a.status_code for a in answers] == [404, 404]


async def test_ids_go_to_order_api(order_api: OrderApi) -> None:
    seen: list[httpx.Request] = []

    class Watching(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            seen.append(request)
            return await order_api.http._transport.handle_async_request(request)

    inventory = make_inventory(Watching())
    parent = f"00-{'a' * 32}-{'b' * 16}-00"
    answer = await inventory.get(
        "/inventory/SKU-1", headers={"x-request-id": "r1", "traceparent": parent}
    )
    assert seen[0].headers["x-request-id"] == "r1"
    version, trace_id, span_id, flags = seen[0].headers["traceparent"].split("-")
    assert (version, trace_id, flags) == ("00", "a" * 32, "00")
    assert span_id != "b" * 16
    assert answer.headers["x-task-id"] == "task-2", "not order-api's task"


class SlowBody(httpx.AsyncByteStream):
    """A byte every 50 ms: no single read is slow."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for _ in range(1000):
            await anyio.sleep(0.05)
            yield b" "


async def refuse(_request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused")


async def hang(_request: httpx.Request) -> httpx.Response:
    await anyio.sleep(30)
    raise AssertionError("not reached")


async def disconnect(_request: httpx.Request) -> httpx.Response:
    raise httpx.RemoteProtocolError("server disconnected")


def answering(status: int, content: bytes) -> Callable[[httpx.Request], httpx.Response]:
    return lambda _request: httpx.Response(status, content=content)


@pytest.mark.parametrize(
    "trouble",
    [
        pytest.param(refuse, id="refuses connections"),
        pytest.param(hang, id="never answers"),
        pytest.param(disconnect, id="closes the connection"),
        pytest.param(lambda _: httpx.Response(200, stream=SlowBody()), id="trickles its answer"),
        pytest.param(answering(500, b"{}"), id="fails"),
        pytest.param(answering(503, b"{}"), id="is unavailable"),
        pytest.param(answering(404, b"{}"), id="is something else"),
        pytest.param(answering(200, b"<html>"), id="answers HTML"),
        pytest.param(answering(200, b"[]"), id="answers an array"),
        pytest.param(answering(200, b'{"open": {}}'), id="answers without the SKU or an id"),
    ],
)
async def test_order_api_in_trouble_is_503_in_time(
    trouble: Callable[[httpx.Request], httpx.Response],
) -> None:
    inventory = make_inventory(httpx.MockTransport(trouble), timeout_seconds=0.2)
    with anyio.fail_after(2):
        for answer in (
            await inventory.get("/inventory"),
            await inventory.get("/inventory/SKU-1"),
            await inventory.post("/inventory/SKU-1/reservations", json=GOOD),
        ):
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
        assert (await inventory.get("/healthz")).status_code == 200
