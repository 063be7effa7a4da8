"""An Envoy configuration that sends each path to its service, as the load balancer does."""

from collections.abc import Mapping
from typing import Any


def front_door(places: Mapping[str, str]) -> dict[str, Any]:
    """Listen on 8080; `places` are the hosts of order-api and inventory-api."""
    prefixes = {"/orders": "order-api", "/": "inventory-api"}
    routes = [
        {"match": {"prefix": prefix}, "route": {"cluster": name}}
        for prefix, name in prefixes.items()
    ]
    hosts = [{"name": "all", "domains": ["*"], "routes": routes}]
    manager = {
        "@type": _type("filters.network.http_connection_manager", "HttpConnectionManager"),
        "stat_prefix": "front",
        "route_config": {"virtual_hosts": hosts},
        "http_filters": [
            {
                "name": "envoy.filters.http.router",
                "typed_config": {"@type": _type("filters.http.router", "Router")},
            }
        ],
    }
    connection = {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": manager,
    }
    listener = {
        "name": "front",
        "address": _address("0.0.0.0", 8080),
        "filter_chains": [{"filters": [connection]}],
    }
    clusters = [_cluster(name, host) for name, host in places.items()]
    return {"static_resources": {"listeners": [listener], "clusters": clusters}}


def _cluster(name: str, host: str) -> dict[str, Any]:
    endpoint = {"endpoint": {"address": _address(host, 8080)}}
    return {
        "name": name,
        "type": "STRICT_DNS",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }


def _address(host: str, port: int) -> dict[str, Any]:
    return {"socket_address": {"address": host, "port_value": port}}


def _type(package: str, name: str) -> str:
    return f"type.googleapis.com/envoy.extensions.{package}.v3.{name}"
