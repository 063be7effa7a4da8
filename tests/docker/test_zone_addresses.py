"""Addresses of tasks in containers: each has one, and it shows the zone."""

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.local.runtime.addresses import OutOfAddressesError
from infra.local.runtime.docker.addresses import ZoneAddresses, engines_block

ZONES = ("eu-central-1a", "eu-central-1b", "eu-central-1c")
SMALL = "10.9.1.0/24"  # 16 addresses for each zone, 14 of them usable
STEPS = st.lists(
    st.tuples(st.sampled_from(["take", "give back", "keep"]), st.integers(0, 44)), max_size=80
)


def zone_of(network: str, address: str) -> str:
    """By arithmetic of its own: which sixteenth of the network the address is in."""
    whole = IPv4Network(network)
    place = int(IPv4Address(address)) - int(whole.network_address)
    return ZONES[place * 16 // whole.num_addresses - 1]


@settings(deadline=None, suppress_health_check=list(HealthCheck))
@given(STEPS)
def test_no_two_tasks_have_one_address_and_it_shows_its_zone(steps: list[tuple[str, int]]) -> None:
    pool = ZoneAddresses(SMALL, ZONES)
    held: list[str] = []
    for step, number in steps:
        zone = ZONES[number % 3]
        in_zone = [a for a in held if zone_of(SMALL, a) == zone]
        if step == "take":
            try:
                address = pool.take(zone)
            except OutOfAddressesError:
                assert len(in_zone) == 14
                continue
            assert address not in held
            assert zone_of(SMALL, address) == zone
            held.append(address)
        elif step == "give back" and held:
            pool.give_back(held.pop(number % len(held)))
        elif step == "keep":
            index = ZONES.index(zone) + 1
            address = str(IPv4Network(SMALL)[index * 16 + 1 + number % 14])
            if address not in held:
                pool.keep(zone, address)
                held.append(address)


def test_an_address_rests_before_it_is_given_again() -> None:
    pool = ZoneAddresses(SMALL, ZONES)
    first = pool.take(ZONES[0])
    pool.give_back(first)
    assert [pool.take(ZONES[0]) for _ in range(14)].index(first) == 13


def test_an_address_kept_is_not_given_next() -> None:
    pool = ZoneAddresses(SMALL, ZONES)
    pool.keep(ZONES[0], "10.9.1.17")
    pool.keep(ZONES[0], "10.9.1.20")
    assert pool.take(ZONES[0]) == "10.9.1.21"


def test_the_engines_own_block_is_no_zones() -> None:
    engines = IPv4Network(engines_block("10.248.0.0/16"))
    pool = ZoneAddresses("10.248.0.0/16", ZONES)
    assert not any(IPv4Address(pool.take(zone)) in engines for zone in ZONES)
    assert IPv4Address("10.248.0.1") in engines


@pytest.mark.parametrize(
    ("network", "zones"),
    [
        pytest.param("10.9.1.0/25", 1, id="a network with 8 addresses for a zone"),
        pytest.param("10.9.0.0/16", 16, id="more zones than blocks"),
    ],
)
def test_what_is_too_small_is_refused(network: str, zones: int) -> None:
    with pytest.raises(OutOfAddressesError, match="give it a /16"):
        ZoneAddresses(network, [f"z{n}" for n in range(zones)])


def test_a_full_zone_says_so() -> None:
    pool = ZoneAddresses(SMALL, ZONES)
    for _ in range(14):
        pool.take(ZONES[1])
    with pytest.raises(OutOfAddressesError, match=r"all 14 addresses of eu-central-1b in 10\.9\.1"):
        pool.take(ZONES[1])
