"""The wire protocols that AWS speaks here, driven by botocore's service models."""

import json
from typing import Protocol

from botocore.model import OperationModel, ServiceModel

from infra.local.api.ec2body import dump_ec2, dump_ec2_error, parse_ec2
from infra.local.api.errors import ApiError, InvalidRequestError, ResponseShapeError
from infra.local.api.jsonbody import dump_json, parse_json
from infra.local.api.models import operation, service_model
from infra.local.api.querybody import parse_query, read_form
from infra.local.api.validation import request_problems, result_problems
from infra.local.api.xmlbody import dump_xml, dump_xml_error
from infra.local.store import Document

# What each service calls a parameter that is not right
_INVALID_PARAMETER = {
    "ec2": "InvalidParameterValue",
    "ecs": "InvalidParameterException",
    "logs": "InvalidParameterException",
    "servicediscovery": "InvalidInput",
}


class WireProtocol(Protocol):
    """How one protocol writes requests and answers."""

    content_type: str

    def parse(self, body: bytes, op: OperationModel) -> Document:
        """A request's parameters, or InvalidRequestError."""

    def serialise(self, result: Document, op: OperationModel, request_id: str) -> bytes: ...

    def serialise_error(self, error: ApiError, request_id: str) -> bytes: ...


class JsonProtocol:
    """JSON 1.1. `message`: how the service's model spells the text of an error, which typed SDKs
    read nowhere else."""

    content_type = "application/x-amz-json-1.1"

    def __init__(self, message: str = "message") -> None:
        self._message = message

    def parse(self, body: bytes, op: OperationModel) -> Document:
        return parse_json(body, op.input_shape)

    def serialise(self, result: Document, op: OperationModel, request_id: str) -> bytes:
        return dump_json(result, op.output_shape)

    def serialise_error(self, error: ApiError, request_id: str) -> bytes:
        members = {"__type": error.code, self._message: error.message, **error.details}
        return json.dumps(members).encode()


class QueryProtocol:
    content_type = "text/xml"

    def parse(self, body: bytes, op: OperationModel) -> Document:
        return parse_query(read_form(body), op.input_shape)

    def serialise(self, result: Document, op: OperationModel, request_id: str) -> bytes:
        return dump_xml(result, op, request_id)

    def serialise_error(self, error: ApiError, request_id: str) -> bytes:
        return dump_xml_error(error, request_id)


class Ec2Protocol:
    """The Query protocol as only EC2 has it."""

    content_type = "text/xml"

    def parse(self, body: bytes, op: OperationModel) -> Document:
        return parse_ec2(read_form(body), op.input_shape)

    def serialise(self, result: Document, op: OperationModel, request_id: str) -> bytes:
        return dump_ec2(result, op, request_id)

    def serialise_error(self, error: ApiError, request_id: str) -> bytes:
        return dump_ec2_error(error, request_id)


JSON = JsonProtocol()
CAPITAL_JSON = JsonProtocol("Message")
QUERY = QueryProtocol()
EC2 = Ec2Protocol()


def protocol_of(model: ServiceModel) -> WireProtocol:
    """The protocol that we speak with a service's clients."""
    spoken = model.metadata.get("protocols", ())
    if "ec2" in spoken:
        return EC2
    if "query" in spoken:
        return QUERY
    return CAPITAL_JSON if model.service_name == "servicediscovery" else JSON


def invalid_action(name: str) -> InvalidRequestError:
    """What AWS says of a Query action that it does not have; clients rely on the code."""
    message = f"The action {name} is not valid for this web service."
    return InvalidRequestError("InvalidAction", message)


def find_operation(service: str, name: str) -> OperationModel:
    """The operation, or the error that AWS gives for a name that the service does not know."""
    found = operation(service, name)
    if found is not None:
        return found
    if protocol_of(service_model(service)) is QUERY:
        raise invalid_action(name)
    raise InvalidRequestError("UnknownOperationException", f"{service} has no operation {name!r}")


def check_params(params: Document, op: OperationModel) -> None:
    """Refuse parameters that do not fit the operation's input shape."""
    problems = request_problems(params, op.input_shape)
    if problems:
        service = op.service_model.service_name
        raise InvalidRequestError(_INVALID_PARAMETER.get(service, "ValidationError"), problems)


def check_result(result: Document, op: OperationModel) -> None:
    """Raise ResponseShapeError if our own result does not fit the operation's output shape."""
    problems = result_problems(result, op.output_shape)
    if problems:
        raise ResponseShapeError(f"{op.name}: {problems}")
