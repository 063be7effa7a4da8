"""The store on both databases: nothing lost, nothing doubled, sums that agree."""

import itertools
import tempfile
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from services.order_api.database import open_database, orders
from services.order_api.errors import NotFoundError
from services.order_api.orders import ConflictError, Order, Wish, make_id
from services.order_api.store import Store
from tests.services.running import OpenStore

TASKS = 4


def count_open(store: Store, sku: str) -> int:
    """The sum of open quantities, from the orders themselves."""
    query = select(func.coalesce(func.sum(orders.c.quantity), 0)).where(
        orders.c.sku == sku, orders.c.status == "open"
    )
    with store.database.reading.connect() as connection:
        return int(connection.execute(query).scalar_one())


def test_tasks_that_retry_the_same_keys_at_once_make_one_order_each(
    database_url: str, open_store: OpenStore
) -> None:
    stores = [open_store(database_url) for _ in range(TASKS)]
    made: list[tuple[str, str, bool]] = []

    def work(store: Store) -> None:
        for n in range(40):
            order, created = store.add(Wish("SKU-1", 1, "c"), f"key-{n}", 1)
            made.append((f"key-{n}", order.id, created))

    run_together([partial(work, store) for store in stores])
    assert len(made) == TASKS * 40
    assert len({(key, order_id) for key, order_id, _ in made}) == 40, "one order for each key"
    assert Counter(key for key, _, created in made if created) == {f"key-{n}": 1 for n in range(40)}
    assert stores[0].open_quantities(["SKU-1"]) == {"SKU-1": 40}
    assert count_open(stores[0], "SKU-1") == 40


def test_tasks_that_reserve_at_once_never_exceed_the_limit(
    database_url: str, open_store: OpenStore
) -> None:
    stores = [open_store(database_url) for _ in range(TASKS)]
    taken: list[int] = []

    def work(store: Store) -> None:
        for _ in range(15):
            try:
                store.add(Wish("SKU-1", 3, "c", open_limit=50), None, 1)
            except ConflictError:
                continue
            taken.append(3)

    run_together([partial(work, store) for store in stores])
    assert sum(taken) == 48
    assert count_open(stores[0], "SKU-1") == 48


def test_cancelling_at_once_frees_units_once(database_url: str, open_store: OpenStore) -> None:
    stores = [open_store(database_url) for _ in range(TASKS)]
    kept, _ = stores[0].add(Wish("SKU-1", 5, "c"), None, 1)
    order, _ = stores[0].add(Wish("SKU-1", 7, "c"), None, 1)
    run_together([partial(store.cancel, order.id) for store in stores])
    assert stores[0].get(order.id).status == "cancelled"
    assert stores[0].get(kept.id).status == "open"
    assert stores[0].open_quantities(["SKU-1"]) == {"SKU-1": 5}
    with pytest.raises(NotFoundError):
        stores[0].cancel("0" * 32)


def run_together(calls: Sequence[Callable[[], object]]) -> None:
    """Run the calls on threads that start at the same moment; the first failure is raised."""
    barrier = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> None:
        barrier.wait(10)
        call()

    with ThreadPoolExecutor(len(calls)) as threads:
        for done in [threads.submit(run, call) for call in calls]:
            done.result(60)


def test_tasks_that_open_a_new_database_at_once_all_succeed(
    database_url: str, open_store: OpenStore
) -> None:
    run_together([lambda: open_store(database_url) for _ in range(6)])
    assert open_store(database_url).page(None, 1, None) == []


def test_orders_outlive_the_task_that_wrote_them(database_url: str, open_store: OpenStore) -> None:
    first = open_store(database_url)
    order, _ = first.add(Wish("SKU-1", 2, "Zoë ☂"), "k", 1_700_000_000_123)
    first.database.close()
    again = open_store(database_url)
    assert again.get(order.id) == order
    assert again.get(order.id).document()["created_at"] == "2023-11-14T22:13:20.123Z"


def test_dead_connections_are_replaced_unseen(postgresql_url: str, open_store: OpenStore) -> None:
    store = open_store(postgresql_url)
    order, _ = store.add(Wish("SKU-1", 1, "c"), "k", 1)
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'order-api' AND datname = current_database()"
        )
    assert store.get(order.id) == order


KEYS = st.sampled_from(["a", "b", "c", None])
WISHES = st.builds(
    Wish,
    sku=st.sampled_from(["SKU-1", "SKU-2"]),
    quantity=st.integers(1, 3),
    customer=st.sampled_from(["Ada", "Bo"]),
    open_limit=st.sampled_from([None, None, 0, 4, 9]),
)
CALLS = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 1), KEYS, WISHES),
        st.tuples(st.just("cancel"), st.integers(0, 1), st.integers(0, 9), st.none()),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(CALLS)
def test_no_pattern_of_retries_makes_two_orders_or_wrong_sums(
    calls: list[tuple[str, int, object, Wish | None]],
) -> None:
    with tempfile.TemporaryDirectory() as directory:
        url = f"sqlite:///{Path(directory)}/orders.sqlite"
        tasks = [Store(open_database(url)) for _ in range(2)]
        try:
            check_against_model(tasks, calls)
        finally:
            for task in tasks:
                task.database.close()


def check_against_model(
    tasks: list[Store], calls: list[tuple[str, int, object, Wish | None]]
) -> None:
    """Every call must do what a dictionary of orders would; the sums are added up from it."""
    model: dict[str, Order] = {}
    clock = itertools.count(1)
    for _, task, argument, wish in calls:
        if wish is not None:
            key = argument if isinstance(argument, str) else None
            expect_add(tasks[task], model, key, wish, next(clock))
        elif isinstance(argument, int) and argument < len(model):
            order_id = list(model)[argument]
            old = model[order_id]
            model[order_id] = Order(
                old.id, old.key, old.sku, old.quantity, old.customer, "cancelled", old.created_ms
            )
            assert tasks[task].cancel(order_id) == model[order_id]
    listed = {order.id: order for order in tasks[0].page(None, 100, None)}
    assert listed == model
    for sku in ("SKU-1", "SKU-2"):
        assert tasks[1].open_quantities([sku]) == {sku: sum_open(model, sku)}


def expect_add(
    task: Store, model: dict[str, Order], key: str | None, wish: Wish, now_ms: int
) -> None:
    known = next((o for o in model.values() if key is not None and o.key == key), None)
    asked = (wish.sku, wish.quantity, wish.customer)
    after = sum_open(model, wish.sku) + wish.quantity
    if known and asked == (known.sku, known.quantity, known.customer):
        assert task.add(wish, key, now_ms) == (known, False)
    elif known or (wish.open_limit is not None and after > wish.open_limit):
        with pytest.raises(ConflictError):
            task.add(wish, key, now_ms)
    else:
        order, created = task.add(wish, key, now_ms)
        assert created
        assert (order.sku, order.quantity, order.customer) == asked
        model[order.id] = order


def sum_open(model: dict[str, Order], sku: str) -> int:
    return sum(o.quantity for o in model.values() if o.sku == sku and o.status == "open")


def test_ids_sort_by_time_and_are_uuids_of_version_7() -> None:
    made = [make_id(now_ms) for now_ms in (1, 2, 1_700_000_000_000, 1_700_000_000_001)]
    assert made == sorted(made)
    assert {(uuid.UUID(i).version, uuid.UUID(i).variant) for i in made} == {(7, uuid.RFC_4122)}


def test_sums_are_read_by_key_and_pages_by_index(sqlite_url: str, open_store: OpenStore) -> None:
    store = open_store(sqlite_url)
    with store.database.reading.connect() as connection:
        for query in (
            "SELECT * FROM open_totals WHERE sku IN ('a')",
            "SELECT * FROM orders WHERE id < 'g' AND sku = 'a' ORDER BY id DESC LIMIT 2",
            "SELECT * FROM orders WHERE key = 'k'",
        ):
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}").all()
            assert all("SEARCH" in row[3] and "INDEX" in row[3] for row in plan), plan
