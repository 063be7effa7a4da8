"""A load balancer's listener as an Envoy listener."""

from typing import Any

from infra.local.proxy.configs.accesslog import access_log
from infra.local.proxy.configs.bootstrap import source
from infra.local.proxy.configs.condition import SOURCE_KEY
from infra.local.proxy.configs.duration import seconds
from infra.local.proxy.configs.reply import local_replies
from infra.local.proxy.configs.route import CLIENT, STICKY, STICKY_TYPES
from infra.local.proxy.model import Balancer, Certificate, Field, Listener, Places

TYPES = "type.googleapis.com/envoy.extensions"
MANAGER = f"{TYPES}.filters.network.http_connection_manager.v3.HttpConnectionManager"
REQUEST_HEADERS_KB = 64
STREAMS_MAX = 128


def listener(balancer: Balancer, one: Listener, places: Places) -> dict[str, Any]:
    """An Envoy listener. Without `enable_reuse_port` a second Envoy cannot share the port."""
    filters = [_manager(balancer, one, places)]
    if _asks_source(one):
        filters.insert(0, _remember_source())
    return {
        "@type": "type.googleapis.com/envoy.config.listener.v3.Listener",
        "name": one.name,
        "address": {"socket_address": {"address": one.address, "port_value": one.local_port}},
        "enable_reuse_port": False,
        "filter_chains": [
            {"filters": filters, **_transport(one.certificate, http2=balancer.http2)},
        ],
    }


def _manager(balancer: Balancer, one: Listener, places: Places) -> dict[str, Any]:
    config = {
        "@type": MANAGER,
        "stat_prefix": one.name,
        "rds": {
            "route_config_name": one.name,
            "config_source": source(str(places.routes(one.name))),
        },
        "http_filters": _filters(balancer),
        "access_log": [access_log(str(places.access_log), one.port)],
        "local_reply_config": local_replies(),
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        **_timeouts(balancer),
        **_identity(),
        **_protocols(balancer),
    }
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": config}


def _timeouts(balancer: Balancer) -> dict[str, Any]:
    """`client_keep_alive` bounds a client connection's life; its requests finish (R4.20)."""
    idle = seconds(balancer.idle_timeout_ms)
    return {
        "stream_idle_timeout": idle,
        "request_timeout": "0s",
        "drain_timeout": "0.1s",
        "delayed_close_timeout": "0.1s",
        "common_http_protocol_options": {
            "idle_timeout": idle,
            "max_connection_duration": seconds(balancer.keep_alive_ms),
            "headers_with_underscores_action": (
                "DROP_HEADER" if balancer.drop_invalid_headers else "ALLOW"
            ),
        },
        "http1_safe_max_connection_duration": True,
    }


def _identity() -> dict[str, Any]:
    """Who answers and what is passed on: the target's `server`, no Envoy headers."""
    return {
        "server_header_transformation": "PASS_THROUGH",
        "use_remote_address": True,
        "skip_xff_append": True,
        "generate_request_id": False,
        "preserve_external_request_id": True,
    }


def _protocols(balancer: Balancer) -> dict[str, Any]:
    return {
        "http_protocol_options": {"accept_http_10": True, "default_host_for_http_10": "localhost"},
        "http2_protocol_options": {"max_concurrent_streams": STREAMS_MAX},
        "max_request_headers_kb": REQUEST_HEADERS_KB,
    }


def _filters(balancer: Balancer) -> list[dict[str, Any]]:
    sticky = {
        "name": STICKY,
        "typed_config": {"@type": f"{STICKY_TYPES}.StatefulSession"},
    }
    router = {
        "name": "envoy.filters.http.router",
        "typed_config": {
            "@type": f"{TYPES}.filters.http.router.v3.Router",
            "suppress_envoy_headers": True,
        },
    }
    asked = any(c.sticky_ms is not None for c in balancer.clusters)
    return [sticky, router] if asked else [router]


def _asks_source(one: Listener) -> bool:
    return any(c.field is Field.SOURCE_IP for rule in one.rules for c in rule.conditions)


def _remember_source() -> dict[str, Any]:
    """Keep the client's address where a route match can see it."""
    value = {
        "object_key": SOURCE_KEY,
        "factory_key": "envoy.network.ip",
        "format_string": {"text_format_source": {"inline_string": CLIENT}},
    }
    return {
        "name": "envoy.filters.network.set_filter_state",
        "typed_config": {
            "@type": f"{TYPES}.filters.network.set_filter_state.v3.Config",
            "on_new_connection": [value],
        },
    }


def _transport(certificate: Certificate | None, *, http2: bool) -> dict[str, Any]:
    """TLS for HTTPS, nothing for HTTP. HTTP/2 is offered on HTTPS only (R4.21)."""
    if certificate is None:
        return {}
    files = {
        "certificate_chain": {"filename": str(certificate.chain)},
        "private_key": {"filename": str(certificate.key)},
    }
    context = {
        "@type": f"{TYPES}.transport_sockets.tls.v3.DownstreamTlsContext",
        "common_tls_context": {
            "tls_certificates": [files],
            "alpn_protocols": ["h2", "http/1.1"] if http2 else ["http/1.1"],
        },
    }
    return {"transport_socket": {"name": "envoy.transport_sockets.tls", "typed_config": context}}
