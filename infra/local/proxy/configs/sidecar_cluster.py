"""Envoy clusters of a Service Connect proxy: the application inside, the members of each alias."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any

from infra.local.proxy.configs.duration import seconds
from infra.local.proxy.configs.sidecar_model import AppProtocol, Egress, Endpoint, Ingress, Policy

Document = dict[str, Any]

_TYPE = "type.googleapis.com/"
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
# Envoy's own limits (1024 connections and requests, 3 retries at once) have no counterpart in ECS.
_UNLIMITED = 100_000


def socket_address(address: str, port: int) -> Document:
    return {"socket_address": {"address": address, "port_value": port}}


def ingress_cluster(ingress: Ingress, policy: Policy) -> Document:
    """The application behind the proxy: one fixed address, no health opinion of its own (R6.4)."""
    endpoint = Endpoint(ingress.inner_address, ingress.inner_port, zone="")
    return {
        **_cluster(ingress_name(ingress), ingress.protocol, policy.app_idle_ms, policy),
        "type": "STATIC",
        "load_assignment": assignment(ingress_name(ingress), [endpoint]),
    }


def ingress_name(ingress: Ingress) -> str:
    return f"ingress_{ingress.port}"


def egress_cluster(egress: Egress, policy: Policy) -> Document:
    """An alias's members, read live from their file; round robin and outlier detection (R6.7)."""
    source = {"resource_api_version": "V3", "path_config_source": {"path": egress.endpoints}}
    return {
        **_cluster(egress.cluster, egress.protocol, egress.idle_timeout_ms, policy),
        "type": "EDS",
        "eds_cluster_config": {"service_name": egress.cluster, "eds_config": source},
        "outlier_detection": _outliers(policy),
    }


def endpoints(cluster: str, members: Iterable[Endpoint]) -> Document:
    """The file that Envoy watches for one alias. No members: the client gets 503 (UH)."""
    kind = _TYPE + "envoy.config.endpoint.v3.ClusterLoadAssignment"
    return {"resources": [{"@type": kind, **assignment(cluster, members)}]}


def assignment(cluster: str, members: Iterable[Endpoint]) -> Document:
    """A ClusterLoadAssignment, one locality per zone, in an order that does not change."""
    ordered = sorted(members, key=lambda m: (m.zone, m.address, m.port))
    groups = groupby(ordered, key=lambda m: m.zone)
    return {
        "cluster_name": cluster,
        "endpoints": [
            {"locality": {"zone": zone}, "lb_endpoints": [_endpoint(m) for m in inside]}
            for zone, inside in groups
        ],
    }


def _endpoint(member: Endpoint) -> Document:
    return {"endpoint": {"address": socket_address(member.address, member.port)}}


def _cluster(name: str, protocol: AppProtocol, idle_ms: int, policy: Policy) -> Document:
    limits = ("max_connections", "max_pending_requests", "max_requests", "max_retries")
    return {
        "name": name,
        "connect_timeout": seconds(policy.connect_ms),
        "lb_policy": "ROUND_ROBIN",
        # Never a member that is out, and changes at once: Envoy's defaults are 50 % and one second.
        "common_lb_config": {
            "healthy_panic_threshold": {"value": 0},
            "update_merge_window": "0s",
        },
        "ignore_health_on_host_removal": True,
        "circuit_breakers": {"thresholds": [dict.fromkeys(limits, _UNLIMITED)]},
        "typed_extension_protocol_options": {_HTTP_OPTIONS: _http_options(protocol, idle_ms)},
    }


def _http_options(protocol: AppProtocol, idle_ms: int) -> Document:
    version = "http2_protocol_options" if protocol.multiplexed else "http_protocol_options"
    return {
        "@type": _TYPE + _HTTP_OPTIONS,
        "common_http_protocol_options": {"idle_timeout": seconds(idle_ms)},
        "explicit_http_config": {version: {}},
    }


def _outliers(policy: Policy) -> Document:
    return {
        "consecutive_5xx": policy.ejection_failures,
        "interval": seconds(policy.ejection_interval_ms),
        "base_ejection_time": seconds(policy.ejection_ms),
        "max_ejection_time": seconds(policy.ejection_max_ms),
        "max_ejection_percent": policy.ejection_percent,
        "enforcing_consecutive_gateway_failure": 0,
        "enforcing_success_rate": 0,
        "enforcing_failure_percentage": 0,
    }
