"""What Envoy reads once, at its start: where everything else is."""

from typing import Any

from infra.local.proxy.model import Places

CONNECTIONS_MAX = 100_000


def bootstrap(name: str, places: Places) -> dict[str, Any]:
    """Envoy's bootstrap: file discovery, and an admin socket that only its owner may open."""
    return {
        "node": {"id": name, "cluster": name},
        "admin": {"address": {"pipe": {"path": str(places.admin), "mode": 0o600}}},
        "dynamic_resources": {
            "lds_config": source(str(places.listeners)),
            "cds_config": source(str(places.clusters)),
        },
        # Runtime set over the admin socket must win, so its layer comes last.
        "layered_runtime": {
            "layers": [
                {"name": "static", "static_layer": {}},
                {"name": "admin", "admin_layer": {}},
            ]
        },
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": "envoy.resource_monitors.global_downstream_max_connections",
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.resource_monitors"
                        ".downstream_connections.v3.DownstreamConnectionsConfig",
                        "max_active_downstream_connections": CONNECTIONS_MAX,
                    },
                }
            ]
        },
    }


def source(path: str) -> dict[str, Any]:
    """A discovery source that is a file; Envoy notices it only when it is renamed into place."""
    return {"resource_api_version": "V3", "path_config_source": {"path": path}}
