"""order-api's endpoints, in memory."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest

from tests.services.running import MakeOrderApi, OrderApi

pytestmark = pytest.mark.anyio

GOOD = {"sku": "SKU-1", "quantity": 2, "customer": "Ada"}


async def test_a_created_order_is_at_its_location(order_api: OrderApi) -> None:
    made = await order_api.http.post("/orders", json=GOOD, headers={"idempotency-key": "k"})
    assert made.status_code == 201
    found = await order_api.http.get(made.headers["location"])
    assert found.json() == made.json()
    assert {k: found.json()[k] for k in GOOD} == GOOD
    assert (found.json()["status"], found.json()["idempotency_key"]) == ("open", "k")


async def test_the_same_key_and_body_return_the_same_order(order_api: OrderApi) -> None:
    first = await order_api.http.post("/orders", json=GOOD, headers={"idempotency-key": "k"})
    again = await order_api.http.post("/orders", json=GOOD, headers={"idempotency-key": "k"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]


@pytest.mark.parametrize(
    "change", [{"sku": "SKU-2"}, {"quantity": 3}, {"customer": "Bo"}], ids=lambda c: str(c)
)
async def test_the_same_key_with_another_body_conflicts(
    order_api: OrderApi, change: dict[str, object]
) -> None:
    await order_api.http.post("/orders", json=GOOD, headers={"idempotency-key": "k"})
    other = await order_api.http.post(
        "/orders", json=GOOD | change, headers={"idempotency-key": "k"}
    )
    assert other.status_code == 409
    assert other.json()["error"]["code"] == "idempotency_conflict"
    assert len((await order_api.http.get("/orders")).json()["orders"]) == 1


async def test_without_a_key_every_post_is_a_new_order(order_api: OrderApi) -> None:
    ids = {(await order_api.http.post("/orders", json=GOOD)).json()["id"] for _ in range(2)}
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        pytest.param({"sku": ""}, "sku", id="an empty SKU"),
        pytest.param({"sku": "a b"}, "sku", id="a SKU with a space"),
        pytest.param({"sku": "S\n"}, "sku", id="a SKU with a line end"),
        pytest.param({"sku": None}, "sku", id="a null SKU"),
        pytest.param({"quantity": 0}, "quantity", id="no units"),
        pytest.param({"quantity": 10_001}, "quantity", id="too many units"),
        pytest.param({"quantity": True}, "quantity", id="a boolean is no number"),
        pytest.param({"quantity": 1.0}, "quantity", id="a fraction"),
        pytest.param({"quantity": "1"}, "quantity", id="digits in a string"),
        pytest.param({"customer": ""}, "customer", id="no customer"),
        pytest.param({"customer": "a\0b"}, "customer", id="a NUL, which PostgreSQL cannot hold"),
        pytest.param({"customer": "\ud800"}, "customer", id="a lone surrogate"),
        pytest.param({"customer": "x" * 101}, "customer", id="a long customer"),
        pytest.param({"open_limit": -1}, "open_limit", id="a negative limit"),
        pytest.param({"colour": "red"}, "'colour'", id="an unknown field"),
    ],
)
async def test_an_invalid_order_is_refused_naming_the_field(
    order_api: OrderApi, change: dict[str, object], field: str
) -> None:
    answer = await order_api.http.post("/orders", content=json.dumps(GOOD | change))
    assert answer.status_code == 422
    assert answer.json()["error"]["field"] == field
    assert (await order_api.http.get("/orders")).json()["orders"] == []


@pytest.mark.parametrize("field", sorted(GOOD))
async def test_a_missing_field_is_named(order_api: OrderApi, field: str) -> None:
    wish = {k: v for k, v in GOOD.items() if k != field}
    answer = await order_api.http.post("/orders", json=wish)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"{", id="half an object"),
        pytest.param(b"[]", id="an array"),
        pytest.param(b"[" * 60_000, id="deeper than the parser goes"),
        pytest.param(b'{"quantity": ' + b"9" * 5000 + b"}", id="a number too long to convert"),
        pytest.param(b"\xff\xfe\xfd", id="not UTF-8"),
    ],
)
async def test_a_body_that_is_no_object_is_refused(order_api: OrderApi, body: bytes) -> None:
    answer = await order_api.http.post("/orders", content=body)
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "body")


@pytest.mark.parametrize(
    "key", ["", " ", "x" * 256, "caf\xe9"], ids=["empty", "blank", "long", "latin"]
)
async def test_a_wrong_key_is_refused(order_api: OrderApi, key: str) -> None:
    answer = await order_api.http.post(
        "/orders", json=GOOD, headers=[(b"idempotency-key", key.encode("latin-1"))]
    )
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "Idempotency-Key")


async def test_a_body_above_64_kib_is_refused_with_or_without_its_length(
    order_api: OrderApi,
) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(65):
            yield b" " * 1024

    declared = await order_api.http.post("/orders", content=b" " * 65_537)
    streamed = await order_api.http.post("/orders", content=parts())
    assert (declared.status_code, streamed.status_code) == (413, 413)
    fits = await order_api.http.post("/orders", content=json.dumps(GOOD).ljust(65_536))
    assert fits.status_code == 201


async def test_an_open_limit_refuses_what_would_exceed_it(order_api: OrderApi) -> None:
    async def post(key: str, limit: int) -> int:
        wish = GOOD | {"open_limit": limit}
        answer = await order_api.http.post("/orders", json=wish, headers={"idempotency-key": key})
        return int(answer.status_code)

    assert await post("a", 1) == 409
    assert await post("b", 3) == 201
    assert await post("c", 3) == 409
    assert await post("c", 4) == 201, "a refused key is free again"
    assert await post("b", 0) == 200, "the guard does not concern an order that exists"


async def test_cancelling_twice_frees_the_units_once(order_api: OrderApi) -> None:
    made = [await order_api.http.post("/orders", json=GOOD) for _ in range(2)]
    path = f"{made[0].headers['location']}/cancel"
    for _ in range(2):
        answer = await order_api.http.post(path)
        assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    totals = await order_api.http.get("/orders/open", params={"sku": ["SKU-1", "SKU-2"]})
    assert totals.json() == {"open": {"SKU-1": 2, "SKU-2": 0}}


@pytest.mark.parametrize("path", ["/orders/nope", "/orders/" + "0" * 32, "/nothing"])
async def test_what_is_not_there_is_404_in_json(order_api: OrderApi, path: str) -> None:
    answer = await order_api.http.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


async def test_a_wrong_method_is_405_and_says_which_are_allowed(order_api: OrderApi) -> None:
    answer = await order_api.http.delete("/healthz")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


async def test_pages_hold_every_order_once_newest_first(order_api: OrderApi) -> None:
    made = [
        (await order_api.http.post("/orders", json=GOOD | {"sku": f"SKU-{n % 2}"})).json()["id"]
        for n in range(7)
    ]
    assert await read_pages(order_api, "/orders?limit=2") == sorted(made, reverse=True)
    of_sku = await read_pages(order_api, "/orders?limit=2&sku=SKU-1")
    assert of_sku == sorted(made[1::2], reverse=True)


async def read_pages(order_api: OrderApi, path: str) -> list[str]:
    """The ids on all pages; at most ten pages."""
    seen: list[str] = []
    cursor = ""
    for _ in range(10):
        page = (await order_api.http.get(path + cursor)).json()
        seen += [order["id"] for order in page["orders"]]
        if page["next_cursor"] is None:
            return seen
        cursor = f"&cursor={page['next_cursor']}"
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=ten", "limit"),
        ("limit=%C2%B2", "limit"),
        ("cursor=x", "cursor"),
        ("sku=%20", "sku"),
    ],
)
async def test_a_wrong_parameter_is_named(order_api: OrderApi, query: str, field: str) -> None:
    answer = await order_api.http.get(f"/orders?{query}")
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


@pytest.mark.parametrize("seconds", ["0", "-1", "30.1", "nan", "inf", "soon", ""])
async def test_an_export_out_of_bounds_is_refused(order_api: OrderApi, seconds: str) -> None:
    answer = await order_api.http.get("/orders/export", params={"seconds": seconds})
    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "seconds")


async def test_an_export_lasts_as_asked_and_says_its_end(order_api: OrderApi) -> None:
    made = {(await order_api.http.post("/orders", json=GOOD)).json()["id"] for _ in range(12)}
    answer = await order_api.http.get("/orders/export", params={"seconds": "0.35"})
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert {order["id"] for line in lines[:-1] for order in line["orders"]} == made
    assert lines[-1] == {"end": True, "chunks": len(lines) - 1, "orders": 12}
    assert len(lines) >= 3, "a chunk about every 100 ms"


async def test_health_follows_the_phase(
    make_order_api: MakeOrderApi,
) -> None:
    api = make_order_api({})
    seen = [await api.http.get("/healthz")]
    api.lifecycle.become_ready()
    seen.append(await api.http.get("/healthz"))
    api.lifecycle.begin_drain()
    api.lifecycle.become_ready()  # too late
    seen.append(await api.http.get("/healthz"))
    assert [(a.status_code, a.json()["status"]) for a in seen] == [
        (503, "starting"),
        (200, "ok"),
        (503, "draining"),
    ]
    assert seen[1].json() == {"status": "ok", "version": "7", "task": "task-1"}
    assert [a.headers.get("connection") for a in seen] == [None, None, "close"]


async def test_a_sick_service_still_serves(
    make_order_api: MakeOrderApi,
) -> None:
    api = make_order_api({"FAULTS": "allow", "FAULT_SICK_HEALTHZ": "1"})
    api.lifecycle.become_ready()
    assert (await api.http.get("/healthz")).status_code == 503
    assert (await api.http.post("/orders", json=GOOD)).status_code == 201


async def test_a_database_in_trouble_is_503_with_retry_after(
    order_api: OrderApi,
) -> None:
    with order_api.store.database.writing.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE orders RENAME TO gone")
    answer = await order_api.http.post("/orders", json=GOOD)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert "gone" not in answer.text


async def test_a_bug_of_ours_is_500_and_still_names_its_task(order_api: OrderApi) -> None:
    made = await order_api.http.post("/orders", json=GOOD)
    with order_api.store.database.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE orders SET created_ms = 'never'")
    transport = order_api.http._transport
    assert isinstance(transport, httpx.ASGITransport)
    transport.raise_app_exceptions = False
    answer = await order_api.http.get(made.headers["location"])
    assert (answer.status_code, answer.json()["error"]["code"]) == (500, "internal")
    assert answer.headers["x-task-id"] == "task-1"


@pytest.mark.parametrize("path", ["/healthz", "/nothing", "/orders?limit=0"])
async def test_every_answer_names_its_task_and_keeps_the_callers_ids(
    order_api: OrderApi, path: str
) -> None:
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    answer = await order_api.http.get(path, headers={"x-request-id": "r1", "traceparent": parent})
    assert (answer.headers["x-task-id"], answer.headers["x-request-id"]) == ("task-1", "r1")
    assert answer.headers["traceparent"].split("-")[:2] == parent.split("-")[:2]
    assert answer.headers["traceparent"] != parent, "the span is this service's"


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="absent"),
        pytest.param({"x-request-id": "a b", "traceparent": "00-00-00-00"}, id="malformed"),
        pytest.param({"traceparent": f"00-{'0' * 32}-{'1' * 16}-01"}, id="all-zero trace id"),
    ],
)
async def test_ids_are_made_when_the_caller_sent_none(
    order_api: OrderApi, headers: dict[str, str]
) -> None:
    answers = [await order_api.http.get("/healthz", headers=headers) for _ in range(2)]
    assert len({a.headers["x-request-id"] for a in answers}) == 2
    trace_ids = {a.headers["traceparent"].split("-")[1] for a in answers}
    assert len(trace_ids) == 2
    assert "0" * 32 not in trace_ids


async def test_each_request_is_one_log_line(
    order_api: OrderApi, capfd: pytest.CaptureFixture[str]
) -> None:
    await order_api.http.get("/orders?limit=0", headers={"x-request-id": "r9"})
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert len(lines) == 1
    line = lines[0]
    assert line.pop("ms") >= 0
    assert len(line.pop("trace_id")) == 32
    assert line == {
        "event": "request",
        "method": "GET",
        "path": "/orders",
        "status": 422,
        "request_id": "r9",
        "task": "task-1",
    }
