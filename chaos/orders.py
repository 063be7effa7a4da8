"""After the load: ask the service for every order it acknowledged."""

from collections import Counter
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

import httpx

from chaos.clock import to_ms
from chaos.entries import OrdersSeen
from chaos.records import Write
from chaos.stop import Stop
from chaos.target import Place

PAGE = 500  # the largest page order-api gives
PAGES_MAX = 400
WORKERS = 8
ATTEMPTS = 3
TIMEOUT_SECONDS = 10.0
LISTED_MAX = 50
APART_MS = 100.0  # between the clocks of a service's tasks
SKEW_MS = 2000.0  # between our clock and that of a service on another machine

Triple = tuple[str, int, str]  # sku, quantity, customer


@dataclass(frozen=True, slots=True)
class Order:
    id: str
    sku: str
    quantity: int
    customer: str
    created_ms: float

    @property
    def triple(self) -> Triple:
        return self.sku, self.quantity, self.customer


@dataclass(slots=True)
class Search:
    """Looks for orders through the load balancer, as any client would."""

    place: Place
    stop: Stop
    transport: httpx.BaseTransport | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    _client: httpx.Client = field(init=False)

    def verify(self, writes: Iterable[Write], since_ms: float, now_ms: float) -> OrdersSeen:
        """Compare all writes of a load that began at `since_ms` with the orders that are there."""
        known = tuple(writes)
        acknowledged = {w.order_id: w for w in known if w.outcome == "acknowledged" and w.order_id}
        with self._open() as self._client:
            listed = self._list(self._begin(known, since_ms))
            orders = {order.id: order for order in listed or ()}
            absent = [wanted for wanted in acknowledged if wanted not in orders]
            answers = self._ask(absent)
        orders |= {order.id: order for order in answers.values() if isinstance(order, Order)}
        lost = [order_id for order_id, answer in answers.items() if answer == 404]
        unclear = [answer for answer in answers.values() if isinstance(answer, int | None)]
        return OrdersSeen(
            at_ms=now_ms,
            acknowledged=len(acknowledged),
            found=sum(order_id in orders for order_id in acknowledged),
            lost=tuple(lost[:LISTED_MAX]),
            doubled=find_doubled(known, orders.values())[:LISTED_MAX],
            different=_different(acknowledged, orders)[:LISTED_MAX],
            unanswered=len(unclear) - len(lost),
            doubled_known=listed is not None,
        )

    def _open(self) -> httpx.Client:
        return httpx.Client(
            base_url=self.place.url,
            verify=self.place.trust,
            timeout=TIMEOUT_SECONDS,
            headers=dict(self.headers),
            transport=self.transport,
        )

    def _begin(self, writes: tuple[Write, ...], since_ms: float) -> float:
        """When the load began, by the clock that gives orders their time.

        Elsewhere that is another clock than ours: the load's first order tells it.
        """
        first = next((w.order_id for w in writes if w.order_id), None)
        if self.place.kind == "local" or first is None:
            return since_ms
        order = self._order(first)
        return order.created_ms - APART_MS if isinstance(order, Order) else since_ms - SKEW_MS

    def _list(self, since_ms: float) -> list[Order] | None:
        """All orders made since then, newest first; None if the list could not be read whole."""
        found: list[Order] = []
        query: dict[str, str | int] = {"limit": PAGE}
        for _ in range(PAGES_MAX):
            self.stop.check()
            answer = self._get("/orders", query)
            if answer is None or answer.status_code != httpx.codes.OK:
                return None
            try:
                page, cursor = parse_page(answer)
            except (LookupError, TypeError, ValueError, AttributeError):
                return None  # whatever answers here, it is not order-api
            found += [order for order in page if order.created_ms >= since_ms]
            if not cursor or page[-1].created_ms < since_ms:
                return found
            query["cursor"] = cursor
        return None

    def _ask(self, ids: list[str]) -> dict[str, Order | int | None]:
        """Each order asked for by id: the order, or the status of another answer, or None."""
        with ThreadPoolExecutor(WORKERS) as pool:
            return dict(zip(ids, pool.map(self._order, ids), strict=True))

    def _order(self, order_id: str) -> Order | int | None:
        if self.stop.asked is not None:
            return None
        answer = self._get(f"/orders/{order_id}", {})
        if answer is None or answer.status_code != httpx.codes.OK:
            return answer.status_code if answer else None
        try:
            return parse_order(answer.json())
        except (LookupError, TypeError, ValueError, AttributeError):
            return None

    def _get(self, path: str, query: Mapping[str, str | int]) -> httpx.Response | None:
        """The answer, asked for up to three times while it is none or a 5xx."""
        answer = None
        for _ in range(ATTEMPTS):
            try:
                answer = self._client.get(path, params=dict(query))
            except httpx.HTTPError:
                answer = None
            if answer is not None and not answer.is_server_error:
                return answer
        return answer


def parse_page(answer: httpx.Response) -> tuple[list[Order], str | None]:
    """A page of orders, and the cursor of the next one if there is one."""
    document = answer.json()
    cursor = document.get("next_cursor")
    return [parse_order(order) for order in document["orders"]], str(cursor) if cursor else None


def parse_order(document: Mapping[str, object]) -> Order:
    """An order as order-api shows it."""
    return Order(
        id=str(document["id"]),
        sku=str(document["sku"]),
        quantity=int(str(document["quantity"])),
        customer=str(document["customer"]),
        created_ms=to_ms(datetime.fromisoformat(str(document["created_at"]))),
    )


def find_doubled(writes: Iterable[Write], orders: Iterable[Order]) -> tuple[str, ...]:
    """Ids of orders that no write of ours accounts for, though they look like ours.

    For each (sku, quantity, customer) that the load asked for there may be as many orders as were
    acknowledged, and one more for each write whose outcome is unknown.
    """
    known = tuple(writes)
    ours = {write.order_id for write in known if write.outcome == "acknowledged"}
    asked = {(w.sku, w.quantity, w.customer) for w in known}
    spare = Counter((w.sku, w.quantity, w.customer) for w in known if w.outcome == "unknown")
    doubled = []
    for order in orders:
        if order.id in ours or order.triple not in asked:
            continue
        spare[order.triple] -= 1
        if spare[order.triple] < 0:
            doubled.append(order.id)
    return tuple(doubled)


def _different(acknowledged: Mapping[str, Write], orders: Mapping[str, Order]) -> tuple[str, ...]:
    return tuple(
        order_id
        for order_id, w in acknowledged.items()
        if order_id in orders and orders[order_id].triple != (w.sku, w.quantity, w.customer)
    )
