"""Starting, draining and stopping: the numbers that must fit each other."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise

from infra.checklist.facts import Container, Facts, Service
from infra.checklist.known import NotKnownError, sift
from infra.checklist.lookup import (
    IDLE,
    PER_REQUEST,
    balanced_services,
    balancers_to,
    containers_of,
    definition_of,
    fargate_services,
    is_tcp,
    request_limit,
    target_groups,
)
from infra.checklist.rule import Cut, Found, Problem, Severity, rule, skip
from infra.checklist.rules.groups import published

ECS_GUIDE = "https://docs.aws.amazon.com/AmazonECS/latest/developerguide"
ECS_API = "https://docs.aws.amazon.com/AmazonECS/latest/APIReference"
ELB = "https://docs.aws.amazon.com/elasticloadbalancing/latest"
DELAY_DEFAULT = 300
STOP_MAX = 120
KEEP_ALIVE = re.compile(r"KEEP_?ALIVE", re.IGNORECASE)
GRACEFUL = re.compile(r"GRACEFUL.*TIMEOUT|DRAIN_SECONDS|SHUTDOWN_(TIMEOUT|SECONDS)", re.IGNORECASE)
KEEP_ALIVE_FLAGS = ("--timeout-keep-alive", "--keep-alive", "--keepalive")
GRACEFUL_FLAGS = ("--timeout-graceful-shutdown", "--graceful-timeout")
SERVERS = {"uvicorn": 5, "gunicorn": 2, "hypercorn": 5, "node": 5}  # keep-alive in seconds
SHELLS = ("sh", "bash", "ash", "dash", "zsh")


@rule(
    "LC001",
    "the grace period covers the start",
    over=balanced_services,
    cut=Cut.DEPLOYMENT,
    source=f"{ECS_GUIDE}/load-balancer-health-check.html",
    mend="health_check_grace_period_seconds of at least the measured start time",
    article="awsvpc / ALB basics: health_check_grace_period_seconds is set",
    drill="slow-start",
)
def grace(facts: Facts, service: Service) -> Found:
    """During it ECS ignores bad health; one success is enough to be healthy at first."""
    if service.grace == 0:
        yield "no grace period: a task that is not healthy at once is killed while it starts"
        return
    start = facts.expected.start_seconds.get(service.name)
    if start is not None:
        for group in target_groups(facts, service):
            patience = service.grace + group.check.unhealthy * group.check.interval
            if patience < start:
                yield f"it is killed {patience} s after its start, which takes {start} s"
    period = max((one.check.start_period for one in containers_of(facts, service)), default=0)
    if service.grace < period:
        yield f"{service.grace} s grace, a container's startPeriod is {period} s"


@rule(
    "LC002",
    "the deregistration delay is short, and as long as the longest request",
    over=balanced_services,
    cut=Cut.DEPLOYMENT,
    source=f"{ELB}/application/edit-target-group-attributes.html",
    mend="deregistration_delay = a little more than the longest request (30 for most APIs)",
    article="awsvpc / ALB basics: deregistration_delay is shortened",
    drill="long-request",
)
def delay(facts: Facts, service: Service) -> Found:
    longest = facts.expected.longest_request.get(service.name)
    for group in target_groups(facts, service):
        value = group.deregistration_delay
        if longest is not None and value < longest:
            yield Problem(f"{value} s cut requests that may take {longest} s", group.at)
        if value >= DELAY_DEFAULT and (longest is None or longest < DELAY_DEFAULT):
            yield Problem(f"{value} s make every deployment and scale-in wait that long", group.at)
        if value == 0 and longest is None:
            yield Problem("0 s cut every request that is under way", group.at)


@rule(
    "LC003",
    "stopTimeout covers what is in flight",
    over=fargate_services,
    cut=Cut.DEPLOYMENT,
    source=f"{ECS_API}/API_ContainerDefinition.html",
    mend="stopTimeout above the longest per-request timeout and the server's own graceful "
    "timeout, at most 120",
    article="awsvpc / ALB basics: aligned with stopTimeout",
    drill="sigterm-ignored",
)
def stop_timeout(facts: Facts, service: Service) -> Found:
    """The delay comes first, SIGTERM after it, stopTimeout runs from there."""
    containers = containers_of(facts, service)
    for one in containers:
        if one.stop_timeout > STOP_MAX:
            yield f"container {one.name}: stopTimeout {one.stop_timeout} is above Fargate's 120"
    serving = [one for one in containers if one.name in _serving(facts, service)]
    for one in serving:
        for what, seconds in _needed(facts, service, one):
            if one.stop_timeout < seconds:
                yield f"container {one.name}: stopTimeout {one.stop_timeout} s, {what} {seconds} s"


def _serving(facts: Facts, service: Service) -> set[str]:
    """The names of the containers that requests come to."""
    names = {target.container for target in service.targets}
    ports = {alias.port_name for alias in service.connect.aliases}
    for one in containers_of(facts, service):
        if any(port.name in ports for port in one.ports):
            names.add(one.name)
    return names


def _needed(facts: Facts, service: Service, container: Container) -> Iterator[tuple[str, int]]:
    if service.connect.enabled:
        for alias in service.connect.aliases:
            limit = request_limit(facts, service, alias)
            if limit is not None:
                yield "a request by Service Connect may take", limit
    graceful = _seconds(container, GRACEFUL, GRACEFUL_FLAGS)
    if graceful is not None:
        yield "the application takes its time to end:", graceful


@rule(
    "LC004",
    "the application keeps idle connections longer than the load balancer",
    over=balanced_services,
    cut=Cut.SOMETIMES,
    source=f"{ELB}/application/application-load-balancers.html",
    mend="the server's keep-alive above the load balancer's idle_timeout (75 s for 60 s)",
    drill="keep-alive",
)
def keep_alive(facts: Facts, service: Service) -> Found:
    idles = [
        balancer.idle_timeout
        for group in target_groups(facts, service)
        for balancer in balancers_to(facts, group)
        if balancer.type == "application"
    ]
    if not idles:
        skip("no application load balancer sends it requests")
    names = {target.container for target in service.targets}

    def judged(one: Container) -> Found:
        kept = _kept(one)
        if kept <= max(idles):
            yield (
                f"container {one.name} closes idle connections after {kept} s, the load balancer "
                f"uses them for {max(idles)} s: now and then a request meets a closed one (502)"
            )

    yield from sift((c for c in containers_of(facts, service) if c.name in names), judged)


def _kept(container: Container) -> int:
    """How long the server keeps an idle connection: what is said, or the server's default."""
    said = _seconds(container, KEEP_ALIVE, KEEP_ALIVE_FLAGS)
    if said is not None:
        return said
    words = " ".join((*container.entry_point, *container.command)).split()
    for word in words:
        server = SERVERS.get(word.rpartition("/")[2])
        if server is not None:
            return server
    raise NotKnownError(
        f"container {container.name} does not say how long it keeps idle connections; say it in "
        "its environment (KEEP_ALIVE_SECONDS) or its command"
    )


def _seconds(container: Container, name: re.Pattern[str], flags: Iterable[str]) -> int | None:
    """A duration from the environment or from the command line."""
    for key, text in container.environment.items():
        if name.search(key) and re.fullmatch(r"\d+(\.\d+)?", text):
            value = float(text)
            return int(value / 1000) if key.upper().endswith("_MS") else int(value)
    words = " ".join((*container.entry_point, *container.command)).replace("=", " ").split()
    for word, following in pairwise(words):
        if word in flags and following.isdigit():
            return int(following)
    return None


@rule(
    "LC005",
    "Service Connect's timeouts are chosen",
    over=published,
    severity=Severity.WARN,
    cut=Cut.SOMETIMES,
    source=f"{ECS_API}/API_TimeoutConfiguration.html",
    mend="timeout { per_request_timeout_seconds, idle_timeout_seconds } in the published service, "
    "the idle one not below the other",
)
def connect_timeouts(facts: Facts, service: Service) -> Found:
    if not service.connect.enabled or not service.connect.aliases:
        skip("it publishes nothing")
    aliases = [one for one in service.connect.aliases if not is_tcp(facts, service, one)]
    if not aliases:
        skip("it publishes plain TCP, which has no requests")
    for alias in aliases:
        if alias.per_request is None:
            yield f"{alias.port_name}: no per-request timeout: {PER_REQUEST} s cut longer requests"
        limit = request_limit(facts, service, alias)
        idle = IDLE if alias.idle is None else alias.idle
        if limit is not None and 0 < idle < limit:
            yield f"{alias.port_name}: idle timeout {idle} s cuts requests of up to {limit} s"


@rule(
    "LC006",
    "SIGTERM reaches the application",
    over=fargate_services,
    severity=Severity.WARN,
    cut=Cut.DEPLOYMENT,
    source="https://aws.amazon.com/blogs/containers/graceful-shutdowns-with-ecs/",
    mend='the exec form (["python", "-m", "app"]), or `exec` as the shell\'s last command; '
    "initProcessEnabled does not help: init tells the shell, not its child",
    drill="sigterm-ignored",
)
def signals(facts: Facts, service: Service) -> Found:
    definition = definition_of(facts, service)
    told = [one for one in definition.containers if one.entry_point or one.command]
    for one in told:
        words = (*one.entry_point, *one.command)
        if _swallows(words):
            yield f"container {one.name}: the shell {words[0]} is PID 1 and passes no SIGTERM on"
    if not told:
        skip("what starts is in the images; the drill shows whether it hears SIGTERM")


def _swallows(words: tuple[str, ...]) -> bool:
    """A shell with -c whose script neither ends in exec nor traps SIGTERM."""
    if words[0].rpartition("/")[2] not in SHELLS:
        return False
    for flag, script in pairwise(words[1:]):
        if re.fullmatch(r"-[a-z]*c", flag):
            if re.search(r"\btrap\b.*\b(SIG)?TERM\b", script):
                return False
            last = re.split(r"&&|;|\n", script.strip().rstrip(";"))[-1]
            return not last.strip().startswith("exec ")
    return False
