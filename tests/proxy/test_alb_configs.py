"""Golden pieces of the load balancer's Envoy configuration: what must be there, and why."""

import json
from pathlib import Path
from typing import Any

import pytest

from infra.local.proxy.configs.bootstrap import bootstrap
from infra.local.proxy.configs.cluster import cluster, endpoints
from infra.local.proxy.configs.condition import route_match, wildcards
from infra.local.proxy.configs.listener import listener
from infra.local.proxy.configs.reply import local_replies
from infra.local.proxy.configs.route import routes
from infra.local.proxy.configs.snapshot import discovery, snapshot
from infra.local.proxy.model import (
    Algorithm,
    Balancer,
    Certificate,
    Cluster,
    Condition,
    Endpoint,
    Field,
    FixedResponse,
    Forward,
    ForwardedFor,
    Listener,
    Places,
    Redirect,
    Rule,
)

PLACES = Places(Path("/run/web"), Path("/run/web/admin.sock"))
ONE, TWO = Endpoint("127.1.0.1", 8080, "a"), Endpoint("127.2.0.1", 8080, "b")


def group(**changes: Any) -> Cluster:
    given: dict[str, Any] = {"endpoints": (ONE, TWO), "connect_timeout_ms": 10_000}
    return Cluster(name="orders", idle_timeout_ms=60_000, **given | changes)


def balancer(*rules: Rule, certificate: Certificate | None = None, **changes: Any) -> Balancer:
    one = Listener(80, 8080, "127.0.0.1", rules, certificate)
    given: dict[str, Any] = {"idle_timeout_ms": 60_000, "keep_alive_ms": 3_600_000}
    return Balancer("web", (one,), (group(),), **given | changes)


def manager(of: Balancer) -> dict[str, Any]:
    (chain,) = listener(of, of.listeners[0], PLACES)["filter_chains"]
    config: dict[str, Any] = chain["filters"][-1]["typed_config"]
    return config


def rule_route(rule: Rule) -> dict[str, Any]:
    of = balancer(rule)
    _trace, route = routes(of, of.listeners[0])["virtual_hosts"][0]["routes"]
    assert isinstance(route, dict)
    return route


def test_bootstrap_keeps_its_admin_to_the_owner_and_reads_files() -> None:
    made = bootstrap("web", PLACES)
    assert made["admin"]["address"]["pipe"] == {"path": "/run/web/admin.sock", "mode": 0o600}
    sources = made["dynamic_resources"]
    assert sources["lds_config"]["path_config_source"] == {"path": "/run/web/lds.json"}
    assert sources["cds_config"]["path_config_source"] == {"path": "/run/web/cds.json"}
    assert [layer["name"] for layer in made["layered_runtime"]["layers"]][-1] == "admin"


def test_cluster_leaves_every_decision_to_the_plane() -> None:
    made = cluster(group(), PLACES)
    assert made["ignore_health_on_host_removal"] is True
    assert made["common_lb_config"] == {
        "healthy_panic_threshold": {"value": 1},
        "update_merge_window": "0s",
    }
    assert (made["connect_timeout"], made["lb_policy"]) == ("10.000s", "ROUND_ROBIN")
    assert "health_checks" not in made
    assert "transport_socket" not in made
    (options,) = made["typed_extension_protocol_options"].values()
    assert options["common_http_protocol_options"] == {"idle_timeout": "60.000s"}


@pytest.mark.parametrize(
    ("changes", "policy", "ramp"),
    [
        ({"slow_start_ms": 30_000}, "ROUND_ROBIN", "30.000s"),
        ({"algorithm": Algorithm.LEAST_OUTSTANDING_REQUESTS}, "LEAST_REQUEST", None),
        ({"algorithm": Algorithm.WEIGHTED_RANDOM}, "RANDOM", None),
    ],
)
def test_algorithms(changes: dict[str, Any], policy: str, ramp: str | None) -> None:
    made = cluster(group(**changes), PLACES)
    slow = made.get("round_robin_lb_config", {}).get("slow_start_config", {})
    assert (made["lb_policy"], slow.get("slow_start_window")) == (policy, ramp)


def test_target_group_of_https_talks_tls() -> None:
    made = cluster(group(tls=True), PLACES)
    assert made["transport_socket"]["name"] == "envoy.transport_sockets.tls"


def test_endpoints_have_one_locality_per_zone() -> None:
    made = endpoints(group(endpoints=(TWO, ONE)))
    zones = [locality["locality"]["zone"] for locality in made["endpoints"]]
    assert zones == ["a", "b"]
    address = made["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
    assert address == {"address": "127.1.0.1", "port_value": 8080}
    assert endpoints(group(endpoints=()))["endpoints"] == []


def test_listener_never_shares_its_port() -> None:
    of = balancer()
    made = listener(of, of.listeners[0], PLACES)
    assert made["enable_reuse_port"] is False
    assert made["address"]["socket_address"]["port_value"] == 8080


def test_idle_timeout_bounds_both_sides_and_nothing_else_does() -> None:
    made = manager(balancer(idle_timeout_ms=3_000))
    assert made["stream_idle_timeout"] == "3.000s"
    assert made["common_http_protocol_options"]["idle_timeout"] == "3.000s"
    assert made["common_http_protocol_options"]["max_connection_duration"] == "3600.000s"
    assert made["request_timeout"] == "0s"
    assert made["upgrade_configs"] == [{"upgrade_type": "websocket"}]


def test_https_offers_http2_unless_switched_off() -> None:
    certificate = Certificate(Path("/c.pem"), Path("/c.key"))
    for http2, offered in ((True, ["h2", "http/1.1"]), (False, ["http/1.1"])):
        of = balancer(certificate=certificate, http2=http2)
        (chain,) = listener(of, of.listeners[0], PLACES)["filter_chains"]
        context = chain["transport_socket"]["typed_config"]["common_tls_context"]
        assert context["alpn_protocols"] == offered
        assert context["tls_certificates"][0]["private_key"] == {"filename": "/c.key"}


def test_invalid_headers_are_dropped_on_demand() -> None:
    for drop, action in ((True, "DROP_HEADER"), (False, "ALLOW")):
        options = manager(balancer(drop_invalid_headers=drop))["common_http_protocol_options"]
        assert options["headers_with_underscores_action"] == action


def test_source_address_is_kept_only_where_a_rule_asks() -> None:
    near = Condition(Field.SOURCE_IP, ("10.0.0.0/8",))
    with_rule = balancer(Rule((near,), FixedResponse(200)))
    for of, count in ((with_rule, 2), (balancer(), 1)):
        (chain,) = listener(of, of.listeners[0], PLACES)["filter_chains"]
        assert len(chain["filters"]) == count


def test_mappers_try_the_connect_timeout_before_other_failures() -> None:
    mappers = local_replies()["mappers"]
    codes = [mapper.get("status_code") for mapper in mappers]
    assert codes[:6] == [None, 504, 502, 502, 503, 400]
    assert all(mapper["headers_to_add"] for mapper in mappers)


def test_forward_has_no_time_limit_and_no_retry() -> None:
    route = rule_route(Rule((), Forward((("orders", 1),))))["route"]
    assert route["timeout"] == "0s"
    assert "retry_policy" not in route
    assert route["weighted_clusters"]["clusters"] == [{"name": "orders", "weight": 1}]


def test_forward_to_weights_of_zero_is_503() -> None:
    made = rule_route(Rule((), Forward((("orders", 0),))))
    assert made["direct_response"] == {"status": 503}


def test_stickiness_is_the_cookie_of_elb() -> None:
    of = Balancer(
        "web",
        (Listener(80, 8080, "127.0.0.1", (Rule((), Forward((("orders", 1),))),)),),
        (group(sticky_ms=86_400_000),),
        60_000,
        3_600_000,
    )
    text = json.dumps(routes(of, of.listeners[0]))
    assert '"cookie": {"name": "AWSALB", "path": "/", "ttl": "86400.000s"}' in text
    assert len(manager(of)["http_filters"]) == 2


@pytest.mark.parametrize(
    ("redirect", "expected"),
    [
        (
            Redirect(301, scheme="https", port=8443),
            {
                "response_code": "MOVED_PERMANENTLY",
                "scheme_redirect": "https",
                "port_redirect": 8443,
            },
        ),
        (
            Redirect(302, path="/a", query="b=c"),
            {"response_code": "FOUND", "path_redirect": "/a?b=c"},
        ),
        (
            Redirect(302, path="/a", query=""),
            {"response_code": "FOUND", "path_redirect": "/a", "strip_query": True},
        ),
        (
            Redirect(302, path="/v2/#{path}"),
            {
                "response_code": "FOUND",
                "regex_rewrite": {"pattern": {"regex": "^/(.*)$"}, "substitution": "/v2/\\1"},
            },
        ),
    ],
)
def test_redirects(redirect: Redirect, expected: dict[str, Any]) -> None:
    assert rule_route(Rule((), redirect))["redirect"] == expected


@pytest.mark.parametrize(
    ("pattern", "regex"),
    [
        ("/a/*", "/a/.*"),
        ("/?.html", r"/.\.html"),
        (r"/a\*b", r"/a\*b"),
        ("a+b", r"a\+b"),
    ],
)
def test_wildcards(pattern: str, regex: str) -> None:
    assert wildcards(pattern) == regex


def test_all_conditions_must_match_any_value_of_each() -> None:
    match = route_match(
        [
            Condition(Field.PATH_PATTERN, ("/a", "/b")),
            Condition(Field.HTTP_REQUEST_METHOD, ("GET", "PUT")),
        ]
    )
    assert match["safe_regex"] == {"regex": "(/a|/b)"}
    assert match["headers"] == [
        {"name": ":method", "string_match": {"safe_regex": {"regex": "(GET|PUT)"}}}
    ]


@pytest.mark.parametrize(
    ("mode", "added", "removed"),
    [
        (ForwardedFor.APPEND, True, False),
        (ForwardedFor.PRESERVE, False, False),
        (ForwardedFor.REMOVE, False, True),
    ],
)
def test_forwarded_for_modes(mode: ForwardedFor, added: bool, removed: bool) -> None:
    of = balancer(forwarded_for=mode)
    made = routes(of, of.listeners[0])
    names = [entry["header"]["key"] for entry in made["request_headers_to_add"]]
    assert ("x-forwarded-for" in names) is added
    assert ("x-forwarded-for" in made["request_headers_to_remove"]) is removed


def test_same_content_is_the_same_version() -> None:
    one, two = snapshot(balancer(), PLACES), snapshot(balancer(), PLACES)
    assert discovery(one.listeners) == discovery(two.listeners)
    other = snapshot(balancer(idle_timeout_ms=1), PLACES)
    assert discovery(one.listeners)["version_info"] != discovery(other.listeners)["version_info"]
