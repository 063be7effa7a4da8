"""Every acknowledged order is asked for through the load balancer."""

from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from chaos.entries import OrdersSeen
from chaos.orders import PAGE, Search
from chaos.records import Write
from chaos.stop import Stop
from chaos.target import Place
from tests.chaos.builder import T0

PLACE = Place(
    kind="local", cluster="c", url="http://orders.test", time_scale=1.0, interval_ms=100.0
)
WRITES = [
    Write(f"k{n}", f"{n:032x}", "A1", 1, f"customer-{n}", "acknowledged", T0 + n)
    for n in range(PAGE + 20)
]


def document(write: Write, at_ms: float = T0, **changes: object) -> dict[str, object]:
    created = datetime.fromtimestamp(at_ms / 1000, tz=UTC).isoformat()
    return {
        "id": write.order_id,
        "sku": write.sku,
        "quantity": write.quantity,
        "customer": write.customer,
        "created_at": created,
        **changes,
    }


class Orders:
    """order-api's listing and single orders, in memory. `hidden` are not listed."""

    def __init__(self, documents: list[dict[str, object]], hidden: set[str] | None = None) -> None:
        self.documents = {str(d["id"]): d for d in documents}
        self.hidden = hidden or set()
        self.asked: list[str] = []
        self.broken: str | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        if self.broken == path:
            return httpx.Response(502)
        if path == "/orders":
            return self._list(request)
        found = self.documents.get(path.rsplit("/", 1)[-1])
        return httpx.Response(200, json=found) if found else httpx.Response(404)

    def _list(self, request: httpx.Request) -> httpx.Response:
        limit, cursor = int(request.url.params["limit"]), request.url.params.get("cursor", "g")
        ids = sorted((i for i in self.documents if i not in self.hidden), reverse=True)
        page = [i for i in ids if i < cursor][: limit + 1]
        following = page[limit - 1] if len(page) > limit else None
        orders = [self.documents[i] for i in page[:limit]]
        return httpx.Response(200, json={"orders": orders, "next_cursor": following})


def search(orders: Orders, writes: list[Write] | None = None) -> OrdersSeen:
    finder = Search(PLACE, Stop(), httpx.MockTransport(orders))
    return finder.verify(WRITES if writes is None else writes, T0, T0 + 60_000)


def test_all_there_over_several_pages() -> None:
    orders = Orders([document(write) for write in WRITES])
    seen = search(orders)
    assert (seen.acknowledged, seen.found) == (PAGE + 20, PAGE + 20)
    assert (seen.lost, seen.doubled, seen.different, seen.unanswered) == ((), (), (), 0)
    assert orders.asked == ["/orders", "/orders"]


def test_a_lost_order_is_named() -> None:
    seen = search(Orders([document(write) for write in WRITES[1:]]))
    assert seen.lost == (WRITES[0].order_id,)
    assert seen.found == len(WRITES) - 1


def test_an_order_that_is_not_listed_is_asked_for_by_id() -> None:
    hidden = str(WRITES[0].order_id)
    orders = Orders([document(write) for write in WRITES], {hidden})
    assert search(orders).found == len(WRITES)
    assert f"/orders/{hidden}" in orders.asked


def test_an_order_made_twice_is_doubled() -> None:
    again = document(replace(WRITES[0], order_id="f" * 32))
    assert search(Orders([*map(document, WRITES), again])).doubled == ("f" * 32,)


def test_a_write_of_unknown_outcome_may_have_made_its_order() -> None:
    unknown = replace(WRITES[0], key="u", order_id=None, outcome="unknown")
    made = document(replace(WRITES[0], order_id="f" * 32))
    assert search(Orders([*map(document, WRITES), made]), [*WRITES, unknown]).doubled == ()


def test_orders_of_others_and_of_former_runs_are_not_ours() -> None:
    stranger = document(replace(WRITES[0], order_id="e" * 32, customer="somebody else"))
    former = document(replace(WRITES[0], order_id="0" * 31 + "f"), T0 - 60_000)
    seen = search(Orders([*map(document, WRITES[:5]), stranger, former]), WRITES[:5])
    assert seen.doubled == ()


def test_another_content_than_acknowledged() -> None:
    changed = [document(WRITES[0], quantity=7), *map(document, WRITES[1:5])]
    assert search(Orders(changed), WRITES[:5]).different == (WRITES[0].order_id,)


def test_an_order_that_gets_no_answer_is_asked_for_three_times() -> None:
    orders = Orders([document(write) for write in WRITES[1:]])
    orders.broken = f"/orders/{WRITES[0].order_id}"
    seen = search(orders)
    assert (seen.lost, seen.unanswered) == ((), 1)
    assert orders.asked.count(orders.broken) == 3


def test_without_a_listing_doubled_orders_are_not_observable() -> None:
    orders = Orders([document(write) for write in WRITES[:5]])
    orders.broken = "/orders"
    seen = search(orders, WRITES[:5])
    assert not seen.doubled_known
    assert (seen.found, seen.lost) == (5, ())


@pytest.mark.parametrize("writes", [[], [replace(WRITES[0], order_id=None, outcome="refused")]])
def test_nothing_acknowledged(writes: list[Write]) -> None:
    assert search(Orders([]), writes).acknowledged == 0


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"<html>", id="a page"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b'{"id": "1"}', id="another document"),
        pytest.param(b'{"orders": [{"id": "1"}]}', id="orders of another kind"),
        pytest.param(b'{"orders": 3}', id="no orders"),
    ],
)
def test_what_is_not_order_api_leaves_orders_unanswered(content: bytes) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=content))
    seen = Search(PLACE, Stop(), transport).verify(WRITES[:1], T0, T0)
    assert (seen.doubled_known, seen.unanswered, seen.lost) == (False, 1, ())


def test_the_loads_headers_are_sent_here_too() -> None:
    given: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        given.append(request.headers["authorization"])
        return httpx.Response(200, json={"orders": []})

    headers = {"authorization": "Bearer s3cret"}
    search = Search(PLACE, Stop(), httpx.MockTransport(answer), headers)
    search.verify([], T0, T0)
    assert given == ["Bearer s3cret"]
    assert "s3cret" not in repr(search)


@pytest.mark.parametrize("behind_ms", [-3_600_000.0, 0.0, 3_600_000.0])
def test_the_loads_first_order_tells_the_services_clock(behind_ms: float) -> None:
    """Orders of a load that ended a second before look like ours, and are not doubled."""
    place = replace(PLACE, kind="url")
    before = replace(WRITES[0], order_id="f" * 32)
    ours = [document(write, write.at_ms - behind_ms) for write in WRITES[:5]]
    orders = Orders([document(before, T0 - 1000 - behind_ms), *ours])
    seen = Search(place, Stop(), httpx.MockTransport(orders)).verify(WRITES[:5], T0, T0)
    assert (seen.found, seen.lost, seen.doubled, seen.doubled_known) == (5, (), (), True)


def test_an_order_doubled_on_another_clock_is_seen() -> None:
    place = replace(PLACE, kind="url")
    twin = replace(WRITES[2], order_id="f" * 32)
    orders = Orders([document(write, write.at_ms - 9e6) for write in (*WRITES[:5], twin)])
    seen = Search(place, Stop(), httpx.MockTransport(orders)).verify(WRITES[:5], T0, T0)
    assert seen.doubled == ("f" * 32,)
