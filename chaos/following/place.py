"""From what the caller said to a cluster that is known to be there."""

from chaos.account import Clients, Connect, connect
from chaos.errors import TargetError, UsageError
from chaos.resolve import (
    AWS_INTERVAL_MS,
    DEFAULT_ENDPOINT,
    LOCAL_INTERVAL_MS,
    Plane,
    ask_plane,
    read_time_scale,
)
from chaos.target import Place, TargetOptions


def locate(options: TargetOptions, make: Connect = connect) -> tuple[Clients, Place]:
    """The clients and the cluster. UsageError in one sentence if it is not there."""
    local = options.kind == "local"
    endpoint = (options.endpoint_url or DEFAULT_ENDPOINT) if local else options.endpoint_url
    try:
        clients = make(options.region, endpoint)
        scale = read_time_scale(clients, options.cluster)
    except TargetError as error:
        hint = "; start a plane with `rehearse up`" if local else ""
        raise UsageError(f"the target cannot be reached: {error}{hint}") from error
    plane = _find_plane(endpoint) if local and endpoint else None
    place = Place(
        kind=options.kind,
        cluster=options.cluster,
        url=(options.url or "").rstrip("/"),
        time_scale=scale,
        interval_ms=LOCAL_INTERVAL_MS if local else AWS_INTERVAL_MS,
        ca_file=options.ca_file or (plane.ca_file if plane else None),
        limits=plane.limits if plane else (),
        allow_settings=False,
    )
    return clients, place


def _find_plane(endpoint: str) -> Plane | None:
    """What a plane of ours says of itself; None for another endpoint."""
    try:
        return ask_plane(endpoint)
    except UsageError:
        return None
