"""All files of a load balancer's Envoy at one moment."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.local.proxy.configs.cluster import cluster, endpoints
from infra.local.proxy.configs.listener import listener
from infra.local.proxy.configs.route import routes
from infra.local.proxy.model import Balancer, Places

Resources = tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Envoy's resources: endpoints by cluster, routes by listener, all clusters and listeners."""

    endpoints: Mapping[str, Resources]
    clusters: Resources
    routes: Mapping[str, Resources]
    listeners: Resources


EMPTY = Snapshot(endpoints={}, clusters=(), routes={}, listeners=())


def snapshot(balancer: Balancer, places: Places) -> Snapshot:
    """Everything that Envoy must know to be this load balancer."""
    return Snapshot(
        endpoints={c.name: (endpoints(c),) for c in balancer.clusters},
        clusters=tuple(cluster(c, places) for c in balancer.clusters),
        routes={one.name: (routes(balancer, one),) for one in balancer.listeners},
        listeners=tuple(listener(balancer, one, places) for one in balancer.listeners),
    )


def discovery(resources: Resources) -> dict[str, Any]:
    """A DiscoveryResponse whose version is its content's hash: the same content, no new version."""
    return {"version_info": version(resources), "resources": list(resources)}


def version(resources: Resources) -> str:
    """What Envoy reports as `version_text` once it has taken these resources."""
    text = json.dumps(resources, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
