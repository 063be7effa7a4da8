"""The tasks' addresses within the VPC's network: an address shows its Availability Zone.

The network is cut into 16 equal blocks. The first is left to what the engine itself gives
addresses to (the plane, the load balancer, a database); each zone has one of the others.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network

from infra.local.runtime.addresses import OutOfAddressesError

BLOCKS = 16
PREFIX_MAX = 24  # 16 addresses for each zone


class ZoneAddresses:
    """Gives out the addresses of one network."""

    def __init__(self, network: str, zones: Sequence[str]) -> None:
        subnet = IPv4Network(network)
        if subnet.prefixlen > PREFIX_MAX or len(zones) >= BLOCKS:
            raise OutOfAddressesError(
                f"the network {network} is too small for {len(zones)} zones: give it a /16"
            )
        blocks = list(subnet.subnets(new_prefix=subnet.prefixlen + 4))
        self.network = network
        self._blocks = dict(zip(zones, blocks[1:], strict=False))
        self._next = dict.fromkeys(zones, 0)
        self._taken: set[str] = set()

    def take(self, zone: str) -> str:
        """The address longest unused in the zone. Raises OutOfAddressesError."""
        block = self._blocks[zone]
        usable = block.num_addresses - 2  # as in a subnet: not the first, not the last
        for _ in range(usable):
            address = str(block[self._next[zone] + 1])
            self._next[zone] = (self._next[zone] + 1) % usable
            if address not in self._taken:
                self._taken.add(address)
                return address
        raise OutOfAddressesError(
            f"all {usable} addresses of {zone} in {block} are taken: run fewer tasks"
        )

    def keep(self, zone: str, address: str) -> None:
        """The address is taken already: an adopted task has it."""
        self._taken.add(address)
        offset = int(IPv4Address(address)) - int(self._blocks[zone].network_address)
        self._next[zone] = max(self._next[zone], offset % (self._blocks[zone].num_addresses - 2))

    def give_back(self, address: str) -> None:
        self._taken.discard(address)


def engines_block(network: str) -> str:
    """The block that the engine may give addresses from."""
    subnet = IPv4Network(network)
    return str(next(subnet.subnets(new_prefix=subnet.prefixlen + 4)))
