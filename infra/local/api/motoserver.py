"""moto as a process of its own: `python -m infra.local.api.motoserver`.

Prints its port as the one line on stdout and ends when stdin does, so that it never outlives the
plane, whatever way the plane ends.
"""

import sys
from typing import Any

from moto.ec2.models.security_groups import SecurityGroup, SecurityGroupBackend
from moto.server import ThreadedMotoServer


def know_the_planes_groups() -> None:
    """Security groups are the plane's: to moto, any id of one is a group.

    Without this a VPC endpoint forgets which groups it was given.
    """
    make: Any = SecurityGroup  # abstract by its types, and made all over moto
    backend: Any = SecurityGroupBackend  # there is no other way in
    known = SecurityGroupBackend.get_security_group_from_id

    def find(self: SecurityGroupBackend, group_id: str) -> SecurityGroup | None:
        found: SecurityGroup | None = known(self, group_id)
        if found is None and group_id.startswith("sg-"):
            found = make(self, group_id, group_id, "kept by the plane")
        return found

    backend.get_security_group_from_id = find


def main() -> None:
    know_the_planes_groups()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    server.stop()


if __name__ == "__main__":
    main()
