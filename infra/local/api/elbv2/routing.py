"""Rules' conditions and actions: refused when wrong or not emulated, returned in every form.

Terraform's provider reads conditions from their `...Config` members, older clients from `Values`.
"""

from collections.abc import Sequence

from infra.local.api.elbv2 import errors
from infra.local.api.elbv2.lookup import find_group
from infra.local.balancing.rules import CONFIGS, UnsupportedRuleError, groups_of, parse
from infra.local.proxy.model import Field
from infra.local.store import Document, Store

_NEEDED = {"redirect": "RedirectConfig", "fixed-response": "FixedResponseConfig"}
_LISTED = (Field.PATH_PATTERN, Field.HOST_HEADER)  # return their values in `Values`, too


def read_conditions(documents: Sequence[Document]) -> list[Document]:
    """Conditions as DescribeRules returns them."""
    return [_condition(document) for document in documents]


def _condition(document: Document) -> Document:
    configs = {config: field for field, config in CONFIGS.items()}
    given = [configs[name] for name in document if name in configs]
    name = document.get("Field") or (given[0] if given else None)
    if name not in set(Field):
        raise errors.validation_error(
            f"Condition field '{name}' must be one of '{', '.join(Field)}'"
        )
    field = Field(name)
    config = document.get(CONFIGS[field]) or {"Values": document.get("Values", [])}
    values = config.get("Values", []) if field in _LISTED else []
    known = {"Field": field.value, "Values": values, CONFIGS[field]: config}
    return known | {k: v for k, v in document.items() if k == "RegexValues"}


def read_actions(store: Store, documents: Sequence[Document]) -> list[Document]:
    """Actions as DescribeRules returns them; their target groups must be there."""
    if not documents:
        raise errors.validation_error("At least one action must be specified")
    actions = [_action(document) for document in documents]
    try:
        arns = groups_of(actions)
    except UnsupportedRuleError as error:
        raise errors.unsupported_error("This action", str(error)) from error
    for arn in arns:
        find_group(store, arn)
    return actions


def _action(document: Document) -> Document:
    kind = document["Type"]
    needed = _NEEDED.get(kind)
    if needed and needed not in document:
        raise errors.validation_error(f"An action of type '{kind}' must have {needed}")
    if kind == "forward":
        return _forward(document)
    if kind == "redirect":
        parts = {"Protocol": "#{protocol}", "Port": "#{port}", "Host": "#{host}"}
        parts |= {"Path": "/#{path}", "Query": "#{query}"}
        return {**document, "RedirectConfig": parts | document["RedirectConfig"]}
    return document


def _forward(document: Document) -> Document:
    """A forward to one group has both `TargetGroupArn` and a ForwardConfig, as ELB's answers do."""
    config = document.get("ForwardConfig", {})
    groups = config.get("TargetGroups") or [
        {"TargetGroupArn": document[name]} for name in ("TargetGroupArn",) if name in document
    ]
    if not groups or not all("TargetGroupArn" in group for group in groups):
        raise errors.validation_error("An action of type 'forward' must have a target group")
    weighted = [{"Weight": 1, **group} for group in groups]
    stickiness = config.get("TargetGroupStickinessConfig", {"Enabled": False})
    filled = {"TargetGroups": weighted, "TargetGroupStickinessConfig": stickiness}
    single = {"TargetGroupArn": groups[0]["TargetGroupArn"]} if len(groups) == 1 else {}
    return {**document, **single, "ForwardConfig": filled}


def check_rule(conditions: Sequence[Document], actions: Sequence[Document]) -> None:
    """Refuse what the proxy cannot do."""
    try:
        parse(conditions, actions, lambda arn: arn, lambda port: port)
    except UnsupportedRuleError as error:
        raise errors.validation_error(f"Not built in the local Fargate: {error}") from error
    except ValueError as error:
        raise errors.validation_error(f"Invalid rule: {error}") from error
