"""Removing all that a plane made on the engine: containers, networks, volumes of its label."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

from infra.local.runtime.docker import labels
from infra.local.runtime.docker.engine import ERRORS, is_absent, is_conflict

Filter = Mapping[str, Sequence[str]]

WORKERS = 8
TRIES = 3  # a container may still be coming when the list is made


def sweep(client: Any, project: str, keep: Iterable[str] = ()) -> int:  # noqa: ANN401 - untyped SDK
    """Remove everything of the project but the containers of the tasks in `keep`.

    How many containers that were. Blocks. Networks and volumes go only when nothing is kept.
    What cannot be removed keeps nothing else from it. Raises ERRORS, the last of them.
    """
    kept = set(keep)
    ours = labels.filters(project)
    with ExitStack() as rest:  # also after an error
        if not kept:
            rest.callback(_sweep_rest, client, ours)
        return _sweep_tasks(client, ours, kept)


def _sweep_tasks(client: Any, ours: Filter, kept: Collection[str]) -> int:  # noqa: ANN401 - untyped SDK
    seen: set[str] = set()
    for _ in range(TRIES):
        found = client.containers(all=True, filters=ours)
        gone = [c["Id"] for c in found if c["Labels"].get(labels.TASK) not in kept]
        if not gone:
            break
        seen.update(gone)
        remove_containers(client, gone)
    return len(seen)


def sweep_composed(client: Any, project: str) -> int:  # noqa: ANN401 - untyped SDK
    """Remove a Compose project and the tasks of its plane; how many containers that were. Blocks.

    The plane goes first: it would replace the tasks.
    """
    composed = labels.filters(project, labels.COMPOSE)
    found = client.containers(all=True, filters=composed)
    remove_containers(client, [c["Id"] for c in found])
    count = len(found) + sweep(client, project)
    _sweep_rest(client, composed)
    return count


def _sweep_rest(client: Any, chosen: Filter) -> None:  # noqa: ANN401 - untyped SDK
    with ExitStack() as work:  # each of them, also after an error
        for network in client.networks(filters=chosen):
            work.callback(_remove, client.remove_network, network["Id"])
        for volume in client.volumes(filters=chosen)["Volumes"] or ():
            work.callback(_remove, client.remove_volume, volume["Name"])


def remove_containers(client: Any, ids: Iterable[str]) -> None:  # noqa: ANN401 - untyped SDK
    """Kill and remove, several at a time. What is gone already is no error."""

    def remove(container_id: str) -> None:
        _remove(lambda i: client.remove_container(i, force=True, v=True), container_id)

    with ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(remove, ids))


def _remove(call: Callable[[str], object], name: str) -> None:
    try:
        call(name)
    except ERRORS as error:
        if not (is_absent(error) or is_conflict(error)):  # gone, or being removed by another
            raise
