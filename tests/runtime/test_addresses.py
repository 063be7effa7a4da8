"""Pools of loopback addresses: one per plane, freed with it."""

import os
import subprocess
import sys

import pytest

from infra.local.runtime.addresses import POOLS, OutOfAddressesError, take_pool

ZONES = ("eu-central-1a", "eu-central-1b")
TAKE = (
    "from infra.local.runtime.addresses import take_pool;"
    "pool = take_pool(['a']); print(pool.number, flush=True); input()"
)


def test_an_address_shows_its_zone() -> None:
    pool = take_pool(ZONES)
    assert pool.take(ZONES[0]) == f"127.{pool.number}.10.1"
    assert pool.take(ZONES[1]) == f"127.{pool.number}.20.1"
    assert pool.take(ZONES[0]) == f"127.{pool.number}.10.2"
    assert pool.network == f"127.{pool.number}.0.0/16"
    pool.close()


def test_an_address_given_back_is_the_last_to_be_used_again() -> None:
    pool = take_pool(ZONES)
    first = pool.take(ZONES[0])
    pool.give_back(first)
    later = [pool.take(ZONES[0]) for _ in range(2540)]
    assert later[-1] == first
    assert len(set(later)) == 2540
    with pytest.raises(OutOfAddressesError, match="all 2540 addresses of eu-central-1a"):
        pool.take(ZONES[0])
    assert pool.take(ZONES[1])
    pool.close()


def test_zones_never_share_an_address() -> None:
    zones = [f"zone-{number}" for number in range(24)]
    pool = take_pool(zones)
    taken = [pool.take(zone) for zone in zones for _ in range(2540)]
    assert len(set(taken)) == len(taken)
    assert {int(address.split(".")[2]) for address in taken} == set(range(10, 250))
    pool.close()


def test_pools_are_far_from_where_addresses_have_a_meaning() -> None:
    assert not {0, 255} & set(POOLS)


def test_planes_have_different_pools_and_the_last_is_told() -> None:
    numbers = [250, 251]  # no plane uses these
    first, second = take_pool(ZONES, numbers), take_pool(ZONES, numbers)
    assert {first.number, second.number} == {250, 251}
    with pytest.raises(OutOfAddressesError, match=r"all 2 address pools are taken .*rehearse down"):
        take_pool(ZONES, numbers)
    first.close()
    again = take_pool(ZONES, numbers)
    assert again.number == 250
    again.close()
    second.close()


def test_too_many_zones_are_refused() -> None:
    with pytest.raises(OutOfAddressesError, match="25 zones"):
        take_pool([str(number) for number in range(25)])


@pytest.mark.runtime
def test_a_killed_plane_frees_its_pool() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", TAKE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        number = int(other.stdout.readline())
        with pytest.raises(OutOfAddressesError):
            take_pool(["a"], [number])
        os.kill(other.pid, 9)
        other.wait(5)
    take_pool(["a"], [number]).close()
