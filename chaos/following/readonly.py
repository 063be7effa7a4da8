"""A promise that is kept by force: clients that can only read."""

from typing import Any

from chaos.account import Clients
from chaos.errors import TargetError

READING = ("Describe", "List", "Get", "Filter", "Discover")


def refuse_writes(clients: Clients) -> Clients:
    """Every operation that is not of a reading kind fails before it is sent."""
    for client in (clients.ecs, clients.elbv2, clients.logs):
        client.meta.events.register("before-call", _check)
    return clients


def _check(model: Any, **_: object) -> None:  # noqa: ANN401 - botocore has no types
    if not model.name.startswith(READING):
        raise TargetError(f"a watch only reads: {model.name} is refused")
