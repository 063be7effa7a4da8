"""The orders themselves: what one is, and what a caller may ask for. No I/O."""

import re
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from services.order_api.errors import InvalidError, ServiceError, shown

SKU = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
KEY = re.compile(r"[!-~]{1,255}")
ID = re.compile(r"[0-9a-f]{32}")
LARGEST_QUANTITY = 10_000
LARGEST_LIMIT = 10**15
LONGEST_CUSTOMER = 100
FIELDS = ("sku", "quantity", "customer", "open_limit")

OPEN = "open"
CANCELLED = "cancelled"


class ConflictError(ServiceError):
    """The wish contradicts what is stored: a used Idempotency-Key, or too many open units."""

    def __init__(self, code: str, message: str, field: str) -> None:
        super().__init__(HTTPStatus.CONFLICT, code, message, field)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a caller asks for.

    `open_limit`, when given, refuses the order if more units of the SKU would then be open: the
    stock guard of inventory-api, decided in the transaction that writes the order.
    """

    sku: str
    quantity: int
    customer: str
    open_limit: int | None = None

    def same_order(self, order: "Order") -> bool:
        """Whether a repeated request asks for `order`; a guard is not part of an order."""
        return (self.sku, self.quantity, self.customer) == (
            order.sku,
            order.quantity,
            order.customer,
        )


@dataclass(frozen=True, slots=True)
class Order:
    """An order as stored; `id` sorts by creation time."""

    id: str
    key: str | None
    sku: str
    quantity: int
    customer: str
    status: str
    created_ms: int

    def document(self) -> dict[str, object]:
        """The order in JSON, as every endpoint returns it."""
        created = datetime.fromtimestamp(self.created_ms / 1000, tz=UTC)
        return {
            "id": self.id,
            "sku": self.sku,
            "quantity": self.quantity,
            "customer": self.customer,
            "status": self.status,
            "created_at": created.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "idempotency_key": self.key,
        }


def make_id(now_ms: int) -> str:
    """A UUID version 7 (RFC 9562) in 32 hex digits: unique, and sorted by time to the millisecond.

    Sorted ids keep the primary key's pages together and are the listing's cursor.
    """
    number = (now_ms & (1 << 48) - 1) << 80 | secrets.randbits(80)
    number = number & ~(0xF << 76) | 0x7 << 76  # version
    number = number & ~(0x3 << 62) | 0x2 << 62  # variant
    return uuid.UUID(int=number).hex


def parse_wish(document: Mapping[str, object]) -> Wish:
    """The wish in a request's JSON object; InvalidError names the first wrong field."""
    for field in document:
        if field not in FIELDS:
            known = ", ".join(FIELDS)
            raise InvalidError(shown(field), f"there is no field {shown(field)}; use {known}")
    limit = document.get("open_limit")
    return Wish(
        sku=parse_sku(document.get("sku")),
        quantity=_parse_count("quantity", document.get("quantity"), 1, LARGEST_QUANTITY),
        customer=_parse_customer(document.get("customer")),
        open_limit=None if limit is None else _parse_count("open_limit", limit, 0, LARGEST_LIMIT),
    )


def parse_sku(value: object) -> str:
    """A SKU: 1 to 64 letters, digits, dots, underscores and hyphens."""
    if isinstance(value, str) and SKU.fullmatch(value):
        return value
    rule = "1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit"
    raise InvalidError("sku", f"sku is {shown(value)}; send {rule}")


def parse_key(value: str | None) -> str | None:
    """The Idempotency-Key header: 1 to 255 visible ASCII characters, or absent."""
    if value is None or KEY.fullmatch(value):
        return value
    message = f"Idempotency-Key is {shown(value)}; send 1 to 255 visible ASCII characters"
    raise InvalidError("Idempotency-Key", message)


def _parse_count(field: str, value: object, lowest: int, highest: int) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest:
        return value
    message = f"{field} is {shown(value)}; send a whole number from {lowest} to {highest}"
    raise InvalidError(field, message)


def _parse_customer(value: object) -> str:
    # printable: neither control characters (PostgreSQL refuses NUL) nor lone surrogates
    if isinstance(value, str) and 1 <= len(value) <= LONGEST_CUSTOMER and value.isprintable():
        return value
    rule = f"1 to {LONGEST_CUSTOMER} printable characters"
    raise InvalidError("customer", f"customer is {shown(value)}; send {rule}")
