"""A listener's rules as Envoy routes, in the order in which ELB tries them."""

from typing import Any

from infra.local.proxy.configs.condition import route_match
from infra.local.proxy.configs.duration import seconds
from infra.local.proxy.model import (
    Balancer,
    Cluster,
    FixedResponse,
    Forward,
    ForwardedFor,
    Listener,
    Redirect,
    Rule,
)

STICKY = "envoy.filters.http.stateful_session"
STICKY_TYPES = "type.googleapis.com/envoy.extensions.filters.http.stateful_session.v3"
COOKIE_TYPE = (
    "type.googleapis.com/envoy.extensions.http.stateful_session.cookie.v3.CookieBasedSessionState"
)
TRACE = "Root=%UNIQUE_ID%"  # unique, but not of X-Ray's form: Envoy has no short hex formatter
OWN_HEADERS = ("x-envoy-internal", "x-envoy-external-address")
CLIENT = "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"
CLIENT_AND_PORT = "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%"


def routes(balancer: Balancer, listener: Listener) -> dict[str, Any]:
    """The listener's RouteConfiguration. TRACE is refused before any rule, as ELB does (R4.22)."""
    clusters = {c.name: c for c in balancer.clusters}
    return {
        "@type": "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
        "name": listener.name,
        "virtual_hosts": [
            {
                "name": "all",
                "domains": ["*"],
                "routes": [_no_trace(), *(_route(rule, clusters) for rule in listener.rules)],
            }
        ],
        **_headers(balancer, listener),
    }


def _headers(balancer: Balancer, listener: Listener) -> dict[str, Any]:
    """The headers that ELB adds to every request (R4.22)."""
    client = CLIENT_AND_PORT if balancer.forwarded_port else CLIENT
    added = [
        _header("x-forwarded-port", str(listener.port), "OVERWRITE_IF_EXISTS_OR_ADD"),
        _header("x-amzn-trace-id", TRACE, "ADD_IF_ABSENT"),
    ]
    if balancer.forwarded_for is ForwardedFor.APPEND:
        added.append(_header("x-forwarded-for", client, "APPEND_IF_EXISTS_OR_ADD"))
    removed = ["x-forwarded-for"] if balancer.forwarded_for is ForwardedFor.REMOVE else []
    return {
        "request_headers_to_add": added,
        "request_headers_to_remove": [*removed, *OWN_HEADERS],
    }


def _header(name: str, value: str, action: str) -> dict[str, Any]:
    return {"header": {"key": name, "value": value}, "append_action": action}


def _no_trace() -> dict[str, Any]:
    method = {"name": ":method", "string_match": {"exact": "TRACE"}}
    return {"match": {"prefix": "/", "headers": [method]}, "direct_response": {"status": 405}}


def _route(rule: Rule, clusters: dict[str, Cluster]) -> dict[str, Any]:
    match = {"match": route_match(rule.conditions)}
    match rule.action:
        case Forward() as action:
            return match | _forward(action, clusters)
        case Redirect() as action:
            return match | {"redirect": _redirect(action)}
        case FixedResponse() as action:
            return match | _fixed(action)


def _forward(action: Forward, clusters: dict[str, Cluster]) -> dict[str, Any]:
    """No time limit but the idle timeout, no retry (R4.23). All weights zero: 503."""
    weighted = [(clusters[name], weight) for name, weight in action.clusters if weight]
    if not weighted:
        return {"direct_response": {"status": 503}}
    shares = [{"name": c.name, "weight": weight, **_sticky(c)} for c, weight in weighted]
    return {"route": {"weighted_clusters": {"clusters": shares}, "timeout": "0s"}}


def _sticky(cluster: Cluster) -> dict[str, Any]:
    """Stickiness by the cookie AWSALB; a target that left gives way to another (R4.13)."""
    if cluster.sticky_ms is None:
        return {}
    cookie = {"name": "AWSALB", "path": "/", "ttl": seconds(cluster.sticky_ms)}
    state = {
        "name": "envoy.http.stateful_session.cookie",
        "typed_config": {"@type": COOKIE_TYPE, "cookie": cookie},
    }
    per_route = {
        "@type": f"{STICKY_TYPES}.StatefulSessionPerRoute",
        "stateful_session": {"session_state": state},
    }
    return {"typed_per_filter_config": {STICKY: per_route}}


def _redirect(action: Redirect) -> dict[str, Any]:
    codes = {301: "MOVED_PERMANENTLY", 302: "FOUND"}
    parts: dict[str, Any] = {
        "scheme_redirect": action.scheme,
        "host_redirect": action.host,
        "port_redirect": action.port,
        **_new_path(action.path, action.query),
    }
    kept = {name: value for name, value in parts.items() if value is not None}
    return {"response_code": codes[action.status], **kept}


def _new_path(path: str | None, query: str | None) -> dict[str, Any]:
    """A literal path, or one around the request's; `query` "" drops the query."""
    drop = {"strip_query": True} if query == "" else {}
    if path is None:
        return drop
    if "#{path}" not in path:
        return {"path_redirect": f"{path}?{query}" if query else path, **drop}
    before, _, after = path.replace("\\", "\\\\").partition("#{path}")
    return {
        "regex_rewrite": {
            "pattern": {"regex": "^/(.*)$"},
            "substitution": f"{before}\\1{after}",
        },
        **drop,
    }


def _fixed(action: FixedResponse) -> dict[str, Any]:
    response: dict[str, Any] = {"status": action.status}
    if not action.body:
        return {"direct_response": response}
    content = _header("content-type", action.content_type, "OVERWRITE_IF_EXISTS_OR_ADD")
    return {
        "direct_response": response | {"body": {"inline_string": action.body}},
        "response_headers_to_add": [content],
    }
