"""The store as JSON and back: every dataclass, enum, tuple key and bounded queue of it."""

import hashlib
import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, get_args, get_origin, get_type_hints

import cattrs

from infra.local.releases import ServiceDeployment
from infra.local.store import EVENTS_KEPT, HISTORY_KEPT, Document, ServiceEvent, Store

BOUNDS: Mapping[object, int] = {ServiceEvent: EVENTS_KEPT, ServiceDeployment: HISTORY_KEPT}
TYPES: Mapping[str, Any] = get_type_hints(Store)


def encode(store: Store) -> Iterator[tuple[str, str]]:
    """Each part of the store with its name, as JSON; a mapping has one line for each record."""
    for name, kind in TYPES.items():
        part = _CONVERTER.unstructure(getattr(store, name), kind)
        yield name, _lines(part) if isinstance(part, dict) else _dump(part)


def decode(parts: Mapping[str, Any]) -> Store:
    """The store of parsed parts. Raises ValueError if they are not what `encode` wrote."""
    try:
        return _CONVERTER.structure(parts, Store)
    except (cattrs.BaseValidationError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(cattrs.transform_error(error)[0]) from error


def shape() -> str:
    """A stamp of what the records consist of: it changes with any field of any of them."""
    seen: dict[str, str] = {}
    _describe(Store, seen)
    return hashlib.sha256(json.dumps(sorted(seen.items())).encode()).hexdigest()[:12]


def _describe(kind: object, seen: dict[str, str]) -> None:
    """Note a type's fields, and those of all types in it."""
    if isinstance(kind, type) and f"{kind.__module__}.{kind.__qualname__}" not in seen:
        name = f"{kind.__module__}.{kind.__qualname__}"
        if is_dataclass(kind):
            hints = get_type_hints(kind)
            seen[name] = repr([(f.name, str(hints[f.name])) for f in fields(kind)])
            for hint in hints.values():
                _describe(hint, seen)
        elif issubclass(kind, Enum):
            seen[name] = repr([member.value for member in kind])
    for part in get_args(kind):
        _describe(part, seen)


def _dump(part: object) -> str:
    return json.dumps(part, separators=(",", ":"))


def _lines(records: dict[str, Any]) -> str:
    if not records:
        return "{}"
    return "{\n" + ",\n".join(f"{_dump(k)}:{_dump(r)}" for k, r in records.items()) + "\n}"


def _has_tuple_keys(kind: object) -> bool:
    arguments = get_args(kind)
    return get_origin(kind) is dict and get_origin(arguments[0]) is tuple


def _is_deque(kind: object) -> bool:
    return get_origin(kind) is deque


def _pairs_out(converter: cattrs.Converter, kind: Any) -> Callable[[Any], Any]:  # noqa: ANN401 - a type
    value_type = get_args(kind)[1]
    return lambda found: [[list(k), converter.unstructure(v, value_type)] for k, v in found.items()]


def _pairs_in(converter: cattrs.Converter, kind: Any) -> Callable[[Any, Any], Any]:  # noqa: ANN401 - a type
    key_type, value_type = get_args(kind)

    def structure(pairs: Any, _: Any) -> Any:  # noqa: ANN401 - parsed JSON
        made = converter.structure
        return {made(key, key_type): made(value, value_type) for key, value in pairs}

    return structure


def _deque_in(converter: cattrs.Converter, kind: Any) -> Callable[[Any, Any], Any]:  # noqa: ANN401 - a type
    (item_type,) = get_args(kind)
    bound = BOUNDS[item_type]
    return lambda found, _: deque((converter.structure(x, item_type) for x in found), maxlen=bound)


def _make_converter() -> cattrs.Converter:
    """Documents are JSON already, and pass as they are; hooks are made once for each type."""
    made = cattrs.Converter(unstruct_collection_overrides={deque: list})
    made.register_unstructure_hook_func(lambda kind: kind == Document, lambda found: found)
    made.register_structure_hook_func(lambda kind: kind == Document, lambda found, _: dict(found))
    made.register_unstructure_hook_factory(_has_tuple_keys, lambda kind: _pairs_out(made, kind))
    made.register_structure_hook_factory(_has_tuple_keys, lambda kind: _pairs_in(made, kind))
    made.register_structure_hook_factory(_is_deque, lambda kind: _deque_in(made, kind))
    return made


_CONVERTER = _make_converter()
