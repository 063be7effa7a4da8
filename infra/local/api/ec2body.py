"""EC2's dialect of the Query protocol: form fields to parameters, answers in its own envelope.

Lists are always flat (`Filter.1.Value.1`), names on the wire begin with a capital, an answer has
no result element, and an error sits in `Response`.
"""

from collections.abc import Mapping
from xml.sax.saxutils import escape

from botocore.model import OperationModel, Shape

from infra.local.api.errors import ApiError
from infra.local.api.models import Value
from infra.local.api.querybody import Node, form_tree, numbered, scalar
from infra.local.api.xmlbody import members, text
from infra.local.store import Document


def parse_ec2(fields: Mapping[str, str], shape: Shape | None) -> Document:
    """Read an operation's parameters out of a form. Unknown fields are kept, to be refused."""
    return {} if shape is None else _structure(form_tree(fields), shape)


def dump_ec2(result: Document, operation: OperationModel, request_id: str) -> bytes:
    name, shape = f"{operation.name}Response", operation.output_shape
    namespace = escape(operation.service_model.metadata.get("xmlNamespace", ""))
    body = "" if shape is None else "".join(members(result, shape))
    return (
        f'<{name} xmlns="{namespace}"><requestId>{request_id}</requestId>{body}</{name}>'
    ).encode()


def dump_ec2_error(error: ApiError, request_id: str) -> bytes:
    return (
        f"<Response><Errors><Error><Code>{text(error.code)}</Code>"
        f"<Message>{text(error.message)}</Message></Error></Errors>"
        f"<RequestID>{request_id}</RequestID></Response>"
    ).encode()


def _parse(node: Node, shape: Shape) -> Value:
    if shape.type_name == "structure":
        return _structure(node, shape)
    if shape.type_name == "list":
        return [_parse(child, shape.member) for child in numbered(node)]
    return scalar(node, shape)


def _structure(node: Node, shape: Shape) -> Document:
    names = {_name(member, name): name for name, member in shape.members.items()}
    result: Document = {}
    for key, child in node.children.items():
        name = names.get(key, key)
        result[name] = _parse(child, shape.members[name]) if key in names else child.value
    return result


def _name(shape: Shape, name: str) -> str:
    """What a member is called in a request."""
    given = str(shape.serialization.get("queryName") or shape.serialization.get("name") or name)
    return given if "queryName" in shape.serialization else given[0].upper() + given[1:]
