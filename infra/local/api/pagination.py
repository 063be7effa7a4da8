"""Pages of lists. A token names the last item of its page, so deletions between pages skip none."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable
from typing import TypeVar

from infra.local.api.errors import ApiError

T = TypeVar("T")
Key = tuple[str | int, ...]


def page(
    items: Iterable[T],
    key: Callable[[T], Key],
    limit: int,
    token: str | None,
    *,
    descending: bool = False,
    error_code: str = "InvalidParameterException",
) -> tuple[list[T], str | None]:
    """The next at most `limit` items in the order of their keys, and the token for more, if any.

    Keys must be unique. Raises ApiError with `error_code` for a token that is not ours.
    """
    ordered = sorted(items, key=key, reverse=descending)
    if token:
        last = _read(token, error_code)
        ordered = [x for x in ordered if (key(x) < last if descending else key(x) > last)]
    found = ordered[:limit]
    return found, _write(key(found[-1])) if len(ordered) > limit else None


def _write(key: Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _read(token: str, error_code: str) -> Key:
    try:
        return tuple(json.loads(base64.urlsafe_b64decode(token)))
    except (ValueError, binascii.Error, TypeError) as error:
        raise ApiError(error_code, f"Invalid token {token[:60]!r}: take the last page's") from error


def with_token(result: dict[str, object], name: str, token: str | None) -> dict[str, object]:
    """Add the token to a result, if there is one."""
    return {**result, name: token} if token else result


def check_limit(limit: int, most: int, name: str) -> int:
    """Refuse a page size outside of 1 to `most`; botocore's model of ECS states no bounds."""
    if not 1 <= limit <= most:
        raise ApiError("InvalidParameterException", f"{name} is {limit}, it must be 1 to {most}")
    return limit
