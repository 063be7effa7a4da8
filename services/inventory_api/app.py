"""inventory-api's routes and lifespan."""

import contextlib
import re
import uuid
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from services.inventory_api.body import read_object
from services.inventory_api.client import MADE, Answer, OrderClient
from services.inventory_api.drain import Lifecycle
from services.inventory_api.errors import (
    InvalidError,
    NotFoundError,
    ServiceError,
    answer_error,
    shown,
)
from services.inventory_api.health import Health
from services.inventory_api.openapi import describe
from services.inventory_api.requestlog import RequestLog
from services.inventory_api.settings import Settings
from services.inventory_api.stock import Item

KEY = re.compile(r"[!-~]{1,255}")
FIELDS = ("quantity", "customer")


def create_app(settings: Settings, client: OrderClient, lifecycle: Lifecycle) -> ASGIApp:
    """The ASGI application. It closes `client` when its lifespan ends."""
    health = Health(lifecycle, sick=settings.faults.sick_healthz)
    inventory = _Inventory(settings, client)
    description = describe(settings.version)

    async def openapi(_request: Request) -> Response:
        return JSONResponse(description)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        yield
        await client.close()

    routes = [
        Route("/healthz", health.show),
        Route("/inventory", inventory.browse),
        Route("/inventory/{sku}", inventory.show),
        Route("/inventory/{sku}/reservations", inventory.reserve, methods=["POST"]),
        Route("/openapi.json", openapi),
    ]
    handlers = dict.fromkeys((ServiceError, HTTPException, Exception), answer_error)
    app = Starlette(routes=routes, exception_handlers=handlers, lifespan=lifespan)
    return RequestLog(app, lifecycle)


class _Inventory:
    def __init__(self, settings: Settings, client: OrderClient) -> None:
        self._on_hand = settings.inventory
        self._client = client

    async def browse(self, request: Request) -> Response:
        opened = await self._client.open_quantities(list(self._on_hand), request.state.trace)
        items = [Item(sku, count, opened[sku]) for sku, count in self._on_hand.items()]
        return JSONResponse({"items": [item.document() for item in items]})

    async def show(self, request: Request) -> Response:
        sku = self._find(request)
        opened = await self._client.open_quantities([sku], request.state.trace)
        return JSONResponse(Item(sku, self._on_hand[sku], opened[sku]).document())

    async def reserve(self, request: Request) -> Response:
        sku = self._find(request)
        key = _parse_key(request)
        document = await read_object(request)
        for field in document:
            if field not in FIELDS:
                message = f"there is no field {shown(field)}; use {', '.join(FIELDS)}"
                raise InvalidError(shown(field), message)
        # order-api decides in the transaction that writes the order: two reservations at a time
        # cannot both take the last unit
        wish = {**document, "sku": sku, "open_limit": self._on_hand[sku]}
        return _pass_on(await self._client.create(wish, key, request.state.trace))

    def _find(self, request: Request) -> str:
        sku = str(request.path_params["sku"])
        if sku not in self._on_hand:
            raise NotFoundError(f"there is no SKU {shown(sku)}; GET /inventory lists them")
        return sku


def _parse_key(request: Request) -> str:
    key = request.headers.get("idempotency-key")
    if key is None:
        # the proxy before order-api may repeat a POST: even without a caller's key, one order
        return f"reservation-{uuid.uuid4().hex}"
    if not KEY.fullmatch(key):
        message = f"Idempotency-Key is {shown(key)}; send 1 to 255 visible ASCII characters"
        raise InvalidError("Idempotency-Key", message)
    return key


def _pass_on(answer: Answer) -> Response:
    made = answer.status in MADE
    headers = {"location": f"/orders/{answer.document['id']}"} if made else {}
    return JSONResponse(answer.document, answer.status, headers)
