"""Reading and writing orders. Blocking: called from threads (pool.py)."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any, TypeAlias

from sqlalchemy import Connection, Executable, Row, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from services.order_api.database import Database, open_totals, orders
from services.order_api.errors import NotFoundError, shown
from services.order_api.orders import CANCELLED, OPEN, ConflictError, Order, Wish, make_id

# Built once, so that SQLAlchemy compiles each once and finds it again by its cheap cache key.
_BY_ID = select(orders).where(orders.c.id == bindparam("wanted"))
_BY_KEY = select(orders).where(orders.c.key == bindparam("wanted"))
_PAGE = (
    select(orders)
    .where(orders.c.id < bindparam("before"))
    .order_by(orders.c.id.desc())
    .limit(bindparam("count"))
)
_PAGE_OF_SKU = _PAGE.where(orders.c.sku == bindparam("wanted_sku"))
_TOTALS = select(open_totals).where(open_totals.c.sku.in_(bindparam("skus", expanding=True)))
_CANCEL = (
    update(orders)
    .where(orders.c.id == bindparam("wanted"), orders.c.status == OPEN)
    .values(status=CANCELLED)
)
_SUBTRACT = (
    update(open_totals)
    .where(open_totals.c.sku == bindparam("wanted_sku"))
    .values(quantity=open_totals.c.quantity - bindparam("less"))
)

Columns: TypeAlias = Row[*tuple[Any, ...]]  # Any: SQLAlchemy types a table's rows so

AFTER_ALL_IDS = "g"  # greater than any hexadecimal id
NO_LIMIT = 2**62


class Store:
    """All orders. May be used by `database.readers` and `database.writers` threads at a time."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._reading = database.reading
        self._writing = database.writing
        insert = sqlite.insert if self._writing.dialect.name == "sqlite" else postgresql.insert
        self._insert = insert(orders).on_conflict_do_nothing(index_elements=["key"])
        total = insert(open_totals).values(sku=bindparam("sku"), quantity=bindparam("quantity"))
        new_total = open_totals.c.quantity + total.excluded.quantity
        self._add_to_total = total.on_conflict_do_update(
            index_elements=["sku"],
            set_={"quantity": new_total},
            where=new_total <= bindparam("open_limit"),
        )

    def add(self, wish: Wish, key: str | None, now_ms: int) -> tuple[Order, bool]:
        """The order for `wish`, and whether it is new.

        A `key` seen before returns its order. ConflictError: the key belongs to another wish, or
        the wish's `open_limit` leaves too little; then nothing is written.
        """
        order = Order(make_id(now_ms), key, wish.sku, wish.quantity, wish.customer, OPEN, now_ms)
        with self._writing.begin() as connection:
            if self._changed(connection, self._insert, asdict(order)):
                self._take(connection, wish)
                return order, True
            row = connection.execute(_BY_KEY, {"wanted": key}).one()
        return _match(wish, _to_order(row)), False

    def get(self, order_id: str) -> Order:
        """The order, or NotFoundError."""
        with self._reading.connect() as connection:
            return _one(connection, order_id)

    def page(self, sku: str | None, limit: int, cursor: str | None) -> list[Order]:
        """At most `limit` orders, newest first, older than the order `cursor`."""
        values: dict[str, object] = {"before": cursor or AFTER_ALL_IDS, "count": limit}
        query = _PAGE
        if sku is not None:
            query = _PAGE_OF_SKU
            values["wanted_sku"] = sku
        with self._reading.connect() as connection:
            return [_to_order(row) for row in connection.execute(query, values)]

    def cancel(self, order_id: str) -> Order:
        """The order, cancelled now or before, or NotFoundError."""
        with self._writing.begin() as connection:
            cancelled = self._changed(connection, _CANCEL, {"wanted": order_id})
            order = _one(connection, order_id)
            if cancelled:
                values = {"wanted_sku": order.sku, "less": order.quantity}
                connection.execute(_SUBTRACT, values)
        return order

    def open_quantities(self, skus: Sequence[str]) -> dict[str, int]:
        """The sum of the open orders' quantities for each SKU."""
        with self._reading.connect() as connection:
            found = {row.sku: row.quantity for row in connection.execute(_TOTALS, {"skus": skus})}
        return {sku: found.get(sku, 0) for sku in skus}

    def _take(self, connection: Connection, wish: Wish) -> None:
        limit = NO_LIMIT if wish.open_limit is None else wish.open_limit
        values = {"sku": wish.sku, "quantity": wish.quantity, "open_limit": limit}
        if wish.quantity > limit or not self._changed(connection, self._add_to_total, values):
            message = f"{wish.quantity} of {wish.sku} would exceed {limit} open units; order fewer"
            raise ConflictError("insufficient", message, "quantity")

    @staticmethod
    def _changed(connection: Connection, statement: Executable, values: dict[str, object]) -> bool:
        result = connection.execute(
            statement, values, execution_options={"preserve_rowcount": True}
        )
        return bool(result.rowcount == 1)


def _one(connection: Connection, order_id: str) -> Order:
    row = connection.execute(_BY_ID, {"wanted": order_id}).one_or_none()
    if row is None:
        raise NotFoundError(f"there is no order {shown(order_id)}")
    return _to_order(row)


def _match(wish: Wish, order: Order) -> Order:
    if wish.same_order(order):
        return order
    message = f"this Idempotency-Key belongs to order {order.id}; send the same body or a new key"
    raise ConflictError("idempotency_conflict", message, "Idempotency-Key")


def _to_order(row: Columns) -> Order:
    return Order(*row)
