from typing import Any

import pytest

from infra.local.balancing.rules import UnsupportedRuleError, groups_of, parse
from infra.local.proxy.model import (
    Condition,
    Field,
    FixedResponse,
    Forward,
    Redirect,
    Rule,
)

LOCAL = {443: 8443}


def read(*actions: dict[str, Any], conditions: tuple[dict[str, Any], ...] = ()) -> Rule:
    return parse(conditions, actions, lambda arn: arn[4:], lambda port: LOCAL.get(port, port))


def redirect(**config: str) -> dict[str, Any]:
    return {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", **config}}


def to_group(name: str) -> dict[str, Any]:
    return {"Type": "forward", "TargetGroupArn": f"arn:{name}"}


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        pytest.param(to_group("a"), Forward((("a", 1),)), id="forward to one group"),
        pytest.param(
            {
                "Type": "forward",
                "ForwardConfig": {
                    "TargetGroups": [
                        {"TargetGroupArn": "arn:a", "Weight": 3},
                        {"TargetGroupArn": "arn:b", "Weight": 0},
                    ]
                },
            },
            Forward((("a", 3), ("b", 0))),
            id="weighted forward",
        ),
        pytest.param(
            redirect(Protocol="HTTPS", Port="443"),
            Redirect(301, scheme="https", port=8443),
            id="redirect to HTTPS goes to the local port",
        ),
        pytest.param(
            redirect(Host="#{host}", Path="/#{path}", Query="#{query}", Port="#{port}"),
            Redirect(301),
            id="placeholders on their own keep the request's",
        ),
        pytest.param(
            redirect(Path="/new/#{path}", Query=""),
            Redirect(301, path="/new/#{path}", query=""),
            id="a path around the request's",
        ),
        pytest.param(
            {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}},
            FixedResponse(404),
            id="fixed response",
        ),
    ],
)
def test_actions(action: dict[str, Any], expected: object) -> None:
    assert read(action).action == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param(
            {"Field": "path-pattern", "Values": ["/a", "/b/*"]},
            Condition(Field.PATH_PATTERN, ("/a", "/b/*")),
            id="old form",
        ),
        pytest.param(
            {"Field": "http-header", "HttpHeaderConfig": {"HttpHeaderName": "X", "Values": ["1"]}},
            Condition(Field.HTTP_HEADER, ("1",), name="X"),
            id="header",
        ),
        pytest.param(
            {
                "Field": "query-string",
                "QueryStringConfig": {"Values": [{"Key": "v", "Value": "1"}, {"Value": "2"}]},
            },
            Condition(Field.QUERY_STRING, pairs=(("v", "1"), (None, "2"))),
            id="query",
        ),
        pytest.param(
            {"Field": "source-ip", "SourceIpConfig": {"Values": ["127.0.0.0/8"]}},
            Condition(Field.SOURCE_IP, ("127.0.0.0/8",)),
            id="source address",
        ),
    ],
)
def test_conditions(condition: dict[str, Any], expected: Condition) -> None:
    assert read(to_group("a"), conditions=(condition,)).conditions == (expected,)


@pytest.mark.parametrize(
    ("action", "word"),
    [
        ({"Type": "authenticate-oidc"}, "authenticate-oidc"),
        (redirect(Host="www.#{host}"), "Host"),
        (redirect(Path="/#{host}"), "Path"),
        (redirect(Query="#{query}&a=1"), "Query"),
        (redirect(Query="a=1"), "Query"),
        (
            {
                "Type": "forward",
                "TargetGroupArn": "arn:a",
                "ForwardConfig": {"TargetGroupStickinessConfig": {"Enabled": True}},
            },
            "stickiness",
        ),
    ],
)
def test_what_is_not_emulated_is_said(action: dict[str, Any], word: str) -> None:
    with pytest.raises(UnsupportedRuleError, match=word):
        read(action)


@pytest.mark.parametrize(
    "conditions",
    [
        ({"Field": "path-pattern", "PathPatternConfig": {"RegexValues": ["^/a"]}},),
        ({"Field": "cookie", "Values": ["a"]},),
        ({"Field": "path-pattern", "Values": []},),
        ({"Field": "source-ip", "SourceIpConfig": {"Values": ["nowhere"]}},),
        ({"Field": "path-pattern", "Values": ["/a"]}, {"Field": "path-pattern", "Values": ["/b"]}),
    ],
)
def test_unsupported_conditions(conditions: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises(UnsupportedRuleError):
        read(to_group("a"), conditions=conditions)


def test_groups_of_actions() -> None:
    assert groups_of([to_group("a"), redirect()]) == ("arn:a",)
