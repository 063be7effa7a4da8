"""From what the caller said to a target that is known to be there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from chaos.account import Account, Clients, Connect, calling, connect
from chaos.errors import TargetError, UsageError
from chaos.target import Place, TargetOptions

TIME_SCALE_TAG = "rehearse:time-scale"
LOCAL_INTERVAL_MS = 100.0
AWS_INTERVAL_MS = 1000.0
DEFAULT_ENDPOINT = "http://127.0.0.1:4566"
NO_ACCESS_LOG = "the load balancer's access log (it goes to S3): causes are judged without it"


@dataclass(frozen=True, slots=True)
class Plane:
    """The part of GET /_rehearse/status that a drill needs.

    `ca_file` is None where it is not on this machine, as that of a plane in a container.
    """

    url: str
    ca_file: str | None
    limits: tuple[str, ...]


def resolve(options: TargetOptions, make: Connect = connect) -> Account:
    """Find the cluster, its services, their load balancer and URL; acts on nothing.

    Raises UsageError in one sentence when the target cannot be what the caller meant.
    """
    local = options.kind == "local"
    endpoint = (options.endpoint_url or DEFAULT_ENDPOINT) if local else options.endpoint_url
    plane = ask_plane(endpoint) if local and endpoint else None
    try:
        clients = make(options.region, endpoint)
        scale = read_time_scale(clients, options.cluster)
        names = _services(clients, options)
        name, dns = _balancer(clients, options.cluster, names)
    except TargetError as error:
        raise UsageError(f"the target cannot be reached: {error}") from error
    place = Place(
        kind=options.kind,
        cluster=options.cluster,
        url=_url(options, plane, dns),
        time_scale=scale,
        interval_ms=LOCAL_INTERVAL_MS if local else AWS_INTERVAL_MS,
        ca_file=options.ca_file or (plane.ca_file if plane else None),
        limits=plane.limits if plane else (),
        not_observable=() if local else (NO_ACCESS_LOG,),
        allow_settings=local or options.allow_settings,
        reach=replace(options, endpoint_url=endpoint),
    )
    return Account(clients, place, names, name)


def ask_plane(endpoint: str) -> Plane:
    """GET /_rehearse/status; UsageError if no plane answers there."""
    try:
        answer = httpx.get(f"{endpoint}/_rehearse/status", timeout=5.0)
        answer.raise_for_status()
        status: Mapping[str, object] = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise UsageError(
            f"no local plane answers at {endpoint} ({error}); start one with `rehearse up`"
        ) from error
    ca_file, limits = status.get("ca_file"), status.get("limits")
    return Plane(
        str(status.get("url", "")),
        str(ca_file) if ca_file and Path(str(ca_file)).is_file() else None,
        tuple(map(str, limits)) if isinstance(limits, list) else (),
    )


def read_time_scale(clients: Clients, cluster: str) -> float:
    """The tag of a rehearsing cluster, 1 without it. UsageError if the cluster is not ACTIVE."""
    with calling("DescribeClusters"):
        answer = clients.ecs.describe_clusters(clusters=[cluster], include=["TAGS"])
    found = [c for c in answer["clusters"] if c.get("status") == "ACTIVE"]
    if not found:
        raise UsageError(f"cluster {cluster!r} is not there or not ACTIVE; name it with --cluster")
    tags = {tag["key"]: tag["value"] for tag in found[0].get("tags", [])}
    text = tags.get(TIME_SCALE_TAG, "1")
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if not 0 < scale <= 20:
        raise UsageError(f"cluster {cluster!r} has the tag {TIME_SCALE_TAG}={text}: not in 1-20")
    return scale


def _services(clients: Clients, options: TargetOptions) -> tuple[str, ...]:
    names = options.services or _listed(clients, options.cluster)
    if not names:
        raise UsageError(f"cluster {options.cluster!r} has no services; start them first")
    if len(names) > 10:
        raise UsageError(f"{len(names)} services: a drill takes at most 10, name them (--service)")
    with calling("DescribeServices"):
        answer = clients.ecs.describe_services(cluster=options.cluster, services=list(names))
    active = {s["serviceName"] for s in answer["services"] if s["status"] == "ACTIVE"}
    missing = sorted(set(names) - active)
    if missing:
        raise UsageError(
            f"cluster {options.cluster!r} has no active service {', '.join(missing)};"
            " name those to drill with --service"
        )
    return tuple(sorted(names))


def _listed(clients: Clients, cluster: str) -> tuple[str, ...]:
    with calling("ListServices"):
        pages = clients.ecs.get_paginator("list_services").paginate(cluster=cluster)
        return tuple(arn.rsplit("/", 1)[-1] for page in pages for arn in page["serviceArns"])


def _balancer(
    clients: Clients, cluster: str, names: tuple[str, ...]
) -> tuple[str | None, str | None]:
    """Name and DNS name of the load balancer in front of the services' target groups."""
    with calling("DescribeServices"):
        answer = clients.ecs.describe_services(cluster=cluster, services=list(names))
    balancers = [b for s in answer["services"] for b in s.get("loadBalancers", [])]
    arns = sorted({b["targetGroupArn"] for b in balancers if "targetGroupArn" in b})
    if not arns:
        raise UsageError(f"no target group belongs to {', '.join(names)}: nothing to send load to")
    with calling("DescribeTargetGroups"):
        groups = clients.elbv2.describe_target_groups(TargetGroupArns=arns)["TargetGroups"]
    owners = sorted({arn for group in groups for arn in group.get("LoadBalancerArns", [])})
    if not owners:
        return None, None
    with calling("DescribeLoadBalancers"):
        answer = clients.elbv2.describe_load_balancers(LoadBalancerArns=owners[:1])
    balancer = answer["LoadBalancers"][0]
    return balancer["LoadBalancerName"], balancer["DNSName"]


def _url(options: TargetOptions, plane: Plane | None, dns: str | None) -> str:
    url = options.url or (plane.url if plane else "") or (f"http://{dns}" if dns else "")
    if not url:
        raise UsageError("the target has no load balancer; say where to send load with --url")
    return url.rstrip("/")
