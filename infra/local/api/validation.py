"""What must hold of parameters and results: the model's types, members, ranges and enums.

botocore's ParamValidator checks types, required and unknown members, and lower bounds; upper
bounds and enums are checked here. Upper bounds are for requests only: AWS itself returns more
load balancer attributes than the shape that it shares with requests allows.
"""

from collections.abc import Iterator, Sized

from botocore.model import Shape
from botocore.validate import ParamValidator

from infra.local.api.models import Value

_VALIDATOR = ParamValidator()
PROBLEMS_SHOWN = 5


def request_problems(params: Value, shape: Shape | None) -> str:
    """Say in a sentence per problem what is wrong with a request; empty if nothing is."""
    return _problems(params, shape, bounded=True)


def result_problems(result: Value, shape: Shape | None) -> str:
    """The same for a result of ours."""
    return _problems(result, shape, bounded=False)


def _problems(value: Value, shape: Shape | None, *, bounded: bool) -> str:
    if shape is None:
        return ""
    report = _VALIDATOR.validate(value, shape)
    found = report.generate_report().splitlines() if report.has_errors() else []
    if not found:
        found = [
            problem
            for path, item, kind in _walk(value, shape, "")
            for problem in _check(path, item, kind, bounded=bounded)
        ]
    return "; ".join(found[:PROBLEMS_SHOWN])


def _walk(value: Value, shape: Shape, path: str) -> Iterator[tuple[str, Value, Shape]]:
    """Every list and scalar in a value whose types ParamValidator has accepted."""
    kind = shape.type_name
    if kind == "structure":
        if not shape.is_document_type:
            members = shape.members
            for name, item in value.items():
                yield from _walk(item, members[name], f"{path}.{name}" if path else name)
    elif kind == "map":
        for key, item in value.items():
            yield f"{path} (key {key})", key, shape.key
            yield from _walk(item, shape.value, f"{path}.{key}")
    else:
        yield path, value, shape
        if kind == "list":
            for index, item in enumerate(value):
                yield from _walk(item, shape.member, f"{path}[{index}]")


def _check(path: str, value: Value, shape: Shape, *, bounded: bool) -> Iterator[str]:
    if shape.type_name in ("integer", "long", "float", "double") and isinstance(value, bool):
        yield f"Invalid type for parameter {path}, value: {value}, it must be a number"
    enum = shape.metadata.get("enum")
    if enum and value not in enum:
        yield f"Invalid value for parameter {path}: {value!r} is not one of {', '.join(enum)}"
    most = shape.metadata.get("max")
    if bounded and most is not None:
        yield from _above(path, value, most)


def _above(path: str, value: Value, most: int) -> Iterator[str]:
    """Of a number its value, of anything else its length."""
    what, size = ("length", len(value)) if isinstance(value, Sized) else ("value", value)
    if isinstance(size, int | float) and size > most:
        yield f"Invalid {what} for parameter {path}: {size} is above the maximum {most}"
