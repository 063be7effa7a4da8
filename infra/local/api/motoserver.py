"""moto as a process of its own: `python -m infra.local.api.motoserver`.

Prints its port as the one line on stdout and ends when stdin does, so that it never outlives the
plane, whatever way the plane ends.
"""

import sys

from moto.server import ThreadedMotoServer


def main() -> None:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    sys.stdin.buffer.read()
    server.stop()


if __name__ == "__main__":
    main()
