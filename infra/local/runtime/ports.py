"""Who holds a TCP port, for error messages."""

import os
from collections.abc import Iterator
from contextlib import suppress
from ipaddress import IPv4Address
from pathlib import Path
from socket import htonl

LISTEN = "0A"
ANY = ("00000000", "0" * 32)
MAPPED = "0000000000000000FFFF0000"  # ::ffff:a.b.c.d, as /proc/net/tcp6 writes it
COMMAND_LENGTH = 80


def port_holder(port: int, address: str = "127.0.0.1") -> str | None:
    """Name the process that keeps `address`:`port` from being bound: `pid 7 (python -m x)`.

    It listens on that address or on all of them; with address 0.0.0.0, on any. None if nobody
    does. A process of another user is named by its user id alone.
    """
    for inode, user in _listeners(port, address):
        return _owner(inode) or f"a process of user id {user}"
    return None


def is_listening(port: int, address: str) -> bool:
    """Whether a process listens on `address`:`port`, asked without connecting to it."""
    return next(_listeners(port, address), None) is not None


def _listeners(port: int, address: str) -> Iterator[tuple[str, str]]:
    """(inode, user id) of each listening socket in the way."""
    wanted = f"{htonl(int(IPv4Address(address))):08X}"
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in _lines(table):
            columns = line.split()
            local, _, number = columns[1].partition(":")
            if columns[3] != LISTEN or int(number, 16) != port:
                continue
            if address == "0.0.0.0" or local in (*ANY, wanted, MAPPED + wanted):
                yield columns[9], columns[7]


def _lines(table: str) -> list[str]:
    try:
        return Path(table).read_text().splitlines()[1:]
    except FileNotFoundError:  # no IPv6 here
        return []


def _owner(inode: str) -> str | None:
    socket = f"socket:[{inode}]"
    for process in Path("/proc").iterdir():
        if process.name.isdigit() and socket in _open_files(process):
            return f"pid {process.name} ({_command(process)})"
    return None


def _open_files(process: Path) -> set[str]:
    found = set()
    with suppress(OSError):  # it ended, or is another user's
        for name in os.listdir(process / "fd"):
            with suppress(OSError):
                found.add(os.readlink(process / "fd" / name))
    return found


def _command(process: Path) -> str:
    try:
        words = (process / "cmdline").read_bytes()
    except OSError:
        return "it has just ended"
    return words.replace(b"\0", b" ").decode(errors="replace").strip()[:COMMAND_LENGTH]
