"""The plane's records of a load balancer, as what its Envoy is to do."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from infra.local.balancing.routing import routable
from infra.local.balancing.rules import groups_of, parse
from infra.local.proxy.model import (
    Algorithm,
    Balancer,
    Certificate,
    Cluster,
    Endpoint,
    ForwardedFor,
    Listener,
)
from infra.local.store import Listener as ListenerRecord
from infra.local.store import LoadBalancer, Store, TargetGroup

CONNECT_TIMEOUT_S = 10  # R4.23
DEFAULT_RULE = 1_000_000  # comes after every priority, at most 50,000


@dataclass(frozen=True, slots=True)
class Placing:
    """How this machine differs from AWS. `propagation_ms` is already scaled (R4.32).

    `way` is where Envoy is to connect to for an address and port: elsewhere, if that is refused.
    """

    scale: float
    bind: str
    local_port: Callable[[int], int]
    certificate: Certificate
    propagation_ms: int = 0
    way: Callable[[tuple[str, int]], tuple[str, int]] = lambda place: place

    def scaled_ms(self, seconds: float) -> int:
        """Seconds as AWS has them to milliseconds here."""
        return round(seconds * 1000 / self.scale)


def groups_in_use(store: Store, balancer: LoadBalancer) -> dict[str, TargetGroup]:
    """The target groups in the rules of the load balancer's listeners, by ARN, in order."""
    actions = (
        action
        for listener in sorted(store.listeners_of(balancer), key=lambda x: x.port)
        for rule in listener.rules
        for action in rule.actions
    )
    arns = sorted({arn for action in actions for arn in groups_of([action])})
    return {arn: store.groups[arn] for arn in arns if arn in store.groups}


def translate(
    store: Store, balancer: LoadBalancer, ports: Iterable[int], place: Placing, now_ms: int
) -> Balancer:
    """What Envoy is to do now. `ports` are the listeners to serve (AWS's ports)."""
    served = set(ports)
    records = [x for x in store.listeners_of(balancer) if x.port in served]
    attributes = balancer.attributes
    return Balancer(
        name=balancer.name,
        listeners=tuple(_listener(store, x, place) for x in sorted(records, key=lambda x: x.port)),
        clusters=tuple(
            _cluster(group, _idle_ms(balancer, place), place, now_ms)
            for group in groups_in_use(store, balancer).values()
        ),
        idle_timeout_ms=_idle_ms(balancer, place),
        keep_alive_ms=place.scaled_ms(int(attributes.get("client_keep_alive.seconds", "3600"))),
        drop_invalid_headers=_true(attributes, "routing.http.drop_invalid_header_fields.enabled"),
        forwarded_for=ForwardedFor(
            attributes.get("routing.http.xff_header_processing.mode", "append")
        ),
        forwarded_port=_true(attributes, "routing.http.xff_client_port.enabled"),
        http2=attributes.get("routing.http2.enabled", "true") == "true",
    )


def _true(attributes: dict[str, str], name: str) -> bool:
    return attributes.get(name, "false") == "true"


def _idle_ms(balancer: LoadBalancer, place: Placing) -> int:
    return place.scaled_ms(int(balancer.attributes.get("idle_timeout.timeout_seconds", "60")))


def _listener(store: Store, record: ListenerRecord, place: Placing) -> Listener:
    ordered = sorted(record.rules, key=lambda r: r.priority or DEFAULT_RULE)
    names = {arn: group.name for arn, group in store.groups.items()}
    return Listener(
        port=record.port,
        local_port=place.local_port(record.port),
        address=place.bind,
        rules=tuple(
            parse(r.conditions, r.actions, names.__getitem__, place.local_port) for r in ordered
        ),
        certificate=place.certificate if record.protocol == "HTTPS" else None,
    )


def _cluster(group: TargetGroup, idle_ms: int, place: Placing, now_ms: int) -> Cluster:
    attributes = group.attributes
    slow_start_s = int(attributes.get("slow_start.duration_seconds", "0"))
    return Cluster(
        name=group.name,
        endpoints=tuple(_endpoints(group, place, now_ms)),
        idle_timeout_ms=idle_ms,
        connect_timeout_ms=place.scaled_ms(CONNECT_TIMEOUT_S),
        algorithm=Algorithm(attributes.get("load_balancing.algorithm.type", "round_robin")),
        slow_start_ms=place.scaled_ms(slow_start_s),
        sticky_ms=_sticky_ms(attributes, place),
        tls=group.protocol == "HTTPS",
    )


def _endpoints(group: TargetGroup, place: Placing, now_ms: int) -> Iterator[Endpoint]:
    gone = [t for t in group.departed if (t.address, t.port) not in group.targets]
    present = [*group.targets.values(), *gone]
    chosen = routable(present, group.attributes, now_ms, place.propagation_ms)
    for target in sorted(chosen, key=lambda t: (t.address, t.port)):
        yield Endpoint(*place.way((target.address, target.port)), target.zone)


def _sticky_ms(attributes: dict[str, str], place: Placing) -> int | None:
    if not _true(attributes, "stickiness.enabled"):
        return None
    return place.scaled_ms(int(attributes.get("stickiness.lb_cookie.duration_seconds", "86400")))
