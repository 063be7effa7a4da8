"""Answers of the Query protocol: results to XML."""

import base64
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from botocore.model import OperationModel, Shape

from infra.local.api.errors import ApiError
from infra.local.api.models import Value, wire_name
from infra.local.store import Document

# XML 1.0 has no way to write these
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def dump_xml(result: Document, operation: OperationModel, request_id: str) -> bytes:
    """Write `<XResponse><XResult>...` with the service's namespace; times are ISO 8601."""
    shape = operation.output_shape
    body = ""
    if shape is not None:
        wrapper = shape.serialization.get("resultWrapper", f"{operation.name}Result")
        body = f"<{wrapper}>{''.join(members(result, shape))}</{wrapper}>"
    name = f"{operation.name}Response"
    namespace = operation.service_model.metadata.get("xmlNamespace", "")
    return (
        f'<{name} xmlns="{escape(namespace)}">{body}'
        f"<ResponseMetadata><RequestId>{request_id}</RequestId></ResponseMetadata></{name}>"
    ).encode()


def dump_xml_error(error: ApiError, request_id: str) -> bytes:
    fault = "Sender" if error.status < 500 else "Receiver"
    return (
        f"<ErrorResponse><Error><Type>{fault}</Type><Code>{text(error.code)}</Code>"
        f"<Message>{text(error.message)}</Message></Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    ).encode()


def members(value: Document, shape: Shape) -> Iterator[str]:
    """The elements of a structure's members."""
    for name, item in value.items():
        member = shape.members[name]
        yield from _elements(item, member, wire_name(member, name))


def _elements(value: Value, shape: Shape, name: str) -> Iterator[str]:
    """The element or, of a flattened list or map, the elements that write `value`."""
    if shape.type_name == "structure":
        yield f"<{name}>{''.join(members(value, shape))}</{name}>"
    elif shape.type_name == "list":
        yield from _list(value, shape, name)
    elif shape.type_name == "map":
        yield from _map(value, shape, name)
    else:
        yield f"<{name}>{text(_SCALARS.get(shape.type_name, str)(value))}</{name}>"


def _list(value: list[Value], shape: Shape, name: str) -> Iterator[str]:
    if shape.serialization.get("flattened"):
        for item in value:
            yield from _elements(item, shape.member, name)
        return
    inner = shape.member.serialization.get("name", "member")
    items = "".join(part for item in value for part in _elements(item, shape.member, inner))
    yield f"<{name}>{items}</{name}>"


def _map(value: Document, shape: Shape, name: str) -> Iterator[str]:
    flattened = shape.serialization.get("flattened")
    entry = name if flattened else "entry"
    entries = "".join(f"<{entry}>{_pair(k, v, shape)}</{entry}>" for k, v in value.items())
    yield entries if flattened else f"<{name}>{entries}</{name}>"


def _pair(key: str, value: Value, shape: Shape) -> str:
    key_parts = _elements(key, shape.key, shape.key.serialization.get("name", "key"))
    value_parts = _elements(value, shape.value, shape.value.serialization.get("name", "value"))
    return "".join(key_parts) + "".join(value_parts)


def text(value: str) -> str:
    """Escaped for XML; what XML cannot write is replaced."""
    return escape(_UNWRITABLE.sub("\ufffd", value))


def _time(value: datetime) -> str:
    return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_SCALARS: dict[str, Callable[[Value], str]] = {
    "boolean": lambda value: "true" if value else "false",
    "timestamp": _time,
    "blob": lambda value: base64.b64encode(value).decode(),
}
