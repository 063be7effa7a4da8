"""The site of a plane whose tasks are containers: beside its own container, or on a host's engine.

Apart from `site`, as it imports the engine's SDK.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from infra.local.connect.proxy import IMAGE as PROXY_IMAGE
from infra.local.folder import run_directory
from infra.local.options import Options, WrongOptionError
from infra.local.runtime.addresses import take_pool
from infra.local.runtime.docker import engine, setup
from infra.local.runtime.docker.environment import Environments
from infra.local.runtime.docker.pulling import PullPolicy
from infra.local.runtime.docker.reaper import Reaper
from infra.local.runtime.docker.runtime import DockerRuntime
from infra.local.runtime.images import Catalogue
from infra.local.site import Permits, Site

ENVOY_IN_IMAGE = Path("envoy")
RUN_DIR_IN_CONTAINER = Path("/run/rehearse/plane")


def find(options: Options, zones: Sequence[str], catalogue: Catalogue, permits: Permits) -> Site:
    """See `site.find_site`. Blocks for some calls to the engine."""
    client = engine.connect()
    environments = Environments(catalogue, options.scale, options.variables(), PROXY_IMAGE)
    me = setup.own_container(client)
    if me is None:
        return _containers_on_host(options, zones, client, environments, permits)
    run_dir = options.run_dir or RUN_DIR_IN_CONTAINER
    run_dir.mkdir(parents=True, exist_ok=True)
    found = setup.inside(client, me, zones, run_dir, options.balancer, cap_cpu=options.cap_cpu)
    runtime = _docker(options, client, found, environments, permits)
    return _site(runtime, found, run_dir, end=lambda: None)


def _containers_on_host(
    options: Options,
    zones: Sequence[str],
    client: Any,  # noqa: ANN401 - untyped SDK
    environments: Environments,
    permits: Permits,
) -> Site:
    """The pool's number makes the names unique; the reaper comes before what it has to remove."""
    if options.adopt:
        raise WrongOptionError(
            "--adopt cannot be used by a plane on a host: its tasks are removed when it dies, so "
            "there is nothing to go on with; leave it out, or use docker compose"
        )
    with ExitStack() as ends:
        pool = ends.enter_context(closing(take_pool(zones)))
        project = f"rehearse-{pool.number}"
        run_dir = run_directory(pool.number)
        reaper = Reaper(project, pool.fileno())
        ends.callback(reaper.end)
        found = setup.on_host(
            client, project, zones, run_dir, options.plane_image, cap_cpu=options.cap_cpu
        )
        runtime = _docker(options, client, found, environments, permits)
        return _site(runtime, found, run_dir, ends.pop_all().close)
    raise AssertionError("an exit stack lets errors through")


def _docker(
    options: Options,
    client: Any,  # noqa: ANN401 - untyped SDK
    found: setup.Setup,
    environments: Environments,
    permits: Permits,
) -> DockerRuntime:
    policy = PullPolicy(options.pull)
    return DockerRuntime(client, found.place, found.addresses, environments, policy, permits)


def _site(
    runtime: DockerRuntime, found: setup.Setup, run_dir: Path, end: Callable[[], None]
) -> Site:
    return Site(
        name="docker",
        runtime=runtime,
        run_dir=run_dir,
        envoy=ENVOY_IN_IMAGE,
        by_host=False,
        address=found.address,
        find_sources=found.find_sources,
        network=found.addresses.network,
        end=end,
        composed=not found.own_network,
    )
