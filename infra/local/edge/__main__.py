"""The load balancers' process: `python -m infra.local.edge [--check] SOCKET`.

Runs until SIGTERM. With --check it asks the one on that socket: exit 0 if it answers.
"""

import argparse
import sys
from pathlib import Path

import anyio

CHECK_LIMIT_S = 2.0
WRONG_USAGE = 64


def main() -> int:
    """Exit code 0, or 1 with one sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.edge", description=__doc__)
    parser.add_argument("socket", type=Path, help="a path for a Unix socket, only for this user")
    parser.add_argument("--check", action="store_true", help="ask whether it answers")
    given = parser.parse_args()
    try:
        anyio.run(_check if given.check else _serve, given.socket)
    except _refusals() as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    return 0


def _refusals() -> tuple[type[Exception], ...]:
    from infra.local.edge.server import AlreadyServedError

    return (AlreadyServedError, OSError)


async def _serve(path: Path) -> None:
    from infra.local.edge.server import serve

    await serve(path)


async def _check(path: Path) -> None:
    from infra.local.edge.remote import ask

    await ask(path, {"do": "check"}, CHECK_LIMIT_S)


if __name__ == "__main__":
    sys.exit(main())
