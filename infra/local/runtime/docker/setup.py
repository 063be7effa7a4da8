"""Where a plane's containers go: beside the plane's own container, or on a network it makes.

In a container (`docker compose`) the plane finds its network, its image and the volume that it
shares with its proxies by inspecting itself. On a host it makes a network of its own.
"""

import os
import re
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any

from infra.local.runtime.docker import labels
from infra.local.runtime.docker.addresses import ZoneAddresses, engines_block
from infra.local.runtime.docker.containers import Place
from infra.local.runtime.docker.engine import ERRORS, EngineError, is_absent, reason
from infra.local.runtime.docker.sweep import sweep

Document = dict[str, Any]

NETWORKS = [str(n) for n in IPv4Network("10.249.0.0/16").subnets(new_prefix=20)]
CONTAINER_ID = re.compile(r"/containers/([0-9a-f]{64})/")
OVERLAP = "overlaps"


@dataclass(frozen=True, slots=True)
class Setup:
    """What was found or made.

    address: where tasks reach the plane. find_sources: the addresses from which the load balancers
    and their health checks speak to tasks, now; raises OSError while the load balancer's container
    is away, and it may come back at another. own_network: the network goes with the plane.
    """

    place: Place
    addresses: ZoneAddresses
    address: str
    find_sources: Callable[[], tuple[str, ...]]
    own_network: bool


def own_container(client: Any) -> Document | None:  # noqa: ANN401 - untyped SDK
    """The container that this process runs in, as the engine describes it; None on a host."""
    if not Path("/.dockerenv").exists():
        return None
    found = CONTAINER_ID.search(Path("/proc/self/mountinfo").read_text())
    try:
        described: Document = client.inspect_container(found[1] if found else socket.gethostname())
    except ERRORS as error:
        if is_absent(error):  # in a container, but of another engine
            return None
        raise EngineError(
            f"the plane cannot inspect its own container: {reason(error)}", ""
        ) from error
    return described


def inside(
    client: Any,  # noqa: ANN401 - untyped SDK
    me: Document,
    zones: Sequence[str],
    run_dir: Path,
    balancer: str | None,
    *,
    cap_cpu: bool,
) -> Setup:
    """The setup of a plane in a container. `balancer` is the name of the load balancer's container.

    Raises EngineError.
    """
    networks = me["NetworkSettings"]["Networks"]
    if len(networks) != 1:
        raise EngineError(
            f"the plane's container is in {len(networks)} networks, so which is the VPC?",
            "attach it to exactly one network with a subnet of its own",
        )
    ((name, endpoint),) = networks.items()
    subnet = _subnet(client, name)
    mount = next((m for m in me["Mounts"] if run_dir.is_relative_to(m["Destination"])), None)
    if mount is None:
        raise EngineError(
            f"{run_dir} is not on a volume, so proxies cannot share it with the plane",
            f"mount a named volume at {run_dir.parent}",
        )
    source = mount.get("Name") or mount["Source"]
    place = Place(
        project=me["Config"]["Labels"].get(labels.COMPOSE, "rehearse"),
        network=name,
        image=me["Image"],
        user=f"{os.getuid()}:{os.getgid()}",
        shared=(f"{source}:{mount['Destination']}",),
        cap_cpu=cap_cpu,
    )
    own = str(endpoint["IPAddress"])
    find_sources = partial(_sources, own, balancer)
    _demand_balancer(find_sources, balancer, name)
    # by name: the address may be another one when the next plane adopts the tasks
    host = me["Config"]["Labels"].get(labels.COMPOSE_SERVICE, own)
    return Setup(place, ZoneAddresses(subnet, zones), host, find_sources, own_network=False)


def _demand_balancer(
    find_sources: Callable[[], tuple[str, ...]], balancer: str | None, network: str
) -> None:
    try:
        find_sources()
    except OSError as error:
        raise EngineError(
            f"there is no load balancer's container {balancer!r} in the network {network}",
            "start it first, or name it with --balancer",
        ) from error


def _sources(own: str, balancer: str | None) -> tuple[str, ...]:
    return (own, socket.gethostbyname(balancer)) if balancer else (own,)


def on_host(
    client: Any,  # noqa: ANN401 - untyped SDK
    project: str,
    zones: Sequence[str],
    run_dir: Path,
    image: str,
    *,
    cap_cpu: bool,
) -> Setup:
    """The setup of a plane on a Linux host: a new network. Raises EngineError.

    What was left under the project's name is removed.
    """
    _demand_image(client, image)
    try:
        sweep(client, project)
    except ERRORS as error:
        raise EngineError(f"what {project} left cannot be removed: {reason(error)}", "") from error
    subnet = _make_network(client, project)
    gateway = str(IPv4Network(subnet)[1])
    _demand_host(gateway)
    place = Place(
        project=project,
        network=project,
        image=image,
        user=f"{os.getuid()}:{os.getgid()}",
        shared=(f"{run_dir}:{run_dir}",),
        cap_cpu=cap_cpu,
    )
    addresses = ZoneAddresses(subnet, zones)
    return Setup(place, addresses, gateway, lambda: (gateway,), own_network=True)


def _subnet(client: Any, network: str) -> str:  # noqa: ANN401 - untyped SDK
    configured = client.inspect_network(network)["IPAM"]["Config"]
    found = next((str(c["Subnet"]) for c in configured if ":" not in c.get("Subnet", ":")), None)
    if found is None:
        raise EngineError(f"the network {network} has no IPv4 subnet", "give it one, a /16")
    return found


def _demand_image(client: Any, image: str) -> None:  # noqa: ANN401 - untyped SDK
    try:
        built_for, engine_is = client.inspect_image(image)["Architecture"], client.version()["Arch"]
    except ERRORS as error:
        why = "" if is_absent(error) else f": {reason(error)}"
        raise EngineError(
            f"the plane's image {image} is not there{why}",
            "build it with `make images` (`make images OFFLINE=1` without a registry)",
        ) from error
    if built_for != engine_is:
        raise EngineError(
            f"the plane's image {image} is for {built_for}, the Docker engine runs {engine_is}",
            "build it on this machine with `make images`, or name another with --plane-image",
        )


def _demand_host(gateway: str) -> None:
    """Refuse an engine that is elsewhere, or in a virtual machine: no task could be reached."""
    with socket.socket() as trial:
        try:
            trial.bind((gateway, 0))
        except OSError as error:
            raise EngineError(
                f"the Docker engine's networks are not on this machine: {gateway} is not ours",
                "start the plane beside its tasks with `docker compose up --wait`",
            ) from error


def _make_network(client: Any, project: str) -> str:  # noqa: ANN401 - untyped SDK
    """The subnet of a new network of the project's name, the first that is free."""
    for subnet in NETWORKS:
        pool = {"Subnet": subnet, "IPRange": engines_block(subnet)}
        try:
            client.create_network(
                project,
                driver="bridge",
                ipam={"Driver": "default", "Config": [pool]},
                labels={labels.PROJECT: project},
                check_duplicate=True,
            )
        except ERRORS as error:
            if OVERLAP not in reason(error):
                raise EngineError(f"no network can be made: {reason(error)}", "") from error
        else:
            return subnet
    raise EngineError(
        f"all {len(NETWORKS)} networks from {NETWORKS[0]} on are taken",
        "remove unused ones with `docker network prune`",
    )
