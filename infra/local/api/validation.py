"""What must hold of parameters and results: the model's types, members, ranges, patterns, enums.

Types, required and unknown members are left to botocore's ParamValidator. Ranges, patterns and
enums are checked here and told in the words of AWS's own front end, "1 validation error detected:
Value '301' at 'healthCheckIntervalSeconds' failed to satisfy constraint: ...". Which of several
AWS names first is not known: here it is the request's order. Results are held against enums only
besides: AWS itself returns more load balancer attributes than the shape it shares with requests
allows.
"""

import re
from collections.abc import Iterator, Sized
from functools import cache

from botocore.model import Shape
from botocore.validate import ParamValidator

from infra.local.api.models import Value

_VALIDATOR = ParamValidator()
_NUMBERS = ("integer", "long", "float", "double")
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
    wrong = [line for line in found if not (bounded and ", valid min " in line)]
    if wrong:
        return "; ".join(wrong[:PROBLEMS_SHOWN])
    found = [
        f"Value '{_shown(item)}' at '{path}' failed to satisfy constraint: Member must {demand}"
        for path, item, kind in _walk(value, shape, "")
        for demand in _broken(item, kind, bounded=bounded)
    ]
    if not found:
        return ""
    plural = "" if len(found) == 1 else "s"
    shown = "; ".join(found[:PROBLEMS_SHOWN])
    return f"{len(found)} validation error{plural} detected: {shown}"


def _shown(value: Value) -> str:
    return f"[{', '.join(map(str, value))}]" if isinstance(value, list) else str(value)


def _walk(value: Value, shape: Shape, path: str) -> Iterator[tuple[str, Value, Shape]]:
    """Every map, list and scalar in a value whose types ParamValidator has accepted."""
    kind = shape.type_name
    if kind == "structure":
        if not shape.is_document_type:
            members = shape.members
            for name, item in value.items():
                own = name[:1].lower() + name[1:]
                yield from _walk(item, members[name], f"{path}.{own}" if path else own)
        return
    yield path, value, shape
    if kind == "map":
        for key, item in value.items():
            yield f"{path}.{key}.key", key, shape.key
            yield from _walk(item, shape.value, f"{path}.{key}.member")
    elif kind == "list":
        for index, item in enumerate(value, start=1):
            yield from _walk(item, shape.member, f"{path}.{index}.member")


def _broken(value: Value, shape: Shape, *, bounded: bool) -> Iterator[str]:
    """What the model demands of the value and it does not do."""
    if shape.type_name in _NUMBERS and isinstance(value, bool):
        yield "be a number"
    enum = shape.metadata.get("enum")
    if enum and value not in enum:
        yield f"satisfy enum value set: [{', '.join(enum)}]"
    if bounded:
        yield from _out_of_bounds(value, shape)
        pattern = shape.metadata.get("pattern")
        if pattern and not _fits(pattern, value):
            yield f"satisfy regular expression pattern: {pattern}"


def _out_of_bounds(value: Value, shape: Shape) -> Iterator[str]:
    """Of a number its value, of anything else its length."""
    what, size = ("length", len(value)) if isinstance(value, Sized) else ("value", value)
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if not isinstance(size, int | float):
        return
    if least is not None and size < least:
        yield f"have {what} greater than or equal to {least}"
    if most is not None and size > most:
        yield f"have {what} less than or equal to {most}"


def _fits(pattern: str, text: str) -> bool:
    found = _compiled(pattern)
    return found is None or found.fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """None for what Python's `re` does not know, such as the classes of Unicode in tags."""
    try:
        return re.compile(pattern)
    except re.error:
        return None
