"""botocore's service models, loaded once, without the documentation that fills most of them."""

from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import OperationModel, ServiceModel, Shape

# What a shape describes: JSON, times and bytes, of a type that only its model knows.
Value = Any


@cache
def service_model(name: str) -> ServiceModel:
    """The model of a service by botocore's name for it (`ecs`, `elbv2`)."""
    return ServiceModel(
        _without_documentation(Loader().load_service_model(name, "service-2")), name
    )


@cache
def operation(service: str, name: str) -> OperationModel | None:
    """An operation's model, or None if the service has no such operation."""
    model = service_model(service)
    return model.operation_model(name) if name in model.operation_names else None


def _without_documentation(document: Value) -> Value:
    if isinstance(document, list):
        return [_without_documentation(item) for item in document]
    if not isinstance(document, dict):
        return document
    return {
        key: _without_documentation(value)
        for key, value in document.items()
        if key != "documentation" or not isinstance(value, str)
    }


def wire_name(shape: Shape, name: str) -> str:
    """What a structure's member is called on the wire; a flattened list has its member's name."""
    if shape.type_name == "list" and shape.serialization.get("flattened"):
        name = shape.member.serialization.get("name") or name
        return str(name)
    return str(shape.serialization.get("name", name))
