"""The container health check: `python -m services.inventory_api.probe`, exit 0 when healthy.

It runs every few seconds beside the service, so it imports nothing but sockets.
"""

import os
import socket
import sys

TIMEOUT_SECONDS = 3.0
ANYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}
STATUS_LENGTH = len("HTTP/1.1 200")


def main() -> int:
    """0 when GET /healthz at HOST and PORT answers 200 in time, else 1 with the reason."""
    host = os.environ.get("HOST", "")
    port = os.environ.get("PORT", "") or "8080"
    try:
        status = ask(ANYWHERE.get(host, host), int(port))
    except (OSError, ValueError) as error:
        sys.stderr.write(f"unhealthy: no answer from {host}:{port}: {error}\n")
        return 1
    if status != b"200":
        sys.stderr.write(f"unhealthy: /healthz answered {status.decode('ascii', 'replace')}\n")
        return 1
    return 0


def ask(host: str, port: int) -> bytes:
    """The three digits of the status that GET /healthz answers."""
    with socket.create_connection((host, port), TIMEOUT_SECONDS) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: probe\r\nconnection: close\r\n\r\n")
        answer = b""
        while len(answer) < STATUS_LENGTH:
            part = connection.recv(4096)
            if not part:
                break
            answer += part
    return answer[9:STATUS_LENGTH]


if __name__ == "__main__":
    sys.exit(main())
