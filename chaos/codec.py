"""JSON objects into frozen dataclasses, once, with errors that name the member."""

import dataclasses
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")


class MalformedError(ValueError):
    """A JSON document is not what it should be; the message names the member."""


@cache
def _hints(cls: type[object]) -> dict[str, Any]:  # Any: typing's own description of a type
    return get_type_hints(cls)


def decode(cls: type[T], document: object) -> T:
    """Build `cls` from a JSON object. Unknown members are ignored, missing ones need a default."""
    if not isinstance(document, Mapping) or not dataclasses.is_dataclass(cls):
        raise MalformedError(f"{cls.__name__} must be a JSON object, not {document!r}")
    values: dict[str, object] = {}
    for field in dataclasses.fields(cls):
        if field.name in document:
            values[field.name] = _value(_hints(cls)[field.name], document[field.name], field.name)
        elif field.default is dataclasses.MISSING:
            raise MalformedError(f"{cls.__name__} lacks {field.name!r}")
    return cls(**values)


def _value(hint: Any, value: object, name: str) -> object:  # noqa: ANN401 - typing's own
    if get_origin(hint) in (Union, types.UnionType):
        return None if value is None else _value(get_args(hint)[0], value, name)
    if get_origin(hint) is tuple:
        if not isinstance(value, list):
            raise MalformedError(f"{name!r} must be a list, not {value!r}")
        return tuple(_value(get_args(hint)[0], item, name) for item in value)
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return decode(hint, value)
    return _scalar(hint, value, name)


def _scalar(hint: type[object], value: object, name: str) -> object:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if hint is float and number:
        return float(value)  # type: ignore[arg-type]  # a number, by the line above
    if isinstance(value, hint) and (hint is bool or not isinstance(value, bool)):
        return value
    raise MalformedError(f"{name!r} must be of type {hint.__name__}, not {value!r}")
