"""Calls to order-api: one connection pool, every timeout spelled out, no retries.

Service Connect's proxy in front of order-api retries already (R6.8); retrying here too would
multiply the load of an order-api in trouble.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import anyio
import httpx

from services.inventory_api.errors import UnavailableError
from services.inventory_api.requestlog import Trace

LARGEST_POOL = 100
# below order-api's keep-alive, even at time scale 20 (75 s / 20), so that no call goes out on a
# connection that order-api is closing
IDLE_SECONDS = 3.0
MADE = (HTTPStatus.OK, HTTPStatus.CREATED)
PASSED_ON = (*MADE, HTTPStatus.CONFLICT, HTTPStatus.UNPROCESSABLE_ENTITY)


@dataclass(frozen=True, slots=True)
class Answer:
    """order-api's answer to pass on: one of PASSED_ON and its JSON object."""

    status: int
    document: Mapping[str, object]


class OrderClient:
    """order-api as seen from here. Each call ends within `timeout_seconds`.

    The environment's http_proxy and no_proxy are honoured: where a host file cannot name
    `order-api`, the plane gives the name to a proxy.
    """

    def __init__(
        self, url: str, timeout_seconds: float, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._timeout_seconds = timeout_seconds
        self._client = httpx.AsyncClient(
            base_url=url,
            trust_env=True,
            transport=transport,
            timeout=httpx.Timeout(
                connect=timeout_seconds,
                read=timeout_seconds,
                write=timeout_seconds,
                pool=timeout_seconds,
            ),
            limits=httpx.Limits(
                max_connections=LARGEST_POOL,
                max_keepalive_connections=LARGEST_POOL,
                keepalive_expiry=IDLE_SECONDS,
            ),
        )

    async def open_quantities(self, skus: Sequence[str], trace: Trace) -> dict[str, int]:
        """Units in open orders for each SKU; UnavailableError when order-api cannot say."""
        request = self._client.build_request(
            "GET", "/orders/open", params={"sku": list(skus)}, headers=_headers(trace)
        )
        answer = await self._send(request)
        found = answer.document.get("open")
        if not isinstance(found, dict) or not all(isinstance(found.get(s), int) for s in skus):
            raise UnavailableError(f"order-api answered {answer.status} without sums; try again")
        return {sku: found[sku] for sku in skus}

    async def create(self, wish: Mapping[str, object], key: str, trace: Trace) -> Answer:
        """The answer to POST /orders with this Idempotency-Key, or UnavailableError.

        After UnavailableError the order may exist: the same key tells.
        """
        headers = {**_headers(trace), "idempotency-key": key}
        request = self._client.build_request("POST", "/orders", json=wish, headers=headers)
        answer = await self._send(request)
        if answer.status in MADE and not isinstance(answer.document.get("id"), str):
            raise UnavailableError("order-api answered without an order's id; try again")
        return answer

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _send(self, request: httpx.Request) -> Answer:
        try:
            with anyio.fail_after(self._timeout_seconds):  # httpx's timeouts are per operation
                response = await self._client.send(request)
        except (TimeoutError, httpx.TimeoutException) as error:
            limit = f"{self._timeout_seconds:g} s"
            raise UnavailableError(f"order-api gave no answer within {limit}; try again") from error
        except httpx.TransportError as error:
            raise UnavailableError("order-api cannot be reached; try again") from error
        return _read(response)


def _read(response: httpx.Response) -> Answer:
    if response.status_code not in PASSED_ON:
        raise UnavailableError(f"order-api answered {response.status_code}; try again")
    try:
        document = response.json()
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise UnavailableError("order-api answered something other than JSON; try again")
    return Answer(response.status_code, document)


def _headers(trace: Trace) -> dict[str, str]:
    return {"x-request-id": trace.request_id, "traceparent": trace.traceparent}
