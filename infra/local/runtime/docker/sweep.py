"""Removing all that a plane made on the engine: containers, networks, volumes of its label."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from infra.local.runtime.docker import labels
from infra.local.runtime.docker.engine import ERRORS, is_absent, is_conflict

WORKERS = 8
TRIES = 3  # a container may still be coming when the list is made


def sweep(client: Any, project: str, keep: Iterable[str] = ()) -> int:  # noqa: ANN401 - untyped SDK
    """Remove everything of the project but the containers of the tasks in `keep`.

    How many containers that were. Blocks. Networks and volumes go only when nothing is kept.
    """
    kept = set(keep)
    count = 0
    for _ in range(TRIES):
        found = client.containers(all=True, filters=labels.filters(project))
        gone = [c["Id"] for c in found if c["Labels"].get(labels.TASK) not in kept]
        if not gone:
            break
        remove_containers(client, gone)
        count += len(gone)
    if not kept:
        _sweep_rest(client, labels.filters(project))
    return count


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


def _sweep_rest(client: Any, chosen: Mapping[str, Sequence[str]]) -> None:  # noqa: ANN401 - untyped SDK
    for network in client.networks(filters=chosen):
        _remove(client.remove_network, network["Id"])
    for volume in client.volumes(filters=chosen)["Volumes"] or ():
        _remove(client.remove_volume, volume["Name"])


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
