"""What can go wrong with a request, and the JSON that says so.

    ServiceError
    ├── InvalidError      422  a field, parameter or header is wrong; `field` names it
    ├── BodyError         400, 408, 413  the body cannot be read
    ├── NotFoundError     404
    └── UnavailableError  503  what the answer depends on is not there; try again

The body is `{"error": {"code", "message"}}`, and `field` where one is to blame.
"""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse

RETRY_AFTER_SECONDS = 1


class ServiceError(Exception):
    """An error with its HTTP status and a code for programs."""

    def __init__(self, status: int, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.field = field


class InvalidError(ServiceError):
    def __init__(self, field: str, message: str) -> None:
        super().__init__(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", message, field)


class BodyError(ServiceError):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(status, "unreadable_body", message)


class NotFoundError(ServiceError):
    def __init__(self, message: str) -> None:
        super().__init__(HTTPStatus.NOT_FOUND, "not_found", message)


class UnavailableError(ServiceError):
    def __init__(self, message: str) -> None:
        super().__init__(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", message)


def shown(value: object) -> str:
    """A value of the caller's for a message: ASCII and short."""
    text = ascii(value)
    return text if len(text) <= 60 else text[:57] + "..."


async def answer_error(_request: Request, error: Exception) -> JSONResponse:
    """The response to a ServiceError, to Starlette's own 404 and 405, and to any other (500)."""
    if isinstance(error, ServiceError):
        return _answer(error.status, error.code, str(error), error.field)
    if isinstance(error, HTTPException):
        code = HTTPStatus(error.status_code).name.lower()
        return _answer(error.status_code, code, error.detail, None, error.headers)
    return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, "internal", "this is our fault", None)


def _answer(
    status: int,
    code: str,
    message: str,
    field: str | None,
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    content = {"code": code, "message": message} | ({"field": field} if field else {})
    wait = {"retry-after": str(RETRY_AFTER_SECONDS)}
    extra = wait if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return JSONResponse({"error": content}, status, {**(headers or {}), **extra})
