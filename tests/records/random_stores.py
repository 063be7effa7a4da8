"""Any store at all: a Hypothesis strategy made of the records' own types."""

from collections import deque
from collections.abc import Mapping
from dataclasses import is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from infra.local.releases import ServiceDeployment
from infra.local.store import EVENTS_KEPT, HISTORY_KEPT, ServiceEvent, Store
from infra.network.model import Rule

TEXT = st.text(max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-1, 1) | TEXT,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXT, inner, max_size=2),
    max_leaves=3,
)
PLAIN: dict[object, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(-(2**53), 2**53),
    bool: st.booleans(),
    NoneType: st.none(),
    Any: JSON,
}
RULES: st.SearchStrategy[Any] = st.sampled_from(["cidr", "group", "prefix_list"]).flatmap(
    lambda peer: st.builds(Rule, TEXT, st.integers(), st.integers(), **{peer: TEXT})
)  # exactly one peer
BOUNDS = {ServiceEvent: EVENTS_KEPT, ServiceDeployment: HISTORY_KEPT}


def stores() -> st.SearchStrategy[Store]:
    made: st.SearchStrategy[Store] = values_of(Store)
    return made


def values_of(kind: Any) -> st.SearchStrategy[Any]:
    """Values of a type out of those that records are made of."""
    if kind in PLAIN:
        return PLAIN[kind]
    if kind is Rule:
        return RULES
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(list(kind))
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        return st.builds(kind, **{name: values_of(hint) for name, hint in hints.items()})
    return _generic(get_origin(kind), get_args(kind))


def _generic(origin: Any, inner: tuple[Any, ...]) -> st.SearchStrategy[Any]:
    if origin is UnionType:
        return st.one_of(*map(values_of, inner))
    if origin in (dict, Mapping):
        return st.dictionaries(values_of(inner[0]), values_of(inner[1]), max_size=2)
    if origin is tuple and inner[1:] != (Ellipsis,):
        return st.tuples(*map(values_of, inner))
    items = st.lists(values_of(inner[0]), max_size=2)
    if origin is deque:
        return items.map(lambda found: deque(found, maxlen=BOUNDS[inner[0]]))
    return items.map(tuple) if origin is tuple else items
