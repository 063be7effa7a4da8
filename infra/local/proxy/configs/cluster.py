"""A target group as an Envoy cluster, and its targets as the cluster's endpoints."""

from itertools import groupby
from typing import Any

from infra.local.proxy.configs.bootstrap import source
from infra.local.proxy.configs.duration import seconds
from infra.local.proxy.model import Algorithm, Cluster, Endpoint, Places

UNLIMITED = 100_000  # a load balancer has no circuit breaker of its own
HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
TLS_CONTEXT = "envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"


def cluster(group: Cluster, places: Places) -> dict[str, Any]:
    """A cluster that sends requests to exactly the endpoints in its file.

    The plane decides which targets those are, fail-open included; hence the panic threshold of
    1 % and no health checks by Envoy. No retries, no merging of updates.
    """
    return {
        "@type": "type.googleapis.com/envoy.config.cluster.v3.Cluster",
        "name": group.name,
        "type": "EDS",
        "eds_cluster_config": {
            "service_name": group.name,
            "eds_config": source(str(places.endpoints(group.name))),
        },
        "connect_timeout": seconds(group.connect_timeout_ms),
        "ignore_health_on_host_removal": True,
        "common_lb_config": {
            "healthy_panic_threshold": {"value": 1},
            "update_merge_window": "0s",
        },
        "circuit_breakers": {"thresholds": [_thresholds()]},
        "typed_extension_protocol_options": {HTTP_OPTIONS: _http_options(group)},
        **_policy(group),
        **(_tls() if group.tls else {}),
    }


def endpoints(group: Cluster) -> dict[str, Any]:
    """The cluster's ClusterLoadAssignment, one locality per availability zone."""
    ordered = sorted(group.endpoints, key=lambda e: (e.zone, e.address, e.port))
    return {
        "@type": "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
        "cluster_name": group.name,
        "endpoints": [
            {"locality": {"zone": zone}, "lb_endpoints": [_endpoint(e) for e in members]}
            for zone, members in groupby(ordered, key=lambda e: e.zone)
        ],
    }


def _endpoint(target: Endpoint) -> dict[str, Any]:
    address = {"address": target.address, "port_value": target.port}
    return {"endpoint": {"address": {"socket_address": address}}}


def _thresholds() -> dict[str, int]:
    names = ("max_connections", "max_pending_requests", "max_requests", "max_retries")
    return dict.fromkeys(names, UNLIMITED)


def _http_options(group: Cluster) -> dict[str, Any]:
    return {
        "@type": f"type.googleapis.com/{HTTP_OPTIONS}",
        "common_http_protocol_options": {"idle_timeout": seconds(group.idle_timeout_ms)},
        "explicit_http_config": {"http_protocol_options": {}},
    }


def _policy(group: Cluster) -> dict[str, Any]:
    match group.algorithm:
        case Algorithm.LEAST_OUTSTANDING_REQUESTS:
            return {"lb_policy": "LEAST_REQUEST"}
        case Algorithm.WEIGHTED_RANDOM:
            return {"lb_policy": "RANDOM"}
        case Algorithm.ROUND_ROBIN:
            return {"lb_policy": "ROUND_ROBIN", **_slow_start(group.slow_start_ms)}


def _slow_start(window_ms: int) -> dict[str, Any]:
    """A linear ramp from the moment the target, then healthy, got its endpoint (R4.12)."""
    if not window_ms:
        return {}
    ramp = {
        "slow_start_window": seconds(window_ms),
        "aggression": {"default_value": 1.0, "runtime_key": "alb.slow_start.aggression"},
        "min_weight_percent": {"value": 5},
    }
    return {"round_robin_lb_config": {"slow_start_config": ramp}}


def _tls() -> dict[str, Any]:
    """TLS to the target, whose certificate a load balancer does not verify."""
    context = {"@type": f"type.googleapis.com/{TLS_CONTEXT}", "common_tls_context": {}}
    return {"transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": context}}
