"""Bodies of the JSON 1.1 protocol: text to parameters, results to text."""

import base64
import binascii
import json
from datetime import UTC, datetime

from botocore.model import Shape

from infra.local.api.errors import InvalidRequestError
from infra.local.api.models import Value, wire_name
from infra.local.store import Document


def parse_json(body: bytes, shape: Shape | None) -> Document:
    """Read a request's body. Members that the shape does not know stay, to be refused by name.

    A member that is null counts as absent. Raises InvalidRequestError if it is no JSON object.
    """
    try:
        document = json.loads(body or b"{}")
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(
            "SerializationException", f"The body is not JSON: {error}"
        ) from error
    if not isinstance(document, dict):
        kind = type(document).__name__
        raise InvalidRequestError(
            "SerializationException", f"The body must be an object, not {kind}"
        )
    return {} if shape is None else _from_structure(document, shape)


def dump_json(result: Document, shape: Shape | None) -> bytes:
    """Write a result in wire names; times are epoch seconds with milliseconds."""
    document = {} if shape is None else _to_wire(result, shape)
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def _from_wire(value: Value, shape: Shape) -> Value:
    if shape.type_name == "structure" and isinstance(value, dict):
        return value if shape.is_document_type else _from_structure(value, shape)
    if shape.type_name == "list" and isinstance(value, list):
        return [_from_wire(item, shape.member) for item in value]
    if shape.type_name == "map" and isinstance(value, dict):
        return {key: _from_wire(item, shape.value) for key, item in value.items()}
    if shape.type_name == "timestamp" and isinstance(value, int | float):
        return _from_epoch(value)
    if shape.type_name == "blob" and isinstance(value, str):
        return _from_base64(value)
    return value


def _from_structure(document: Document, shape: Shape) -> Document:
    names = {wire_name(member, name): name for name, member in shape.members.items()}
    result = {}
    for key, value in document.items():
        name = names.get(key, key)
        if value is not None:
            result[name] = _from_wire(value, shape.members[name]) if key in names else value
    return result


def _from_epoch(value: float) -> datetime:
    try:
        return datetime.fromtimestamp(value, tz=UTC)
    except (ValueError, OverflowError, OSError) as error:
        message = f"{value} is not a time in epoch seconds: {error}"
        raise InvalidRequestError("SerializationException", message) from error


def _from_base64(value: str) -> bytes:
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error as error:
        message = f"{value[:40]!r} is not base64: {error}"
        raise InvalidRequestError("SerializationException", message) from error


def _to_wire(value: Value, shape: Shape) -> Value:
    kind = shape.type_name
    if kind == "structure":
        if shape.is_document_type:
            return value
        members = shape.members
        return {
            wire_name(members[name], name): _to_wire(item, members[name])
            for name, item in value.items()
        }
    if kind == "list":
        return [_to_wire(item, shape.member) for item in value]
    if kind == "map":
        return {key: _to_wire(item, shape.value) for key, item in value.items()}
    if kind == "timestamp":
        return _to_time(value, shape)
    return base64.b64encode(value).decode() if kind == "blob" else value


def _to_time(value: datetime, shape: Shape) -> float | str:
    style = shape.serialization.get("timestampFormat", "unixTimestamp")
    if style == "iso8601":
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return round(value.timestamp(), 3)
