"""The wire: every operation of ECS and ELBv2 there and back, with botocore at the other end."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from infra.local.api.errors import ApiError, InvalidRequestError, ResponseShapeError
from infra.local.api.models import service_model
from infra.local.api.protocol import check_params, check_result, find_operation, protocol_of

DEPTH_MAX = 20  # deeper than any shape that does not contain itself
FITTING = {  # the model's patterns, and texts that fit them
    r"[a-zA-Z0-9\.\*\-]+": "m7.*",
    r"^(ipam-pool-)[a-zA-Z0-9]+$": "ipam-pool-0a",
    r"^(ipv4pool-coip-)[a-zA-Z0-9]+$": "ipv4pool-coip-0a",
    r"^([a-zA-Z0-9]+-)*[a-zA-Z0-9]+$": "trust-store",
    r"^[a-zA-Z0-9._]+$": "some.key_1",
    r"^(HTTPS?|#\{protocol\})$": "#{protocol}",
    r"^(2|4|5)\d\d$": "404",
}
WHEN = datetime(2026, 10, 1, 12, 30, 15, 123_000, tzinfo=UTC)


def sample(shape: Shape, depth: int = 0) -> Any:
    """A value that uses every member of the shape; lists and maps have two entries."""
    if shape.type_name == "structure":
        members = dict(shape.members) if depth < DEPTH_MAX else {}
        if shape.is_tagged_union:
            members = dict(list(members.items())[:1])
        return {name: sample(member, depth + 1) for name, member in members.items()}
    if shape.type_name == "list":
        least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 2)
        return [sample(shape.member, depth + 1) for _ in range(min(max(2, least), most))]
    if shape.type_name == "map":
        values = [sample(shape.value, depth + 1) for _ in range(2)]
        return dict(zip(names_of(shape.key), values, strict=True))
    return scalar(shape)


def names_of(shape: Shape) -> list[str]:
    enum = list(shape.metadata.get("enum", ()))
    return [*enum, "first & <key>", "second"][:2] if len(enum) != 1 else [enum[0], "second"]


def scalar(shape: Shape) -> Any:
    kinds = {"boolean": True, "float": 1.5, "double": 1.5, "timestamp": WHEN, "blob": b"\x00\xff"}
    if shape.type_name in kinds:
        return kinds[shape.type_name]
    if shape.type_name in ("integer", "long"):
        return max(7, shape.metadata.get("min", 7))
    enum = shape.metadata.get("enum")
    if enum:
        return enum[-1]
    if shape.metadata.get("pattern") in FITTING:
        return FITTING[shape.metadata["pattern"]]
    text = 'a <b> & "c" \u00e9\u2019'
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 100)
    return text[:most].ljust(least, "x")


def operations() -> list[OperationModel]:
    models = [service_model("ecs"), service_model("elbv2")]
    return [m.operation_model(name) for m in models for name in m.operation_names]


def identity(op: OperationModel) -> str:
    return f"{op.service_model.service_name}:{op.name}"


@pytest.mark.parametrize("op", operations(), ids=identity)
def test_what_botocore_sends_is_what_we_read(op: OperationModel) -> None:
    wire = op.service_model.metadata["protocol"]
    params = sample(op.input_shape) if op.input_shape else {}
    request = create_serializer(wire, include_validation=False).serialize_to_request(params, op)
    body = request["body"]
    if isinstance(body, dict):
        body = urlencode(body).encode()
    found = protocol_of(op.service_model).parse(body, op)
    assert found == params
    check_params(found, op)


@pytest.mark.parametrize("op", operations(), ids=identity)
def test_what_we_write_is_what_botocore_reads(op: OperationModel) -> None:
    result = sample(op.output_shape) if op.output_shape else {}
    check_result(result, op)
    body = protocol_of(op.service_model).serialise(result, op, "request-1")
    parser = create_parser(op.service_model.metadata["protocol"])
    response = {"body": body, "headers": {"x-amzn-requestid": "request-1"}, "status_code": 200}
    parsed = parser.parse(response, op.output_shape)
    assert parsed.pop("ResponseMetadata")["RequestId"] == "request-1"
    assert parsed == result


@pytest.mark.parametrize("service", ["ecs", "elbv2"])
def test_an_error_arrives_with_its_code_and_message(service: str) -> None:
    model = service_model(service)
    body = protocol_of(model).serialise_error(ApiError("SomeCode", "a <b> & c"), "request-1")
    parser = create_parser(model.metadata["protocol"])
    parsed = parser.parse({"body": body, "headers": {}, "status_code": 400}, None)
    assert parsed["Error"]["Code"] == "SomeCode"
    assert parsed["Error"]["Message"] == "a <b> & c"


def test_a_flattened_list_and_map_go_there_and_back() -> None:
    """SQS was a Query API once, with flattened lists and maps; its old shapes are the sample."""
    string = {"type": "string"}
    model = ServiceModel(
        {
            "metadata": {"protocol": "query", "protocols": ["query"], "apiVersion": "1"},
            "operations": {
                "Send": {"name": "Send", "input": {"shape": "In"}, "output": {"shape": "Out"}}
            },
            "shapes": {
                "String": string,
                "In": {
                    "type": "structure",
                    "members": {"Names": {"shape": "Names"}, "Map": {"shape": "Map"}},
                },
                "Out": {
                    "type": "structure",
                    "resultWrapper": "SendResult",
                    "members": {"Names": {"shape": "Names"}, "Map": {"shape": "Map"}},
                },
                "Names": {
                    "type": "list",
                    "flattened": True,
                    "member": {"shape": "String", "locationName": "Name"},
                },
                "Map": {
                    "type": "map",
                    "flattened": True,
                    "key": {"shape": "String", "locationName": "K"},
                    "value": {"shape": "String", "locationName": "V"},
                },
            },
        },
        "old",
    )
    op = model.operation_model("Send")
    value = {"Names": ["a", "b"], "Map": {"x": "1", "y": "2"}}
    sent = create_serializer("query").serialize_to_request(value, op)["body"]
    wire = protocol_of(model)
    assert wire.parse(urlencode(sent).encode(), op) == value
    body = wire.serialise(value, op, "r")
    parsed = create_parser("query").parse(
        {"body": body, "headers": {}, "status_code": 200}, op.output_shape
    )
    assert parsed["Names"] == value["Names"]
    assert parsed["Map"] == value["Map"]


def test_characters_that_xml_cannot_hold_are_replaced() -> None:
    op = find_operation("elbv2", "DescribeTags")
    result = {"TagDescriptions": [{"ResourceArn": "a\x00b", "Tags": []}]}
    assert "a\ufffdb" in protocol_of(op.service_model).serialise(result, op, "r").decode()


@pytest.mark.parametrize(
    ("service", "name", "body", "code"),
    [
        ("ecs", "DescribeServices", b"not json", "SerializationException"),
        ("ecs", "DescribeServices", b"[1]", "SerializationException"),
        ("ecs", "DescribeServices", b"[" * 100_000, "SerializationException"),
        ("ecs", "DescribeServices", b"\xff", "SerializationException"),
        ("ecs", "DescribeServices", b"{}", "InvalidParameterException"),
        ("ecs", "DescribeServices", b'{"services":["a"],"x":1}', "InvalidParameterException"),
        ("ecs", "DescribeServices", b'{"services":"a"}', "InvalidParameterException"),
        ("ecs", "DescribeServices", b'{"services":null}', "InvalidParameterException"),
        ("ecs", "RunTask", b'{"taskDefinition":"a","count":true}', "InvalidParameterException"),
        ("ecs", "RunTask", b'{"taskDefinition":"a","launchType":"X"}', "InvalidParameterException"),
        (
            "ecs",
            "DescribeServices",
            b'{"services":["a"],"include":["X"]}',
            "InvalidParameterException",
        ),
        ("elbv2", "CreateTargetGroup", b"Port=80", "ValidationError"),
        ("elbv2", "CreateTargetGroup", b"Name=a&Port=eighty", "ValidationError"),
        ("elbv2", "CreateTargetGroup", b"Name=a&Port=70000", "ValidationError"),
        ("elbv2", "CreateTargetGroup", b"Name=a&Port=0", "ValidationError"),
        ("elbv2", "CreateTargetGroup", b"Name=a&Protocol=SCTP", "ValidationError"),
        ("elbv2", "CreateTargetGroup", b"Name=a&HealthCheckEnabled=maybe", "ValidationError"),
        ("elbv2", "CreateTargetGroup", b"Name=a&Unknown=1", "ValidationError"),
        ("elbv2", "DescribeTags", b"ResourceArns.member.x=1", "MalformedQueryString"),
        ("elbv2", "DescribeTags", b"a" + b".a" * 100 + b"=1", "MalformedQueryString"),
        ("elbv2", "DescribeTags", b"a=1&" * 20_000, "MalformedQueryString"),
        ("servicediscovery", "GetNamespace", b"{}", "InvalidInput"),
    ],
)
def test_a_request_that_does_not_fit_is_refused(
    service: str, name: str, body: bytes, code: str
) -> None:
    op = find_operation(service, name)
    with pytest.raises(InvalidRequestError) as refusal:
        check_params(protocol_of(op.service_model).parse(body, op), op)
    assert refusal.value.code == code


def test_an_empty_query_list_is_an_empty_list() -> None:
    op = find_operation("elbv2", "AddTags")
    body = b"ResourceArns.member.1=a&Tags="
    params = protocol_of(op.service_model).parse(body, op)
    assert params == {"ResourceArns": ["a"], "Tags": []}


@pytest.mark.parametrize(
    "result",
    [
        {"services": [{"servicename": "a"}]},
        {"services": [{"desiredCount": "2"}]},
        {"services": [{"createdAt": 5.5}], "failures": [], "x": 1},
        {"services": [{"launchType": "MOON"}]},
    ],
    ids=["a mistyped member", "a wrong type", "an unknown member", "a word that is no enum's"],
)
def test_our_own_mistakes_are_found(result: dict[str, Any]) -> None:
    with pytest.raises(ResponseShapeError):
        check_result(result, find_operation("ecs", "DescribeServices"))
