"""What arrives: mixes of requests, and each arrival as a function of a seed and its number.

Pure: the same seed and number give the same kind, quantity and customer in every process.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from itertools import accumulate
from urllib.parse import quote


class Kind(StrEnum):
    """A route, as it is named in statistics and records."""

    CREATE_ORDER = "POST /orders"
    READ_ORDER = "GET /orders/{id}"
    READ_STOCK = "GET /inventory/{sku}"
    RESERVE = "POST /inventory/{sku}/reservations"
    EXPORT = "GET /orders/export"
    LIST_ORDERS = "GET /orders"
    OWN_PATH = "GET own path"  # of a service that is none of ours


# percent of all arrivals
MIXES: Mapping[str, Mapping[Kind, int]] = {
    "mixed": {
        Kind.CREATE_ORDER: 30,
        Kind.READ_ORDER: 22,
        Kind.READ_STOCK: 20,
        Kind.RESERVE: 20,
        Kind.EXPORT: 5,
        Kind.LIST_ORDERS: 3,
    },
    # long requests are in flight whenever something stops
    "exports": {Kind.CREATE_ORDER: 30, Kind.READ_ORDER: 50, Kind.EXPORT: 20},
    # everything crosses Service Connect
    "reservations": {Kind.READ_STOCK: 50, Kind.RESERVE: 50},
}

OK = frozenset({200})
ANSWERED = frozenset(range(200, 400))  # by a service of which nothing else is known
CREATED = frozenset({200, 201})  # 200: the same key again, as after a proxy's retry
_LISTED = 20  # orders a list asks for
_CUSTOMERS = 1000


@dataclass(frozen=True, slots=True)
class Write:
    """The order that a POST asks for."""

    sku: str
    quantity: int
    customer: str


@dataclass(frozen=True, slots=True)
class Call:
    """One request to send. `length_ms` is the real time that a long export should take."""

    kind: Kind
    path: str
    expected: frozenset[int]
    write: Write | None = None
    body: bytes = b""
    length_ms: float | None = None

    @property
    def method(self) -> str:
        return self.kind.split(" ", 1)[0]


@dataclass(frozen=True, slots=True)
class Mix:
    """A mix of requests over the given SKUs. `longest_ms` is the real length of an export."""

    weights: Mapping[Kind, int]
    seed: int
    skus: Sequence[str]
    longest_ms: float
    path: str = ""

    def kind(self, number: int) -> Kind:
        point = draw(self.seed, number, "kind") * sum(self.weights.values())
        edges = zip(self.weights, accumulate(self.weights.values()), strict=True)
        return next(kind for kind, edge in edges if point < edge)

    def call(self, number: int, orders: Sequence[str]) -> Call:
        """Arrival `number`. `orders` are ids acknowledged in this run, at least one."""
        kind = self.kind(number)
        sku = self._pick(number, "sku", self.skus)
        match kind:
            case Kind.CREATE_ORDER | Kind.RESERVE:
                return self._write(kind, number, sku)
            case Kind.READ_ORDER:
                order = self._pick(number, "order", orders)
                return _read(kind, f"/orders/{quote(order, safe='')}")
            case Kind.READ_STOCK:
                return _read(kind, f"/inventory/{quote(sku, safe='')}")
            case Kind.EXPORT:
                seconds = self.longest_ms / 1000
                return _read(kind, f"/orders/export?seconds={seconds:g}", self.longest_ms)
            case Kind.LIST_ORDERS:
                return _read(kind, f"/orders?sku={quote(sku, safe='')}&limit={_LISTED}")
            case Kind.OWN_PATH:
                return Call(kind=kind, path=self.path, expected=ANSWERED)

    def _write(self, kind: Kind, number: int, sku: str) -> Call:
        quantity = 1 + int(draw(self.seed, number, "quantity") * 3)
        customer = f"customer-{int(draw(self.seed, number, 'customer') * _CUSTOMERS)}"
        content: dict[str, object] = {"quantity": quantity, "customer": customer}
        path = f"/inventory/{quote(sku, safe='')}/reservations"
        if kind is Kind.CREATE_ORDER:
            content, path = {"sku": sku, **content}, "/orders"
        return Call(
            kind=kind,
            path=path,
            expected=CREATED,
            write=Write(sku, quantity, customer),
            body=json.dumps(content).encode(),
        )

    def _pick(self, number: int, what: str, choices: Sequence[str]) -> str:
        return choices[int(draw(self.seed, number, what) * len(choices))]


def draw(seed: int, number: int, what: str) -> float:
    """A number in [0, 1) that depends on the arguments alone."""
    digest = blake2b(f"{seed}/{number}/{what}".encode(), digest_size=6).digest()
    return int.from_bytes(digest) / 2**48


def _read(kind: Kind, path: str, length_ms: float | None = None) -> Call:
    return Call(kind=kind, path=path, expected=OK, length_ms=length_ms)
