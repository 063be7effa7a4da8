"""The pretend ENIs: loopback addresses 127.<pool>.<zone and number>.<number>.

Each plane has a pool of its own, so that planes live together: pool p is 127.p.0.0/16 with p from
64 to 127, far from 127.0.0.x and from Service Connect's 127.255.x (R6.4). Within it the first zone
has the third octets 10 to 19, the second 20 to 29: an address shows its zone.

A pool is held by an abstract Unix socket. The kernel frees it with the plane, whatever way it ends;
it is seen by every user and, like the addresses, belongs to one network namespace. A lock file
would be none of this.
"""

import errno
import socket
from collections.abc import Sequence

POOLS = range(64, 128)
OCTETS_PER_ZONE = 10
HOSTS_PER_OCTET = 254
ZONES = 24
LOCK = "\0ecs-rehearsal/addresses/127.{}"


class OutOfAddressesError(RuntimeError):
    """No pool, or no address in a zone, is left; the message says what to do."""


class AddressPool:
    """The addresses of one plane. Make it with `take_pool`."""

    def __init__(self, number: int, zones: Sequence[str], lock: socket.socket) -> None:
        self.number = number
        self._lock = lock
        self._zones = {zone: index for index, zone in enumerate(zones, start=1)}
        self._next = dict.fromkeys(zones, 0)
        self._taken: set[str] = set()

    @property
    def network(self) -> str:
        """All addresses of the pool, as a CIDR block."""
        return f"127.{self.number}.0.0/16"

    def take(self, zone: str) -> str:
        """An address that nobody has, the one longest unused. Raises OutOfAddressesError."""
        size = OCTETS_PER_ZONE * HOSTS_PER_OCTET
        for _ in range(size):
            address = self._address(zone, self._next[zone])
            self._next[zone] = (self._next[zone] + 1) % size
            if address not in self._taken:
                self._taken.add(address)
                return address
        raise OutOfAddressesError(
            f"all {size} addresses of {zone} in {self.network} are taken: run fewer tasks"
        )

    def take_all(self, zone: str, count: int) -> list[str]:
        """`count` addresses or none. Raises OutOfAddressesError."""
        taken: list[str] = []
        try:
            while len(taken) < count:
                taken.append(self.take(zone))
        except OutOfAddressesError:
            self._taken.difference_update(taken)
            raise
        return taken

    def give_back(self, address: str) -> None:
        """Free an address; nothing happens if it is free."""
        self._taken.discard(address)

    def fileno(self) -> int:
        """The lock's descriptor: a process that inherits it holds the pool too."""
        return self._lock.fileno()

    def close(self) -> None:
        """Free the pool for another plane."""
        self._lock.close()

    def _address(self, zone: str, index: int) -> str:
        octet, host = divmod(index, HOSTS_PER_OCTET)
        third = self._zones[zone] * OCTETS_PER_ZONE + octet
        return f"127.{self.number}.{third}.{host + 1}"


def take_pool(zones: Sequence[str], numbers: Sequence[int] = POOLS) -> AddressPool:
    """The first pool that no other plane on this machine has. Raises OutOfAddressesError."""
    if len(zones) > ZONES:
        raise OutOfAddressesError(f"{len(zones)} zones are too many: a pool has room for {ZONES}")
    for number in numbers:
        lock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            lock.bind(LOCK.format(number))
        except OSError as error:
            lock.close()
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return AddressPool(number, zones, lock)
    raise OutOfAddressesError(
        f"all {len(numbers)} address pools are taken by other planes on this machine:"
        " end one with `rehearse down`"
    )
