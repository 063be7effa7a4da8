"""Envoy listeners of a Service Connect proxy: the task's own ports and the aliases it may call."""

from collections.abc import Sequence
from typing import Any

from infra.local.proxy.configs.duration import seconds
from infra.local.proxy.configs.sidecar_cluster import ingress_name, socket_address
from infra.local.proxy.configs.sidecar_log import failures_log
from infra.local.proxy.configs.sidecar_model import Egress, Ingress, Sidecar
from infra.local.proxy.configs.sidecar_route import any_host, ingress_host, named_hosts

Document = dict[str, Any]

_TYPE = "type.googleapis.com/"
_NETWORK = "envoy.filters.network."
_HTTP = "envoy.filters.http."
_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_TCP_PROXY = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"
_NEVER_MS = 0


def ingress_listener(ingress: Ingress) -> Document:
    """A port of the task. It adds nothing, times nothing out and never retries.

    The caller decides how long a request may take and when an idle connection ends: a load
    balancer keeps one for 60 s, another proxy for 300 s, either settable. Because this side never
    closes first, no request of theirs can meet a closing connection.
    """
    name = ingress_name(ingress)
    if not ingress.protocol.http:
        return _listener(name, ingress.address, ingress.port, _tcp(name, name, _NEVER_MS))
    manager = {
        **_manager(name, _NEVER_MS, [ingress_host(name)]),
        # The application answers `Expect: 100-continue`, not its proxy.
        "proxy_100_continue": True,
        "http_filters": [_router()],
    }
    return _listener(
        name, ingress.address, ingress.port, _filter("http_connection_manager", manager)
    )


def egress_listeners(sidecar: Sidecar) -> list[Document]:
    """One listener for each address and port that an alias of the task resolves to."""
    places = sorted({e.place for e in sidecar.egress})
    return [_egress_listener(sidecar, address, port) for address, port in places]


def _egress_listener(sidecar: Sidecar, address: str, port: int) -> Document:
    here = [e for e in sidecar.egress if e.place == (address, port)]
    own = min(here, key=lambda e: (not e.protocol.http, e.dns_name))
    name = f"egress_{own.cluster}"
    if not own.protocol.http:
        return _listener(name, address, port, _tcp(name, own.cluster, own.idle_timeout_ms))
    manager = {
        **_manager(name, own.idle_timeout_ms, _egress_hosts(sidecar, own)),
        "access_log": [failures_log(sidecar.access_log)],
        "http_filters": [_fault_filter(), _router()],
    }
    return _listener(name, address, port, _http(manager))


def _egress_hosts(sidecar: Sidecar, own: Egress) -> list[Document]:
    """An alias's own address takes any Host, as a proxy on ECS is reached by address.

    Where aliases share an address, or are reached through `http_proxy`, the Host decides.
    """
    sharing = [e for e in sidecar.egress if e.address == own.address or sidecar.by_host]
    if not sidecar.by_host and len({e.dns_name for e in sharing}) == 1:
        return [any_host(own, sidecar.policy)]
    return named_hosts([e for e in sharing if e.protocol.http], own.port, sidecar.policy)


def _manager(name: str, idle_ms: int, hosts: Sequence[Document]) -> Document:
    return {
        "@type": _TYPE + _MANAGER,
        "stat_prefix": name,
        "codec_type": "AUTO",
        # Headers pass as they are: no XFF, no `server`, the caller's request id or none.
        "use_remote_address": False,
        "generate_request_id": False,
        "preserve_external_request_id": True,
        "server_header_transformation": "PASS_THROUGH",
        "common_http_protocol_options": {"idle_timeout": seconds(idle_ms)},
        "stream_idle_timeout": seconds(idle_ms),
        "request_timeout": seconds(_NEVER_MS),
        "drain_timeout": "0.100s",
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        "route_config": {"name": name, "virtual_hosts": list(hosts)},
    }


def _router() -> Document:
    kind = "envoy.extensions.filters.http.router.v3.Router"
    config = {"@type": _TYPE + kind, "suppress_envoy_headers": True}
    return {"name": _HTTP + "router", "typed_config": config}


def _fault_filter() -> Document:
    kind = "envoy.extensions.filters.http.fault.v3.HTTPFault"
    return {"name": _HTTP + "fault", "typed_config": {"@type": _TYPE + kind}}


def _tcp(name: str, cluster: str, idle_ms: int) -> Document:
    config = {
        "@type": _TYPE + _TCP_PROXY,
        "stat_prefix": name,
        "cluster": cluster,
        "idle_timeout": seconds(idle_ms),
    }
    return _filter("tcp_proxy", config)


def _http(manager: Document) -> Document:
    return _filter("http_connection_manager", manager)


def _filter(name: str, config: Document) -> Document:
    return {"name": _NETWORK + name, "typed_config": config}


def _listener(name: str, address: str, port: int, network_filter: Document) -> Document:
    return {
        "name": name,
        "address": socket_address(address, port),
        # Else a second Envoy on the same address starts silently and shares the traffic.
        "enable_reuse_port": False,
        "filter_chains": [{"filters": [network_filter]}],
    }
