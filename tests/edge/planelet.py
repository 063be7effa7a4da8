"""A plane's load balancers and nothing else, to be killed: `planelet SOCKET FOLDER PORT TARGET`.

Serves listener port 80 on PORT of the loopback, from the target on TARGET; says `ready` once the
target is healthy.
"""

import sys
from pathlib import Path

import anyio

from infra.local.balancing.balancer import Balancers
from infra.local.balancing.targets import register
from infra.local.clock import SteadyClock
from infra.local.edge.protocol import Edge
from infra.local.edge.remote import RemoteEdge
from infra.local.scheduler.model import TargetState
from infra.local.store import Store
from tests.balancing import records


def stored(*targets: int) -> Store:
    """A load balancer with one listener on the targets of these loopback ports."""
    made = records.store()
    group = records.group(made, interval=1)
    records.listener(made, records.balancer(made), records.forward(group))
    for port in targets:
        register(group, "127.0.0.1", port, "a", SteadyClock().now_ms())
    return made


def balancers(store: Store, edge: Edge, folder: Path, port: int, journal: list[str]) -> Balancers:
    return Balancers(
        store,
        SteadyClock(),
        scale=20,
        edge=edge,
        directory=folder / "alb",
        certificates=folder / "certificates",
        ports={80: port},
        bind="127.0.0.1",
        journal=lambda kind, facts: journal.append(kind),
        on_target_change=lambda arn: None,
    )


async def main(socket: Path, folder: Path, port: int, target: int) -> None:
    store, journal = stored(target), list[str]()
    parts = balancers(store, RemoteEdge(socket), folder, port, journal)
    (group,) = store.groups.values()
    async with anyio.create_task_group() as tasks:
        await tasks.start(parts.run)
        while group.targets["127.0.0.1", target].state is not TargetState.HEALTHY:
            await anyio.sleep(0.01)
        while "envoy-push" not in journal:
            await anyio.sleep(0.01)
        print("ready", flush=True)
        await anyio.sleep_forever()


if __name__ == "__main__":
    anyio.run(main, Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
