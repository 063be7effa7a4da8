"""Conditions of rules: their limits, and the form in which DescribeRules returns them.

Terraform's provider reads conditions from their `...Config` members, older clients from `Values`.
Limits of length and characters are those that ELB documents. Texts on length, count and members
that do not go together are ELB's; that a kind may be given once, the limit of wildcards and what a
value may consist of is documented without its text, so these sentences are ours.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network

from infra.local.api.elbv2 import errors
from infra.local.balancing.rules import CONFIGS
from infra.local.proxy.model import Field
from infra.local.store import Document

VALUES_MAX, WILDCARDS_MAX = 5, 5  # of a rule, over all its conditions
LENGTH_MAX: Mapping[Field, int] = {
    Field.HOST_HEADER: 128,
    Field.HTTP_HEADER: 128,
    Field.HTTP_REQUEST_METHOD: 40,
    Field.PATH_PATTERN: 128,
}
HEADER_NAME_MAX, QUERY_MAX = 40, 128
_LISTED = (Field.PATH_PATTERN, Field.HOST_HEADER)  # take and return their values in `Values`, too
_REPEATABLE = (Field.HTTP_HEADER, Field.QUERY_STRING)
_WILD = (Field.PATH_PATTERN, Field.HOST_HEADER, Field.HTTP_HEADER, Field.QUERY_STRING)
_CONFIG_FIELDS = {config: field for field, config in CONFIGS.items()}
_CHARACTERS: Mapping[Field, tuple[re.Pattern[str], str]] = {
    Field.HTTP_REQUEST_METHOD: (re.compile(r"[A-Z_-]+"), "A-Z, hyphen and underscore"),
    Field.PATH_PATTERN: (
        re.compile(r"""[A-Za-z0-9_\-.$/~"'@:+&*?]+"""),
        "A-Z, a-z, 0-9, the wildcards * and ?, and any of _-.$/~\"'@:+&",
    ),
    Field.HOST_HEADER: (
        re.compile(r"[A-Za-z0-9.*?:_-]+"),
        "A-Z, a-z, 0-9, hyphen, period, and the wildcards * and ?",
    ),
}
_HEADER_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # a token of RFC 7230


def read_conditions(documents: Sequence[Document]) -> list[Document]:
    """Conditions as DescribeRules returns them. Raises ApiError for what ELB would not take."""
    conditions = [_condition(document) for document in documents]
    if not conditions:
        raise errors.validation_error("A rule must have at least one condition")
    fields = [Field(c["Field"]) for c in conditions]
    for field in fields:
        if field not in _REPEATABLE and fields.count(field) > 1:
            raise errors.validation_error(f"A rule can have only one '{field}' condition")
    _check_counts(conditions)
    return conditions


def _condition(document: Document) -> Document:
    field, config = _field(document), {}
    if CONFIGS[field] in document:
        config = document[CONFIGS[field]]
        _check_members(document, field)
    elif field in _LISTED:
        config = {"Values": document.get("Values", [])}
        if len(config["Values"]) > 1:
            raise errors.validation_error(
                f"The '{field}' field contains too many values; the limit is '1'"
            )
    elif "Values" in document:
        raise errors.validation_error(f"The 'Values' field is not compatible with '{field}'")
    else:
        raise errors.validation_error(f"A '{CONFIGS[field]}' must be specified with '{field}'")
    if not (document.get("RegexValues") or config.get("RegexValues")):
        _check_values(field, config)
    values = config.get("Values", []) if field in _LISTED else []
    known = {"Field": field.value, "Values": values, CONFIGS[field]: config}
    return known | {k: v for k, v in document.items() if k == "RegexValues"}


def _field(document: Document) -> Field:
    given = [_CONFIG_FIELDS[name] for name in document if name in _CONFIG_FIELDS]
    name = document.get("Field") or (given[0] if given else None)
    if name not in set(Field):
        known = ",".join(sorted(Field))
        raise errors.validation_error(f"Condition field '{name}' must be one of '[{known}]'")
    return Field(name)


def _check_members(document: Document, field: Field) -> None:
    config = CONFIGS[field]
    if document.get("Values"):
        raise errors.validation_error(
            f"You cannot provide both Values and '{config}' for a condition of type '{field}'"
        )
    for name in document:
        if name in _CONFIG_FIELDS and name != config:
            raise errors.validation_error(f"A '{name}' cannot be specified with '{field}'")


def _check_values(field: Field, config: Document) -> None:
    values = config.get("Values", [])
    if not values:
        what = "condition" if field in _LISTED else f"'{field}'"
        raise errors.validation_error(f"A {what} value must be specified")
    if field is Field.QUERY_STRING:
        _check_pairs(values)
    elif field is Field.SOURCE_IP:
        _check_networks(values)
    else:
        _check_texts(field, values)
    if field is Field.HTTP_HEADER:
        _check_header(config.get("HttpHeaderName", ""))


def _check_pairs(pairs: Sequence[Document]) -> None:
    for pair in pairs:
        if "Value" not in pair:
            raise errors.validation_error(
                "A 'Value' must be specified in 'QueryStringKeyValuePair'"
            )
        for name in ("Key", "Value"):
            _check_length(name, pair.get(name, ""), QUERY_MAX)


def _check_networks(values: Sequence[str]) -> None:
    for value in values:
        try:
            ip_network(value)
        except ValueError as error:
            message = f"The 'source-ip' value '{value}' is not a CIDR block: {error}"
            raise errors.validation_error(message) from error


def _check_texts(field: Field, values: Sequence[str]) -> None:
    pattern, allowed = _CHARACTERS.get(field, (re.compile(r"(?s).+"), ""))
    for value in values:
        _check_length(field, value, LENGTH_MAX[field])
        if not pattern.fullmatch(value):
            raise errors.validation_error(
                f"The '{field}' value is invalid; the allowed characters are {allowed}"
            )


def _check_header(name: str) -> None:
    _check_length("HttpHeaderName", name, HEADER_NAME_MAX)
    if not _HEADER_NAME.fullmatch(name) or "*" in name:
        message = f"The 'HttpHeaderName' value '{name}' is not the name of a header"
        raise errors.validation_error(message)
    if name.lower() == "host":
        message = "The 'HttpHeaderName' cannot be Host: use a host-header condition"
        raise errors.validation_error(message)


def _check_length(name: str, value: str, most: int) -> None:
    if len(value) > most:
        raise errors.validation_error(f"The '{name}' value is too long; the limit is '{most}'")


def _check_counts(conditions: Sequence[Document]) -> None:
    counted = [c[CONFIGS[Field(c["Field"])]].get("Values", []) for c in conditions]
    if sum(map(len, counted)) > VALUES_MAX:
        raise errors.validation_error(f"A rule can only have '{VALUES_MAX}' condition values")
    if sum(text.count("*") + text.count("?") for text in _wild(conditions)) > WILDCARDS_MAX:
        raise errors.validation_error(f"A rule can only have '{WILDCARDS_MAX}' condition wildcards")


def _wild(conditions: Sequence[Document]) -> Iterator[str]:
    """Every text in which * and ? are wildcards."""
    for condition in conditions:
        field = Field(condition["Field"])
        if field not in _WILD:
            continue
        for value in condition[CONFIGS[field]].get("Values", []):
            yield from value.values() if isinstance(value, dict) else (value,)
