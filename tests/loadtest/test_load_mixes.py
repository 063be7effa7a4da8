import json
import subprocess
import sys
from collections import Counter

import pytest

from loadtest.mixes import MIXES, Kind, Mix
from loadtest.replies import find_order_id, find_skus

SKUS = ("SKU-LOAD-1", "SKU-LOAD-2", "SKU/ODD")
ORDERS = ("order-1", "order-2")


def mixed(seed: int = 7, longest_ms: float = 1_500) -> Mix:
    return Mix(MIXES["mixed"], seed, SKUS, longest_ms)


def test_what_arrives_depends_on_seed_and_number_alone() -> None:
    program = (
        "from loadtest.mixes import *;"
        "s = Mix(MIXES['mixed'], 7, ('SKU-LOAD-1', 'SKU-LOAD-2', 'SKU/ODD'), 1500);"
        "print([s.call(n, ('order-1', 'order-2')) for n in range(50)])"
    )
    command = [sys.executable, "-c", program]
    other = subprocess.run(
        command, capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": "123"}
    )
    assert other.stdout.strip() == str([mixed().call(n, ORDERS) for n in range(50)])


def test_another_seed_is_another_sequence() -> None:
    first, second = ([mixed(seed).kind(n) for n in range(50)] for seed in (1, 2))
    assert first != second


@pytest.mark.parametrize("name", sorted(MIXES))
def test_the_mix_is_as_weighted(name: str) -> None:
    weights = MIXES[name]
    mix = Mix(weights, 3, SKUS, 1_000)
    drawn = Counter(mix.kind(n) for n in range(20_000))
    assert sum(weights.values()) == 100
    assert {k: n / 200 for k, n in drawn.items()} == pytest.approx(dict(weights), abs=1.0)


def test_calls_are_what_the_services_take() -> None:
    calls = {c.kind: c for c in (mixed().call(n, ORDERS) for n in range(500))}
    assert set(calls) == set(Kind) - {Kind.OWN_PATH}
    assert calls[Kind.EXPORT].path == "/orders/export?seconds=1.5"
    assert calls[Kind.EXPORT].length_ms == 1_500
    assert calls[Kind.READ_ORDER].path in ("/orders/order-1", "/orders/order-2")
    order, reservation = calls[Kind.CREATE_ORDER], calls[Kind.RESERVE]
    assert set(json.loads(order.body)) == {"sku", "quantity", "customer"}
    assert set(json.loads(reservation.body)) == {"quantity", "customer"}
    assert (order.method, order.path) == ("POST", "/orders")


def test_skus_are_escaped_in_paths() -> None:
    paths = {c.path for c in (mixed().call(n, ORDERS) for n in range(500)) if "inventory" in c.path}
    assert "/inventory/SKU%2FODD" in paths


@pytest.mark.parametrize(
    ("body", "skus"),
    [
        pytest.param(
            b'{"items": [{"sku": "SKU-LOAD-2"}, {"sku": "A"}, {"sku": "SKU-LOAD-1"}]}',
            ["SKU-LOAD-1", "SKU-LOAD-2"],
            id="those for loads",
        ),
        pytest.param(b'[{"sku": "B"}, {"sku": "A"}]', ["A", "B"], id="all, if none is for loads"),
        pytest.param(b"<html>", [], id="none in what is no JSON"),
        pytest.param(b'{"items": 3}', [], id="none in another document"),
    ],
)
def test_skus_come_from_the_inventory(body: bytes, skus: list[str]) -> None:
    assert find_skus(body) == skus


@pytest.mark.parametrize(
    ("body", "order"),
    [
        pytest.param(b'{"id": "o1"}', "o1", id="an order"),
        pytest.param(b'{"order_id": "o1", "id": "r1"}', "o1", id="a reservation"),
        pytest.param(b"oops", None, id="no JSON"),
        pytest.param(b"[]", None, id="no object"),
        pytest.param(b'{"id": 3}', None, id="no text"),
    ],
)
def test_order_ids_come_from_answers(body: bytes, order: str | None) -> None:
    assert find_order_id(body) == order
