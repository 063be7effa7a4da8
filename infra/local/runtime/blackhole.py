"""Ports that never answer: what a security group's refusal looks like to who calls.

A refused packet is dropped, so the caller's connect hangs until it gives up. Loopback has no such
place, but Linux drops a SYN to a listener whose queue of finished connections is full: a port that
listens with a queue of one, filled by a connection that nobody accepts, is just that.
"""

import socket
from collections.abc import Iterable

FILL_LIMIT_S = 1.0  # on loopback it takes microseconds


class Blackhole:
    """One silent port per address, made at its first use. Costs three descriptors each."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[socket.socket, socket.socket]] = {}

    def port(self, address: str) -> int:
        """A port of the (loopback) address at which a connect gets no answer."""
        if address not in self._held:
            self._held[address] = _dig(address)
        port: int = self._held[address][0].getsockname()[1]
        return port

    def keep(self, addresses: Iterable[str]) -> None:
        """Close the ports of all other addresses."""
        for address in self._held.keys() - set(addresses):
            for held in self._held.pop(address):
                held.close()

    def close(self) -> None:
        self.keep(())


def _dig(address: str) -> tuple[socket.socket, socket.socket]:
    """The listener, and the connection that fills its queue."""
    listener = socket.socket()
    listener.bind((address, 0))
    listener.listen(0)
    filler = socket.create_connection(listener.getsockname(), FILL_LIMIT_S)
    return listener, filler
