"""From the plane's records to one task's proxy: what it owns, what it knows, how it is started."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from infra.local.connect import publication
from infra.local.proxy.configs.sidecar_model import AppProtocol, Egress, Ingress
from infra.local.runtime.protocol import ContainerSpec, Network
from infra.local.store import Alias, Store, Task

IMAGE = "service-connect"

_DRAIN_SECONDS = 20  # --drain-time-s as AWS's agent sets it (R6.9)


def ingress(store: Store, task: Task, network: Network) -> tuple[Ingress, ...]:
    """The listeners on the task's address: its published ports, then a way through to the others.

    On ECS a port that is not published bypasses the proxy; here, where the proxy has taken the
    task's address, it passes as plain TCP.
    """
    definition = store.definitions[task.task_definition]
    owned = {
        offer.port: (offer.container_port, publication.port_named(definition, offer.port_name))
        for offer in publication.publications(store, task)
    }
    published = [
        _ingress(network, outer, inner, publication.protocol(port))
        for outer, (inner, port) in owned.items()
    ]
    others = {port.container_port for port in publication.ports(definition)} - owned.keys()
    if network.redirects or network.address == network.inner_address:
        others = set()  # they are the application's own, in a network of the task's own
    return (*published, *(_ingress(network, p, p, AppProtocol.TCP) for p in sorted(others)))


def egress(
    store: Store, aliases: Iterable[Alias], network: Network, folder: Path, scale: int
) -> dict[Alias, Egress]:
    """Each alias as the task sees it. `network` has an address for every `dns_name`."""
    return {
        alias: _egress(store, alias, network, folder / f"members-{number}.json", scale)
        for number, alias in enumerate(aliases)
    }


def container(task: Task, folder: Path, envoy: Path, scale: int) -> ContainerSpec:
    """The proxy as one more container of the task."""
    drain_seconds = max(1, _DRAIN_SECONDS // scale)
    options = ["--concurrency", "1", "--disable-hot-restart", "--log-level", "warning"]
    timing = ["--drain-time-s", str(drain_seconds), "--file-flush-interval-msec", "100"]
    command = [str(envoy), "-c", str(folder / "envoy.json"), *options, *timing]
    suffix = hashlib.sha256(task.id.encode()).hexdigest()[:6]
    return ContainerSpec(
        name=f"ecs-service-connect-{suffix}",
        image=IMAGE,
        log=folder / "envoy.log",
        command=tuple(command),
    )


def _ingress(network: Network, outer: int, inner: int, protocol: AppProtocol) -> Ingress:
    port = network.listener_port(network.address, outer)
    return Ingress(network.address, port, network.inner_address, inner, protocol)


def _egress(store: Store, alias: Alias, network: Network, path: Path, scale: int) -> Egress:
    terms = publication.terms(store, alias)
    address = network.aliases[alias.dns_name]
    return Egress(
        dns_name=alias.dns_name,
        port=alias.port,
        address=address,
        listener_port=network.listener_port(address, alias.port),
        protocol=terms.protocol,
        endpoints=str(path),
        request_timeout_ms=terms.request_timeout * 1000 // scale,
        idle_timeout_ms=terms.idle_timeout * 1000 // scale,
    )
