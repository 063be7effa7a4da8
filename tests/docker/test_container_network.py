"""Who reaches a task: security groups enforced in its network, and the proxy's ports."""

import asyncio
from dataclasses import dataclass
from ipaddress import IPv4Network

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.local.runtime.addresses import OutOfAddressesError
from infra.local.runtime.docker import firewall
from infra.local.runtime.docker.addresses import ZoneAddresses
from infra.local.runtime.protocol import CannotStartContainerError
from tests.docker.stage import CONNECT, IMAGE, LIVE, SERVER, ZONES, Stage

pytestmark = LIVE

DENIED = "timed out"
CHATTY = """
import http.client, sys, time
caller = http.client.HTTPConnection("{}", 8080, timeout=2)
for _ in range(int(sys.argv[1])):
    caller.request("GET", "/")
    print(caller.getresponse().read().decode(), flush=True)
    time.sleep(0.05)
"""


@dataclass(frozen=True, slots=True)
class Allow:
    cidr: str
    protocol: str = "tcp"
    from_port: int | None = 8080
    to_port: int | None = 8080


async def test_only_what_a_group_permits_comes_in(stage: Stage) -> None:
    friend = await stage.shell("friend", "exec sleep 60")
    await stage.shell("stranger", "exec sleep 60")
    stage.permits["server"] = [Allow(f"{friend}/32")]
    address = await stage.serve("server", "hello")
    assert await stage.calls("friend", address) == "hello"
    assert DENIED in await stage.calls("stranger", address)
    assert "refused" in await stage.calls("stranger", stage_address(stage, "friend"))  # open


def stage_address(stage: Stage, task: str) -> str:
    return stage.runtime._tasks[task].network.address


async def test_another_port_than_the_permitted_is_closed(stage: Stage) -> None:
    friend = await stage.shell("friend", "exec sleep 60")
    stage.permits["server"] = [Allow(f"{friend}/32", from_port=9000, to_port=9999)]
    address = await stage.serve("server", "hello")
    assert DENIED in await stage.calls("friend", address, 8080)
    assert "refused" in await stage.calls("friend", address, 9500)


async def test_a_change_of_groups_takes_effect_and_connections_go_on(stage: Stage) -> None:
    friend = await stage.shell("friend", "exec sleep 60")
    stage.permits["server"] = [Allow(f"{friend}/32")]
    address = await stage.serve("server", "hello")
    chat = asyncio.create_task(
        stage.said_by("friend", "python3", "-c", CHATTY.format(address), "40")
    )
    while await stage.calls("friend", address) != "hello":
        await asyncio.sleep(0.05)
    stage.permits["server"] = []
    await stage.runtime.enforce()
    assert DENIED in await stage.calls("friend", address)
    assert (await chat).splitlines() == ["hello"] * 40
    stage.permits["server"] = [Allow(f"{friend}/32")]
    await stage.runtime.enforce()
    assert await stage.calls("friend", address) == "hello"


async def test_the_rules_stand_before_the_application_starts(stage: Stage) -> None:
    """There is no moment in which a stranger gets in."""
    network = await stage.runtime.provision("open", ZONES[0], ingress=(), egress=())
    stage.permits["shut"] = []
    await stage.runtime.provision("shut", ZONES[0], ingress=(), egress=())
    rules = await stage.said_by("shut", "iptables-save", "-t", "mangle", name="eni")
    assert "-A REHEARSE-GROUPS -j DROP" in rules
    assert "-A PREROUTING -j REHEARSE-GROUPS" in rules
    rules = await stage.said_by("open", "iptables-save", "-t", "mangle", name="eni")
    assert "-j DROP" not in rules
    assert network.redirects == {}


async def test_a_network_whose_rules_are_refused_does_not_come_up(stage: Stage) -> None:
    stage.permits["a"] = [Allow("10.0.0.0/8", from_port=9, to_port=1)]
    with pytest.raises(CannotStartContainerError, match="network could not be set up: iptables"):
        await stage.start("a", "true")
    assert stage.names() == set()


async def test_a_proxy_gets_its_ports_connections_and_has_the_names(stage: Stage) -> None:
    """A server on the redirected port stands for the proxy; the application has the port itself."""
    caller = await stage.shell("caller", "exec sleep 60")
    stage.permits["a"] = [Allow(f"{caller}/32")]
    network = await stage.runtime.provision(
        "a", ZONES[0], ingress=(8080,), egress=[("order-api", 80)]
    )
    proxy = network.listener_port(network.address, 8080)
    alias = network.listener_port(network.aliases["order-api"], 80)
    for name, port in (("app", 8080), ("proxy", proxy), ("alias", alias)):
        spec = stage.spec("a", "python3", "-c", SERVER, str(port), name, name=name)
        await stage.runtime.start("a", network, spec)
        await stage.said_by("a", "python3", "-c", CONNECT.format("127.0.0.1", port), name=name)
    assert await stage.calls("caller", network.address, 8080) == "proxy"
    assert DENIED in await stage.calls("caller", network.address, proxy)
    assert await stage.calls("a", "order-api", 80) == "alias"
    assert await stage.calls("a", network.inner_address, 8080) == "app"


async def test_addresses_show_the_zone_and_come_back(stage: Stage) -> None:
    blocks = list(IPv4Network(stage.vpc.addresses.network).subnets(prefixlen_diff=4))
    for number, zone in enumerate(ZONES, start=1):
        network = await stage.runtime.provision(zone, zone, ingress=(), egress=())
        assert IPv4Network(network.address) in [IPv4Network(a) for a in blocks[number]]
        assert await stage.runtime.provision(zone, zone, ingress=(), egress=()) == network
        await stage.runtime.release(zone)
        assert network.address not in stage.vpc.addresses._taken


async def test_an_address_that_a_stranger_has_is_passed_over(stage: Stage) -> None:
    taken = stage.vpc.addresses.take(ZONES[0])
    stage.vpc.addresses.give_back(taken)
    following = str(next(iter(IPv4Network(f"{taken}/32").hosts())) + 1)
    document = {
        "Image": IMAGE,
        "Entrypoint": ["sleep", "60"],
        "Labels": {"rehearse.project": stage.project},
        "HostConfig": {"NetworkMode": stage.vpc.place.network},
        "NetworkingConfig": {
            "EndpointsConfig": {stage.vpc.place.network: {"IPAMConfig": {"IPv4Address": following}}}
        },
    }
    made = stage.client.create_container_from_config(document, f"{stage.project}-stranger")
    stage.client.start(made["Id"])
    network = await stage.runtime.provision("a", ZONES[0], ingress=(), egress=())
    assert network.address not in (taken, following)


async def test_a_full_zone_is_told(stage: Stage) -> None:
    stage.runtime._addresses = ZoneAddresses("10.250.0.0/24", ZONES)
    for _ in range(14):
        stage.runtime._addresses.take(ZONES[0])
    with pytest.raises(OutOfAddressesError):
        await stage.start("a", "true")
    assert stage.names() == set()


PORTS = st.one_of(st.none(), st.integers(0, 65_535))
ALLOWS = st.builds(
    lambda cidr, protocol, ports: Allow(str(cidr), protocol, *ports),
    st.one_of(
        st.builds(
            lambda a, p: IPv4Network((a, p), strict=False),
            st.integers(0, 2**32 - 1),
            st.integers(0, 32),
        ),
        st.just("::/0"),
    ),
    st.sampled_from(["tcp", "udp", "icmp", "icmpv6", "-1", "6", "17", "1", "50", "58"]),
    st.tuples(PORTS, PORTS).map(lambda p: p if None in p else tuple(sorted(p))),
)


async def test_iptables_takes_whatever_is_permitted(stage: Stage) -> None:
    """Hypothesis draws the permits; the real iptables-restore judges all of them in one go."""
    drawn: list[str] = []

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(ALLOWS, max_size=6))
    def draw(permits: list[Allow]) -> None:
        drawn.append(firewall.groups_rules(permits))
        drawn.append(firewall.first_rules(permits, "10.9.1.17", {("10.9.1.17", 8080): 15000}))

    draw()
    await stage.runtime.provision("a", ZONES[0], ingress=(), egress=())
    judge = 'printf %s "$RULES" | iptables-restore --test --noflush && echo taken'
    name = stage.place.container_name("a", "eni")
    words = ["sh", "-c", f'for RULES in "$@"; do {judge}; done', "sh"]
    for batch in (drawn[n : n + 40] for n in range(0, len(drawn), 40)):
        made = stage.client.exec_create(name, [*words, *batch], user="0")
        said = stage.client.exec_start(made["Id"]).decode()
        assert said.split() == ["taken"] * len(batch), said
