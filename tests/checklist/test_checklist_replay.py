"""The live loader on answers that were kept: what it reads of them, field by field."""

import json
from typing import Any

import pytest

from infra.checklist import liveecs
from infra.checklist.documents import DocumentError
from infra.checklist.findings import Verdict
from infra.checklist.live import facts_of
from infra.local.settings import DEFAULT
from tests.checklist import replay
from tests.checklist.account import findings
from tests.checklist.stored import of_rule, verdicts
from tests.parity.plain import plain

SETTINGS: dict[str, Any] = json.loads(DEFAULT.read_text())
PASSES = (
    "NET001", "NET002", "NET003", "NET005", "NET006", "ALB001", "ALB002", "ALB004", "ALB006",
    "SG001", "SG002", "SG003", "SG004", "VPCE001", "VPCE002", "VPCE005", "VPCE006", "VPCE007",
    "DEP002", "DEP005", "SEC003",
)  # fmt: skip


def test_the_shop_passes_but_for_its_front_and_its_nat_gateway() -> None:
    found = findings(replay.shop())
    for rule in PASSES:
        told = {one.verdict for one in of_rule(found, rule)}
        assert Verdict.PASS in told, rule
        assert not told & {Verdict.FAIL, Verdict.UNKNOWN}, rule
    assert Verdict.FAIL in verdicts(found, "NET004")
    assert Verdict.FAIL in verdicts(found, "SG006")
    assert verdicts(found, "VPCE003") == verdicts(found, "VPCE004") == {Verdict.NOT_APPLICABLE}


def test_what_the_shop_has_is_read() -> None:
    facts = facts_of(replay.shop())
    (s3,) = [one for one in facts.endpoints if not one.interface]
    assert (s3.service, len(s3.route_tables)) == ("s3", 2)
    assert {len(one.subnets) for one in facts.endpoints if one.interface} == {2}
    assert [route.kind for table in facts.route_tables for route in table.routes].count("nat") == 2
    assert sorted(one.main for one in facts.route_tables) == [False, False, True]
    assert all(0 < one.free < 256 for one in facts.subnets)
    assert sum(one.egress for one in facts.permissions) == 3
    assert {one.type for one in facts.load_balancers} == {"application", "network"}
    (nat,) = facts.nats
    assert not nat.regional
    assert {route.kind for table in facts.route_tables for route in table.routes} == {
        "nat",
        "other",
    }
    assert sorted(len(one.subnets) for one in facts.route_tables) == [0, 1, 1]
    (role,) = facts.roles
    assert "aws:SourceAccount" in json.dumps(role.trust)
    assert [p["Statement"] for p in role.policies] != [[]]


def test_what_goes_away_is_not_there() -> None:
    """AWS lists gateways for an hour after their end, and services for as long."""
    gone = replay.shop().but("describe_nat_gateways", State="deleted")
    assert facts_of(gone).nats == ()
    with pytest.raises(DocumentError, match="has no active service"):
        facts_of(replay.shop().but("describe_services", status="DRAINING"))


def test_both_attributes_of_a_vpc_are_asked() -> None:
    for name, wanted in (
        ("EnableDnsHostnames", (True, False)),
        ("EnableDnsSupport", (False, True)),
    ):
        other = replay.shop().but("describe_vpc_attribute", **{name: {"Value": False}})
        assert {(one.dns_support, one.dns_hostnames) for one in facts_of(other).vpcs} == {wanted}


def test_a_default_rule_is_no_rule() -> None:
    """Two listeners with a rule for each service."""
    assert len(facts_of(replay.plane()).listener_rules) == 4
    assert facts_of(replay.shop()).listener_rules == ()


def test_an_internal_load_balancer_and_a_public_address_are_read() -> None:
    internal = replay.plane().but("describe_load_balancers", Scheme="internal")
    assert [one.internal for one in facts_of(internal).load_balancers] == [True]
    network = {"awsvpcConfiguration": {"subnets": [], "assignPublicIp": "ENABLED"}}
    public = replay.plane().but("describe_services", networkConfiguration=network)
    found = liveecs.services(public, liveecs.clusters(public, None))
    assert [one.public_ip for one in found] == [True, True]


def test_the_newest_deployments_service_connect_counts() -> None:
    old = {"status": "ACTIVE", "serviceConnectConfiguration": {"enabled": False}}
    new = {"status": "PRIMARY", "serviceConnectConfiguration": {"enabled": True}}
    changing = replay.plane().but("describe_services", deployments=[old, new])
    assert {one.connect.enabled for one in facts_of(changing).services} == {True}


def test_what_the_plane_has_is_read() -> None:
    facts = plain(facts_of(replay.plane()))
    wanted = dict(_wanted("order-api")) | dict(_wanted("inventory-api"))
    assert {path: facts.get(path) for path in wanted} == wanted


def _wanted(name: str) -> list[tuple[str, object]]:
    own = SETTINGS["services"][name]
    return [
        *_service(f"services[{name}]", own),
        *_definition(f"task_definitions[{name}]", own),
        *_balancing(name, own["target_group"]),
        *(_connect("services[order-api].connect", own) if own["service_connect"] else ()),
    ]


def _service(at: str, own: dict[str, Any]) -> list[tuple[str, object]]:
    deployment = own["deployment"]
    return [
        (f"{at}.launch_type", "FARGATE"),
        (f"{at}.cluster", SETTINGS["name"]),
        (f"{at}.desired", own["desired_count"]),
        (f"{at}.minimum", deployment["minimum_healthy_percent"]),
        (f"{at}.maximum", deployment["maximum_percent"]),
        (f"{at}.breaker", deployment["circuit_breaker"]["enable"]),
        (f"{at}.breaker_rollback", deployment["circuit_breaker"]["rollback"]),
        (f"{at}.grace", deployment["health_check_grace_period"]),
        (f"{at}.rebalancing", deployment["availability_zone_rebalancing"]),
        (f"{at}.exec", False),
        (f"{at}.public_ip", False),
        (f"{at}.subnets", ("subnet-0privatea", "subnet-0privateb")),
        (f"{at}.controller", "ECS"),
        (f"{at}.managed_tags", True),
        (f"{at}.connect.enabled", True),
        (f"{at}.connect.namespace", SETTINGS["namespace"]),
    ]


def _definition(at: str, own: dict[str, Any]) -> list[tuple[str, object]]:
    check = own["container_health_check"]
    return [
        (f"{at}.cpu", str(own["cpu"])),
        (f"{at}.memory", str(own["memory"])),
        (f"{at}.network_mode", "awsvpc"),
        (f"{at}.compatibilities", ("FARGATE",)),
        (f"{at}.containers[app].image", own["image"]),
        (f"{at}.containers[app].stop_timeout", own["stop_timeout"]),
        (f"{at}.containers[app].check.command", tuple(check["command"])),
        (f"{at}.containers[app].check.interval", check["interval"]),
        (f"{at}.containers[app].check.timeout", check["timeout"]),
        (f"{at}.containers[app].check.retries", check["retries"]),
        (f"{at}.containers[app].check.start_period", check["start_period"]),
        (f"{at}.containers[app].ports[http].container_port", own["container_port"]),
        (f"{at}.containers[app].ports[http].app_protocol", "http"),
        *((f"{at}.containers[app].environment[{k}]", v) for k, v in own["environment"].items()),
    ]


def _balancing(name: str, own: dict[str, Any]) -> list[tuple[str, object]]:
    check, balancer = own["health_check"], SETTINGS["load_balancer"]
    at, lb, rule = f"target_groups[{name}]", "load_balancers[rehearsal]", "listener_rules[rehearsal"
    return [
        (f"{at}.deregistration_delay", own["deregistration_delay"]),
        (f"{at}.slow_start", own["slow_start"]),
        (f"{at}.algorithm", own["algorithm"]),
        (f"{at}.target_type", "ip"),
        *((f"{at}.check.{key}", check[key]) for key in ("path", "matcher", "interval", "timeout")),
        (f"{at}.check.healthy", check["healthy_threshold"]),
        (f"{at}.check.unhealthy", check["unhealthy_threshold"]),
        (f"{lb}.idle_timeout", balancer["idle_timeout"]),
        (f"{lb}.client_keep_alive", balancer["client_keep_alive"]),
        (f"{lb}.drop_invalid", balancer["drop_invalid_header_fields"]),
        (f"{lb}.access_logs", False),
        (f"{lb}.internal", False),
        (f"{lb}.desync", "defensive"),
        (f"{rule}:443 to {name}].priority", own["priority"]),
        (f"{rule}:443 to {name}].conditions[path-pattern].values", tuple(own["path_patterns"])),
        ("listeners[rehearsal:443].protocol", "HTTPS"),
        ("listeners[rehearsal:443].actions[0].status", "404"),
    ]


def _connect(at: str, own: dict[str, Any]) -> list[tuple[str, object]]:
    connect, alias = own["service_connect"], f"{at}.aliases[http]"
    return [
        (f"{alias}.dns_name", connect["dns_name"]),
        (f"{alias}.port", connect["port"]),
        (f"{alias}.per_request", connect["per_request_timeout"]),
        (f"{alias}.idle", connect["idle_timeout"]),
        (f"{alias}.ingress_port", None),
    ]
