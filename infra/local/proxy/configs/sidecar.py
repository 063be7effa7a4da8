"""The whole configuration of one Service Connect proxy: pure data in, Envoy's bootstrap out.

Listeners, routes and clusters are fixed for a task's life, as the set of names it knows is frozen
with its deployment (R6.6). Only the members of each alias change: Envoy watches their files.
"""

from typing import Any

from infra.local.proxy.configs.sidecar_cluster import egress_cluster, ingress_cluster
from infra.local.proxy.configs.sidecar_listener import egress_listeners, ingress_listener
from infra.local.proxy.configs.sidecar_model import Sidecar

Document = dict[str, Any]

ADMIN_PATH_BYTES = 107  # the kernel's limit for a unix socket's path
_CONNECTIONS = 100_000


def bootstrap(sidecar: Sidecar) -> Document:
    """Envoy's configuration file for one task.

    Envoy refuses it while the file of an `Egress` does not exist. Raises ValueError when the admin
    socket's path is longer than the kernel takes.
    """
    if len(sidecar.admin.encode()) > ADMIN_PATH_BYTES:
        raise ValueError(
            f"the admin socket {sidecar.admin} has more than {ADMIN_PATH_BYTES} bytes:"
            " choose a shorter state directory"
        )
    return {
        "node": {"id": sidecar.task, "cluster": sidecar.service},
        "admin": {"address": {"pipe": {"path": sidecar.admin, "mode": 0o600}}},
        "layered_runtime": {"layers": [{"name": "admin", "admin_layer": {}}]},
        "overload_manager": _overload_manager(),
        "static_resources": {
            "listeners": [
                *(ingress_listener(i) for i in sidecar.ingress),
                *egress_listeners(sidecar),
            ],
            "clusters": [
                *(ingress_cluster(i, sidecar.policy) for i in sidecar.ingress),
                *(egress_cluster(e, sidecar.policy) for e in sidecar.egress),
            ],
        },
    }


def _overload_manager() -> Document:
    package = "envoy.extensions.resource_monitors.downstream_connections.v3"
    monitor = {
        "name": "envoy.resource_monitors.global_downstream_max_connections",
        "typed_config": {
            "@type": f"type.googleapis.com/{package}.DownstreamConnectionsConfig",
            "max_active_downstream_connections": _CONNECTIONS,
        },
    }
    return {"resource_monitors": [monitor]}
