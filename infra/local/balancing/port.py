"""Whether an address and port are free to listen on."""

import errno
import socket
from ipaddress import ip_address


def why_taken(address: str, port: int) -> str | None:
    """One sentence saying why nobody can listen there now, None if one can."""
    family = socket.AF_INET6 if ip_address(address).version == 6 else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((address, port))
            trial.listen(1)
        except OSError as error:
            return _sentence(address, port, error)
    return None


def _sentence(address: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"{address}:{port} is already in use by another program: stop it or choose a port"
    if error.errno == errno.EACCES:
        return f"{address}:{port} needs privileges: choose a port from 1024 on"
    return f"cannot listen on {address}:{port}: {error.strerror}"
