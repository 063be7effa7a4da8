"""What a load needs before the first arrival: the SKUs, and one order that reads can read."""

import json
from collections.abc import Callable, Sequence
from uuid import uuid4

import gevent

from loadtest.client import Answer, Client
from loadtest.clock import now_ms
from loadtest.failure import Outcome, error_class
from loadtest.mixes import CREATED, OK
from loadtest.recorder import WriteRow
from loadtest.replies import find_order_id, find_skus

_LIMIT_S = 10.0
_PAUSE_S = 0.25
_CUSTOMER = "customer-first"


class SetupError(Exception):
    """The service does not answer as it must. The message is one sentence with a hint."""


def find_stock(client: Client, wanted: Callable[[], bool]) -> Sequence[str]:
    """The SKUs to use, at least one. Tries for 10 s, while `wanted()`. Raises SetupError."""
    answer = _insist(client, "GET", "/inventory", {}, b"", wanted)
    skus = find_skus(answer.body)
    if not skus:
        raise SetupError("GET /inventory names no SKU; hint: is --host the load balancer's URL?")
    return skus


def place_order(client: Client, sku: str, wanted: Callable[[], bool]) -> WriteRow:
    """Place one order, with one Idempotency-Key however often it is tried. Raises SetupError."""
    key = uuid4().hex
    headers = {"content-type": "application/json", "idempotency-key": key}
    body = json.dumps({"sku": sku, "quantity": 1, "customer": _CUSTOMER}).encode()
    answer = _insist(client, "POST", "/orders", headers, body, wanted)
    order = find_order_id(answer.body)
    if order is None:
        raise SetupError("POST /orders answered without an order's id; hint: is it order-api?")
    return WriteRow(key, order, sku, 1, _CUSTOMER, Outcome.ACKNOWLEDGED.value, now_ms())


def _insist(
    client: Client,
    method: str,
    path: str,
    headers: dict[str, str],
    body: bytes,
    wanted: Callable[[], bool],
) -> Answer:
    """Send until a good answer comes, within the limit."""
    expected = CREATED if method == "POST" else OK
    end_ms = now_ms() + _LIMIT_S * 1000
    while True:
        answer = client.send(method, path, headers, body, _LIMIT_S)
        error = error_class(answer.failure, answer.status, answer.task, expected)
        if error is None:
            return answer
        if now_ms() > end_ms or not wanted():
            raise SetupError(
                f"cannot start: {method} {path} still fails after {_LIMIT_S:g} s ({error}); "
                "hint: is the service up, and --host its URL?"
            )
        gevent.sleep(_PAUSE_S)
