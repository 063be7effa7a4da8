"""Where a plane's tasks run: the runtime that was chosen, and what of the plane depends on it."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from infra.local.connect.proxy import IMAGE as PROXY_IMAGE
from infra.local.folder import run_directory
from infra.local.options import Options
from infra.local.proxy.binary import find_envoy
from infra.local.runtime.addresses import take_pool
from infra.local.runtime.docker.firewall import Permit
from infra.local.runtime.images import Catalogue, Image
from infra.local.runtime.namespaces import namespaces_allowed
from infra.local.runtime.process import ProcessRuntime
from infra.local.runtime.protocol import Runtime

Permits = Callable[[str], Sequence[Permit] | None]


@dataclass(frozen=True, slots=True)
class Site:
    """The ground that a plane stands on.

    run_dir: short, for Unix sockets; gone with the plane. envoy: what starts a task's proxy.
    by_host: tasks reach Service Connect names through a proxy variable only. address: where tasks
    reach the plane. find_sources: the addresses from which load balancers and health checks speak
    now, for security groups; raises OSError while that cannot be told. network: the VPC's, of which
    tasks have their addresses. end: blocks until the last of it is gone. composed: the plane is a
    container.
    """

    name: str
    runtime: Runtime
    run_dir: Path
    envoy: Path
    by_host: bool
    address: str
    find_sources: Callable[[], tuple[str, ...]]
    network: str
    end: Callable[[], None]
    composed: bool = False


def find_site(
    options: Options, zones: Sequence[str], catalogue: Catalogue, permits: Permits
) -> Site:
    """The site that the options ask for; `permits` are a task's, by its id, None: everything.

    Raises EngineError, OutOfAddressesError, EnvoyMissingError, CatalogueError.
    """
    if options.runtime == "process":
        return _processes(options, zones, catalogue)
    from infra.local import containersite  # the SDK costs a process plane time and memory

    return containersite.find(options, zones, catalogue, permits)


def _processes(options: Options, zones: Sequence[str], catalogue: Catalogue) -> Site:
    catalogue.check_filled()
    envoy = find_envoy(os.environ)
    pool = take_pool(zones)
    isolated = namespaces_allowed()
    known = catalogue.including(Image(PROXY_IMAGE, tags=("latest",), command=(str(envoy),)))
    runtime = ProcessRuntime(known, pool, options.state_dir, scale=options.scale, isolated=isolated)
    return Site(
        name="process",
        runtime=runtime,
        run_dir=run_directory(pool.number),
        envoy=envoy,
        by_host=not isolated,
        address=options.host,
        find_sources=lambda: (options.host,),
        network=pool.network,
        end=lambda: None,
    )
