"""What iptables is told to do in a task's network."""

from dataclasses import dataclass

import pytest

from infra.local.runtime.docker import network
from infra.local.runtime.docker.firewall import first_rules, groups_rules
from infra.local.runtime.docker.labels import Ports

DROP = "-A REHEARSE-GROUPS -j DROP"


@dataclass(frozen=True, slots=True)
class Allow:
    protocol: str
    from_port: int | None
    to_port: int | None
    cidr: str


@pytest.mark.parametrize(
    ("permit", "matches"),
    [
        pytest.param(
            Allow("tcp", 8080, 8080, "10.0.0.4/32"),
            "-s 10.0.0.4/32 -p tcp -m tcp --dport 8080:8080",
            id="a port of tcp from one address",
        ),
        pytest.param(
            Allow("17", 53, 60, "10.0.0.0/8"),
            "-s 10.0.0.0/8 -p udp -m udp --dport 53:60",
            id="udp by its number, a range of ports",
        ),
        pytest.param(
            Allow("-1", 0, 65535, "0.0.0.0/0"), "-s 0.0.0.0/0", id="everything from everywhere"
        ),
        pytest.param(Allow("-1", None, None, "10.1.0.0/16"), "-s 10.1.0.0/16", id="all protocols"),
        pytest.param(
            Allow("tcp", 0, 65535, "10.1.0.0/16"), "-s 10.1.0.0/16 -p tcp", id="every port of tcp"
        ),
        pytest.param(
            Allow("icmp", 8, 8, "10.1.0.0/16"),
            "-s 10.1.0.0/16 -p icmp -m icmp --icmp-type 8",
            id="one type of icmp",
        ),
        pytest.param(
            Allow("icmp", -1, -1, "10.1.0.0/16"), "-s 10.1.0.0/16 -p icmp", id="every type of icmp"
        ),
        pytest.param(
            Allow("50", 22, 22, "10.1.0.0/16"),
            "-s 10.1.0.0/16 -p 50",
            id="a protocol without ports, whatever ports are said",
        ),
    ],
)
def test_a_permit_becomes_one_rule(permit: Allow, matches: str) -> None:
    lines = groups_rules([permit]).splitlines()
    assert f"-A REHEARSE-GROUPS {matches} -j ACCEPT" in lines
    assert lines.index(DROP) == len(lines) - 2  # the last before COMMIT


@pytest.mark.parametrize(
    "permit",
    [Allow("-1", 0, 65535, "::/0"), Allow("icmpv6", 0, 255, "10.0.0.0/8")],
    ids=["of an IPv6 block", "of ICMPv6"],
)
def test_a_permit_that_ipv4_does_not_know_is_left_out(permit: Allow) -> None:
    assert groups_rules([permit]) == groups_rules([])


def test_the_order_of_permits_and_doubles_change_nothing() -> None:
    one, two = Allow("tcp", 80, 80, "10.0.0.1/32"), Allow("tcp", 81, 81, "10.0.0.1/32")
    assert groups_rules([one, two]) == groups_rules([two, one, two])


def test_without_groups_everything_comes_in() -> None:
    rules = groups_rules(None)
    assert "-j DROP" not in rules
    assert "-A REHEARSE-GROUPS -j ACCEPT" in rules


def test_with_groups_that_permit_nothing_answers_still_come_in() -> None:
    lines = groups_rules([]).splitlines()
    accepted = [line for line in lines if line.endswith("ACCEPT")]
    assert accepted == [
        "-A REHEARSE-GROUPS -i lo -j ACCEPT",
        "-A REHEARSE-GROUPS -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
    ]


def test_a_proxys_ports_are_redirected_and_its_names_too() -> None:
    planned = network.plan("10.9.1.17", Ports((8080,), (("order-api", 80), ("stock", 80))))
    rules = first_rules([], "10.9.1.17", planned.redirects).splitlines()
    inbound = "-A REHEARSE-IN -d 10.9.1.17/32 -p tcp -m tcp --dport 8080"
    assert f"{inbound} -j REDIRECT --to-ports 15000" in rules
    outbound = "-A REHEARSE-OUT -d {0}/32 -p tcp -m tcp --dport 80 -j DNAT --to-destination {0}:{1}"
    assert outbound.format("127.255.0.1", 15100) in rules
    assert outbound.format("127.255.0.2", 15101) in rules
    # groups are judged before nat, by the port that callers name
    assert rules.index("-A PREROUTING -j REHEARSE-GROUPS") < rules.index("*nat")


def test_one_name_with_two_ports_has_one_address() -> None:
    planned = network.plan("10.9.1.17", Ports((), (("order-api", 80), ("order-api", 81))))
    assert planned.aliases == {"order-api": "127.255.0.1"}
    assert planned.listener_port("127.255.0.1", 80) != planned.listener_port("127.255.0.1", 81)
    assert planned.listener_port("10.9.1.17", 8080) == 8080
