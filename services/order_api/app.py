"""order-api's routes and lifespan."""

import contextlib
import math
import time
from collections.abc import AsyncIterator
from http import HTTPStatus

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import ASGIApp

from services.order_api.body import read_object
from services.order_api.drain import Lifecycle
from services.order_api.errors import InvalidError, NotFoundError, ServiceError, answer_error, shown
from services.order_api.export import LONGEST_SECONDS, stream_orders
from services.order_api.health import Health
from services.order_api.openapi import describe
from services.order_api.orders import ID, parse_key, parse_sku, parse_wish
from services.order_api.pool import Pool
from services.order_api.requestlog import RequestLog
from services.order_api.settings import Settings
from services.order_api.store import Store

DEFAULT_PAGE = 50
LARGEST_PAGE = 500
LARGEST_SKUS = 100


def create_app(settings: Settings, store: Store, lifecycle: Lifecycle) -> ASGIApp:
    """The ASGI application. It closes the store's database when its lifespan ends."""
    health = Health(lifecycle, sick=settings.faults.sick_healthz)
    orders = _Orders(store)
    description = describe(settings.version)

    async def openapi(_request: Request) -> Response:
        return JSONResponse(description)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        store.database.close()

    routes = [
        Route("/healthz", health.show),
        Route("/orders", orders.create, methods=["POST"]),
        Route("/orders", orders.browse),
        Route("/orders/export", orders.export),
        Route("/orders/open", orders.sum_open),
        Route("/orders/{id}", orders.show),
        Route("/orders/{id}/cancel", orders.cancel, methods=["POST"]),
        Route("/openapi.json", openapi),
    ]
    handlers = dict.fromkeys((ServiceError, HTTPException, Exception), answer_error)
    app = Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan)
    return RequestLog(app, lifecycle)


class _Orders:
    def __init__(self, store: Store) -> None:
        self._store = store
        self._reading = Pool(store.database.readers)
        self._writing = Pool(store.database.writers)

    async def create(self, request: Request) -> Response:
        key = parse_key(request.headers.get("idempotency-key"))
        wish = parse_wish(await read_object(request))
        now_ms = time.time_ns() // 1_000_000
        order, created = await self._writing.run(self._store.add, wish, key, now_ms)
        status = HTTPStatus.CREATED if created else HTTPStatus.OK
        return JSONResponse(order.document(), status, {"location": f"/orders/{order.id}"})

    async def browse(self, request: Request) -> Response:
        query = request.query_params
        sku = parse_sku(query["sku"]) if "sku" in query else None
        limit = _parse_limit(query.get("limit", str(DEFAULT_PAGE)))
        cursor = _parse_cursor(query.get("cursor"))
        # one more than asked for tells whether there is a next page
        found = await self._reading.run(self._store.page, sku, limit + 1, cursor)
        shown_orders = found[:limit]
        following = shown_orders[-1].id if len(found) > limit else None
        documents = [order.document() for order in shown_orders]
        return JSONResponse({"orders": documents, "next_cursor": following})

    async def show(self, request: Request) -> Response:
        order = await self._reading.run(self._store.get, _parse_id(request))
        return JSONResponse(order.document())

    async def cancel(self, request: Request) -> Response:
        order = await self._writing.run(self._store.cancel, _parse_id(request))
        return JSONResponse(order.document())

    async def sum_open(self, request: Request) -> Response:
        skus = [parse_sku(sku) for sku in request.query_params.getlist("sku")]
        if not 1 <= len(skus) <= LARGEST_SKUS:
            message = f"sku is given {len(skus)} times; give 1 to {LARGEST_SKUS}"
            raise InvalidError("sku", message)
        return JSONResponse({"open": await self._reading.run(self._store.open_quantities, skus)})

    async def export(self, request: Request) -> Response:
        seconds = _parse_seconds(request.query_params.get("seconds"))
        lines = stream_orders(self._store, self._reading, seconds)
        return StreamingResponse(lines, media_type="application/x-ndjson")


def _parse_id(request: Request) -> str:
    order_id = str(request.path_params["id"])
    if not ID.fullmatch(order_id):
        raise NotFoundError(f"there is no order {shown(order_id)}")
    return order_id


def _parse_limit(value: str) -> int:
    limit = int(value) if value.isdecimal() and len(value) < 10 else 0
    if not 1 <= limit <= LARGEST_PAGE:
        rule = f"send a whole number from 1 to {LARGEST_PAGE}"
        raise InvalidError("limit", f"limit is {shown(value)}; {rule}")
    return limit


def _parse_cursor(value: str | None) -> str | None:
    if value is not None and not ID.fullmatch(value):
        raise InvalidError("cursor", f"cursor is {shown(value)}; send a next_cursor as you got it")
    return value


def _parse_seconds(value: str | None) -> float:
    try:
        seconds = float(value or "")
    except ValueError:
        seconds = math.nan
    if not 0 < seconds <= LONGEST_SECONDS:
        rule = f"send a number above 0, at most {LONGEST_SECONDS:g}"
        raise InvalidError("seconds", f"seconds is {shown(value)}; {rule}")
    return seconds
