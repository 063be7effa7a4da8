"""What must hold of parameters and results: the model's types, members, ranges and enums.

botocore's ParamValidator checks types, required and unknown members, and lower bounds; upper
bounds and enums are checked here.
"""

from collections.abc import Iterator, Sized

from botocore.model import Shape
from botocore.validate import ParamValidator

from infra.local.api.models import Value

_VALIDATOR = ParamValidator()
PROBLEMS_SHOWN = 5


def problems_of(value: Value, shape: Shape | None) -> str:
    """Say in one sentence per problem what is wrong with `value`; empty if nothing is."""
    if shape is None:
        return ""
    report = _VALIDATOR.validate(value, shape)
    found = report.generate_report().splitlines() if report.has_errors() else []
    found = found or list(_constraints(value, shape, ""))
    return "; ".join(found[:PROBLEMS_SHOWN])


def _constraints(value: Value, shape: Shape, path: str) -> Iterator[str]:
    kind = shape.type_name
    if kind == "structure":
        if not shape.is_document_type:
            for name, item in value.items():
                yield from _constraints(item, shape.members[name], f"{path}.{name}".lstrip("."))
    elif kind == "list":
        yield from _bounds(value, shape, path)
        for index, item in enumerate(value):
            yield from _constraints(item, shape.member, f"{path}[{index}]")
    elif kind == "map":
        for key, item in value.items():
            yield from _constraints(key, shape.key, f"{path} (key {key})")
            yield from _constraints(item, shape.value, f"{path}.{key}")
    else:
        yield from _scalar(value, shape, path)


def _scalar(value: Value, shape: Shape, path: str) -> Iterator[str]:
    if shape.type_name in ("integer", "long", "float", "double") and isinstance(value, bool):
        yield f"Invalid type for parameter {path}, value: {value}, it must be a number"
    enum = shape.metadata.get("enum")
    if enum and value not in enum:
        yield f"Invalid value for parameter {path}: {value!r} is not one of {', '.join(enum)}"
    yield from _bounds(value, shape, path)


def _bounds(value: Value, shape: Shape, path: str) -> Iterator[str]:
    """Upper bounds: of a number its value, of anything else its length."""
    most = shape.metadata.get("max")
    if most is None:
        return
    size = len(value) if isinstance(value, Sized) else value
    if isinstance(size, int | float) and size > most:
        what = "length" if isinstance(value, Sized) else "value"
        yield f"Invalid {what} for parameter {path}: {size} is above the maximum {most}"
