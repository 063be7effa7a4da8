"""What is done to containers on the engine, each in a call or a few. All of it blocks."""

import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from signal import Signals
from typing import Any

from infra.local.runtime.docker import labels
from infra.local.runtime.docker.containers import GUARDED, Document
from infra.local.runtime.docker.engine import ERRORS, reason
from infra.local.runtime.docker.sweep import remove_containers
from infra.local.runtime.docker.tasklog import Follower, end_all
from infra.local.runtime.protocol import CannotStartContainerError

NETWORK_LIMIT_S = 20
LOOK_AGAIN_S = 0.004
Client = Any  # docker.APIClient: the SDK has no types


def run(client: Client, name: str, document: Document, made: Callable[[str], None]) -> str:
    """Create and start a container; its id. `made` hears of it before it can end.

    Nothing is left of one that does not start. Raises CannotStartContainerError.
    """
    container_id = None
    try:
        created = client.create_container_from_config(document, name)
        container_id = str(created["Id"])
        made(container_id)
        client.start(container_id)
    except ERRORS as error:
        if container_id is not None:
            _try_to_remove(client, container_id)
        raise CannotStartContainerError(reason(error)) from error
    return container_id


def run_network(client: Client, name: str, document: Document) -> str:
    """Start a pause container and wait until its rules stand: nothing reaches the task before.

    Raises CannotStartContainerError.
    """
    container_id = run(client, name, document, lambda _: None)
    try:
        why = _setup_failure(client, container_id)
    except ERRORS as error:
        why = reason(error)
    if why is None:
        return container_id
    _try_to_remove(client, container_id)
    raise CannotStartContainerError(f"the task's network could not be set up: {why}")


def _setup_failure(client: Client, container_id: str) -> str | None:
    """Wait until a pause container says that its rules stand; why they do not, else None."""
    deadline = time.monotonic() + NETWORK_LIMIT_S
    while time.monotonic() < deadline:
        running = client.inspect_container(container_id)["State"]["Running"]
        said = client.logs(container_id).decode(errors="replace").strip()
        if said == GUARDED:
            return None
        if not running:
            return said or "its container ended"
        time.sleep(LOOK_AGAIN_S)
    return f"not within {NETWORK_LIMIT_S} s"


def _try_to_remove(client: Client, container_id: str) -> None:
    with suppress(*ERRORS):  # if the engine has gone, the task's release tries again
        remove_containers(client, [container_id])


def execute(client: Client, container_id: str, words: Sequence[str], **more: Any) -> int | None:  # noqa: ANN401 - the SDK's
    """Run a command in a container: its exit code. What it prints is dropped. Raises ERRORS."""
    made = client.exec_create(container_id, list(words), **more)["Id"]
    return finish(client, made)


def finish(client: Client, made: str) -> int | None:
    """Start what `exec_create` made, and wait for its exit code. Raises ERRORS."""
    output = client.exec_start(made, stream=True)
    try:
        for _ in output:  # however much it is
            pass
    finally:
        output._response.close()  # the SDK leaves its socket open
    code: int | None = client.exec_inspect(made)["ExitCode"]
    return code


def set_rules(client: Client, pause_id: str, rules: str) -> bool:
    """Replace what a task's network lets in; false if the task is going."""
    words = ["/bin/sh", "-c", 'printf %s "$RULES" | iptables-restore --noflush']
    try:
        return execute(client, pause_id, words, user="0", environment={"RULES": rules}) == 0
    except ERRORS:
        return False


def send(client: Client, container_id: str, number: Signals) -> None:
    """Send a signal; for SIGTERM the image's own STOPSIGNAL, if it has one (R1.6).

    A frozen container thaws for it, as it does for `docker stop`.
    """
    try:
        found = client.inspect_container(container_id)
        own = found["Config"].get("StopSignal") if number is Signals.SIGTERM else None
        client.kill(container_id, own or number.value)
        if found["State"]["Paused"]:
            client.unpause(container_id)
    except ERRORS:
        return  # it has ended, which is on its way by the events; or the engine thawed it


def remove_task(
    client: Client, project: str, task: str, ids: Iterable[str], followers: Iterable[Follower]
) -> None:
    """Kill a task's containers, take their last lines, remove all that is the task's.

    Raises ERRORS.
    """
    for container_id in ids:
        with suppress(*ERRORS):
            client.kill(container_id, Signals.SIGKILL.value)
    end_all(followers)
    chosen = labels.task_filters(project, task)
    remove_containers(client, [c["Id"] for c in client.containers(all=True, filters=chosen)])
