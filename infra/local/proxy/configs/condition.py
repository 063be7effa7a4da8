"""A rule's conditions as an Envoy route match: all conditions, any value of each."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from infra.local.proxy.model import Condition, Field

_NO_HEADERS = (Field.PATH_PATTERN, Field.SOURCE_IP)
SOURCE_KEY = "rehearse.source"  # the client's address, kept per connection for source-ip


def route_match(conditions: Sequence[Condition]) -> dict[str, Any]:
    """The route match that holds exactly when every condition does; none: always.

    Envoy matches a path without its query, and any header as a whole string.
    """
    paths = [c for c in conditions if c.field is Field.PATH_PATTERN]
    headers = [_header(c) for c in conditions if c.field not in _NO_HEADERS]
    sources = [_source(c) for c in conditions if c.field is Field.SOURCE_IP]
    return {
        **(_path(paths) if paths else {"prefix": "/"}),
        **({"headers": headers} if headers else {}),
        **({"filter_state": sources} if sources else {}),
    }


def wildcards(text: str, one: str = ".") -> str:
    r"""An ELB pattern as a regular expression: `*` any characters, `?` one, `\*` itself."""
    meanings = {"*": f"{one}*", "?": one}
    parts = re.findall(r"\\[*?\\]|.", text, flags=re.DOTALL)
    return "".join(meanings.get(part) or re.escape(part[-1]) for part in parts)


def _path(conditions: list[Condition]) -> dict[str, Any]:
    """ELB allows one path condition in a rule; its API refuses more."""
    (condition,) = conditions
    return {"safe_regex": {"regex": _any(wildcards(v) for v in condition.values)}}


def _header(condition: Condition) -> dict[str, Any]:
    match condition.field:
        case Field.HTTP_REQUEST_METHOD:
            return _matches(":method", _any(re.escape(v) for v in condition.values))
        case Field.HOST_HEADER:
            # Local ports are not the default ones, so clients send them in the host.
            hosts = _any(wildcards(v) for v in condition.values)
            return _matches(":authority", f"(?i){hosts}(:[0-9]+)?")
        case Field.HTTP_HEADER:
            values = _any(wildcards(v) for v in condition.values)
            return _matches(condition.name.lower(), f"(?i){values}")
        case Field.QUERY_STRING:
            pairs = _any(_pair(key, value) for key, value in condition.pairs)
            return _matches(":path", rf"(?i)[^?]*\?(.*&)?{pairs}(&.*)?")
        case Field.PATH_PATTERN | Field.SOURCE_IP:
            raise AssertionError(f"{condition.field} is no header")


def _pair(key: str | None, value: str) -> str:
    wanted = wildcards(value, "[^&]")
    return f"([^&=]*=)?{wanted}" if key is None else f"{wildcards(key, '[^&=]')}={wanted}"


def _source(condition: Condition) -> dict[str, Any]:
    ranges = [_range(*value.split("/")) for value in condition.values]
    return {"key": SOURCE_KEY, "address_match": {"ranges": ranges}}


def _range(prefix: str, length: str) -> dict[str, Any]:
    return {"address_prefix": prefix, "prefix_len": int(length)}


def _matches(name: str, regex: str) -> dict[str, Any]:
    return {"name": name, "string_match": {"safe_regex": {"regex": regex}}}


def _any(patterns: Iterable[str]) -> str:
    return f"({'|'.join(patterns)})"
