"""Requests of the Query protocol: form fields to parameters."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import parse_qsl

from botocore.model import Shape

from infra.local.api.errors import InvalidRequestError
from infra.local.api.models import Value, wire_name
from infra.local.store import Document

FIELDS_MAX = 10_000
DEPTH_MAX = 32


@dataclass(slots=True)
class Node:
    """The fields below one name: `A.member.1=x` is A -> member -> 1 with the value x."""

    value: str | None = None
    children: dict[str, "Node"] = field(default_factory=dict)


def read_form(body: bytes) -> dict[str, str]:
    """The fields of a form, or InvalidRequestError. Of a field that comes twice the last counts."""
    try:
        fields = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX)
    except ValueError as error:
        raise InvalidRequestError(
            "MalformedQueryString", f"The form is malformed: {error}"
        ) from error
    return dict(fields)


def parse_query(fields: Mapping[str, str], shape: Shape | None) -> Document:
    """Read an operation's parameters out of a form without `Action` and `Version`.

    Fields that the shape does not know are kept, to be refused by name.
    """
    root = form_tree(fields)
    return {} if shape is None else _structure(root, shape)


def form_tree(fields: Mapping[str, str]) -> Node:
    """The fields by the parts of their names, without `Action` and `Version`."""
    root = Node()
    for name, value in fields.items():
        if name in ("Action", "Version"):
            continue
        parts = name.split(".")
        if len(parts) > DEPTH_MAX:
            raise InvalidRequestError(
                "MalformedQueryString", f"{name[:60]}... is nested deeper than {DEPTH_MAX} levels"
            )
        node = root
        for part in parts:
            node = node.children.setdefault(part, Node())
        node.value = value
    return root


def _parse(node: Node, shape: Shape) -> Value:
    if shape.type_name == "structure":
        return _structure(node, shape)
    if shape.type_name == "list":
        return _list(node, shape)
    if shape.type_name == "map":
        return _map(node, shape)
    return scalar(node, shape)


def _structure(node: Node, shape: Shape) -> Document:
    names = {wire_name(member, name): name for name, member in shape.members.items()}
    result: Document = {}
    for key, child in node.children.items():
        name = names.get(key, key)
        result[name] = _parse(child, shape.members[name]) if key in names else child.value
    return result


def _list(node: Node, shape: Shape) -> list[Value]:
    if not shape.serialization.get("flattened"):
        node = node.children.get(shape.member.serialization.get("name", "member"), Node())
    return [_parse(child, shape.member) for child in numbered(node)]


def _map(node: Node, shape: Shape) -> Document:
    if not shape.serialization.get("flattened"):
        node = node.children.get("entry", Node())
    key = shape.key.serialization.get("name", "key")
    value = shape.value.serialization.get("name", "value")
    return {
        str(_parse(child.children.get(key, Node()), shape.key)): _parse(
            child.children.get(value, Node()), shape.value
        )
        for child in numbered(node)
    }


def numbered(node: Node) -> list[Node]:
    """The items of a list, in their order."""
    for name in node.children:
        if not name.isdecimal():
            raise InvalidRequestError("MalformedQueryString", f"{name!r} is not a list's index")
    return [node.children[name] for name in sorted(node.children, key=int)]


def scalar(node: Node, shape: Shape) -> Value:
    """A value of the shape's type."""
    text = node.value
    if text is None:
        raise InvalidRequestError("ValidationError", f"A {shape.type_name} needs one value")
    try:
        return _SCALARS.get(shape.type_name, str)(text)
    except (ValueError, binascii.Error) as error:
        message = f"{text[:60]!r} is not of the type {shape.type_name}"
        raise InvalidRequestError("ValidationError", message) from error


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


_SCALARS: dict[str, Callable[[str], Value]] = {
    "integer": int,
    "long": int,
    "float": float,
    "double": float,
    "boolean": _boolean,
    "timestamp": datetime.fromisoformat,
    "blob": lambda text: base64.b64decode(text, validate=True),
}
