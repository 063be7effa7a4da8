"""A request's JSON body, bounded in size and time."""

import json
from http import HTTPStatus

import anyio
from starlette.requests import ClientDisconnect, Request

from services.inventory_api.errors import BodyError, InvalidError

LARGEST_BODY = 64 * 1024
LONGEST_BODY_SECONDS = 15.0


async def read_object(request: Request) -> dict[str, object]:
    """The JSON object in the body; InvalidError or BodyError when there is none."""
    try:
        document = json.loads(await _read(request))
    except (ValueError, RecursionError) as error:
        raise InvalidError("body", f"the body is not JSON: {error}"[:200]) from error
    if not isinstance(document, dict):
        raise InvalidError("body", f"the body is a JSON {type(document).__name__}; send an object")
    return document


async def _read(request: Request) -> bytes:
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared[:20]) > LARGEST_BODY:
        raise _too_large(declared)
    try:
        with anyio.fail_after(LONGEST_BODY_SECONDS):
            return await _collect(request)
    except TimeoutError as error:
        message = f"the body did not arrive within {LONGEST_BODY_SECONDS:g} s; send it faster"
        raise BodyError(HTTPStatus.REQUEST_TIMEOUT, message) from error
    except ClientDisconnect as error:
        raise BodyError(HTTPStatus.BAD_REQUEST, "the body ended early") from error


async def _collect(request: Request) -> bytes:
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > LARGEST_BODY:
            raise _too_large(f"more than {LARGEST_BODY}")
    return bytes(body)


def _too_large(size: str) -> BodyError:
    message = f"the body has {size[:20]} bytes; send at most {LARGEST_BODY}"
    return BodyError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, message)
