"""Actions of rules and listeners: refused when wrong, returned with ELB's defaults filled in.

The texts on content types and on loops are ELB's. Limits that ELB documents without their texts
have sentences of ours.
"""

from collections.abc import Sequence
from typing import Final

from infra.local.api.elbv2 import errors
from infra.local.api.elbv2.lookup import find_group
from infra.local.balancing.rules import UnsupportedRuleError, groups_of
from infra.local.store import Document, Store

FINAL: Final = ("forward", "redirect", "fixed-response")
GROUPS_MAX, WEIGHT_MAX = 5, 999
CONTENT_TYPES: Final = (
    "text/html",
    "application/json",
    "application/javascript",
    "text/css",
    "text/plain",
)
_NEEDED = {"redirect": "RedirectConfig", "fixed-response": "FixedResponseConfig"}
_SAME = {
    "Protocol": "#{protocol}",
    "Port": "#{port}",
    "Host": "#{host}",
    "Path": "/#{path}",
    "Query": "#{query}",
}


def read_actions(store: Store, documents: Sequence[Document], protocol: str) -> list[Document]:
    """Actions as DescribeRules returns them, of a listener of that protocol.

    Their target groups must be there.
    """
    if not documents:
        raise errors.validation_error("At least one action must be specified")
    actions = [_action(document, protocol) for document in documents]
    try:
        arns = groups_of(actions)
    except UnsupportedRuleError as error:
        raise errors.unsupported_error("This action", str(error)) from error
    for arn in arns:
        find_group(store, arn)
    if sum(action["Type"] in FINAL for action in actions) > 1:
        raise errors.action_error(f"Exactly one action of {', '.join(FINAL)} must be specified")
    return actions


def _action(document: Document, protocol: str) -> Document:
    kind = document["Type"]
    needed = _NEEDED.get(kind)
    if needed and needed not in document:
        raise errors.validation_error(f"An action of type '{kind}' must have {needed}")
    if kind == "forward":
        return _forward(document)
    if kind == "redirect":
        return {**document, "RedirectConfig": _redirect(document["RedirectConfig"], protocol)}
    if kind == "fixed-response":
        _check_response(document["FixedResponseConfig"])
    return document


def _forward(document: Document) -> Document:
    """A forward to one group has both `TargetGroupArn` and a ForwardConfig, as ELB's answers do."""
    config = document.get("ForwardConfig", {})
    single = [{"TargetGroupArn": document[n]} for n in ("TargetGroupArn",) if n in document]
    groups = config.get("TargetGroups") or single
    if not groups or not all("TargetGroupArn" in group for group in groups):
        raise errors.validation_error("An action of type 'forward' must have a target group")
    _check_groups(groups, single)
    weighted = [{"Weight": 1, **group} for group in groups]
    stickiness = config.get("TargetGroupStickinessConfig", {"Enabled": False})
    filled = {"TargetGroups": weighted, "TargetGroupStickinessConfig": stickiness}
    one = {"TargetGroupArn": groups[0]["TargetGroupArn"]} if len(groups) == 1 else {}
    return {**document, **one, "ForwardConfig": filled}


def _check_groups(groups: Sequence[Document], single: Sequence[Document]) -> None:
    if len(groups) > GROUPS_MAX:
        message = f"{len(groups)} target groups were specified, the maximum is {GROUPS_MAX}"
        raise errors.validation_error(message)
    if single and [group["TargetGroupArn"] for group in groups] != [single[0]["TargetGroupArn"]]:
        raise errors.validation_error(
            "TargetGroupArn and ForwardConfig must name the same single target group"
        )
    for group in groups:
        if not 0 <= group.get("Weight", 1) <= WEIGHT_MAX:
            message = f"Weight '{group['Weight']}' must be 0 to {WEIGHT_MAX}"
            raise errors.validation_error(message)


def _redirect(given: Document, protocol: str) -> Document:
    config = _SAME | given
    port, path = str(config["Port"]), config["Path"]
    if port != "#{port}" and not (port.isdecimal() and 1 <= int(port) <= 65_535):
        raise errors.action_error(f"Redirect port '{port}' must be 1 to 65535 or #{{port}}")
    if not path.startswith("/"):
        raise errors.action_error(f"Redirect path '{path}' must begin with '/'")
    if all(config[name] == _SAME[name] for name in ("Protocol", "Port", "Host", "Path")):
        message = "The redirect configuration is not valid because it creates a loop."
        raise errors.action_error(message)
    if protocol == "HTTPS" and config["Protocol"] == "HTTP":
        raise errors.action_error("An HTTPS listener cannot redirect to HTTP")
    return config


def _check_response(config: Document) -> None:
    kind = config.get("ContentType") or "text/plain"
    if kind not in CONTENT_TYPES:
        known = ", ".join(f"'{name}'" for name in CONTENT_TYPES)
        raise errors.action_error(f"The ContentType must be one of:{known}")
