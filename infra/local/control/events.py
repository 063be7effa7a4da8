"""A service's events: gathered while a plan is carried out, then said in ECS's order (2.1)."""

import uuid
from collections import Counter

from infra.local import store
from infra.local.control import messages
from infra.local.control.context import Context


class Announcer:
    """Says what happens to one service, in its last hundred events and in the journal."""

    def __init__(self, context: Context, service: store.Service) -> None:
        self._context = context
        self._service = service
        self._started: dict[bool, list[str]] = {}
        self._stopped: list[str] = []
        self._pending = 0
        self._registered: Counter[str] = Counter()
        self._deregistered: Counter[str] = Counter()
        self._draining: Counter[str] = Counter()

    def at_once(self, message: str) -> None:
        """Say something that stands for itself."""
        now_ms = self._context.clock.now_ms()
        self._service.events.appendleft(store.ServiceEvent(str(uuid.uuid4()), now_ms, message))
        self._context.note("event", {"service": self._service.name, "message": message})

    def started(self, task: str, *, unhealthy: bool) -> None:
        self._started.setdefault(unhealthy, []).append(task)

    def stopped(self, task: str, *, running: bool) -> None:
        if running:
            self._stopped.append(task)
        else:
            self._pending += 1

    def registered(self, group: str) -> None:
        self._registered[group] += 1

    def deregistered(self, group: str, deployment: str) -> None:
        self._deregistered[group] += 1
        self._draining[deployment] += 1

    def flush(self) -> None:
        """Say what was gathered since the last time: one event for each kind."""
        name = self._service.name
        for unhealthy, tasks in self._started.items():
            self.at_once(messages.started(name, tasks, unhealthy=unhealthy))
        if self._stopped:
            self.at_once(messages.stopped(name, self._stopped))
        if self._pending:
            self.at_once(messages.stopped_pending(name, self._pending))
        for group, count in self._registered.items():
            self.at_once(messages.registered(name, count, group))
        for group, count in self._deregistered.items():
            self.at_once(messages.deregistered(name, count, group))
        for deployment, count in self._draining.items():
            self.at_once(messages.draining(name, deployment, count))
        self._forget()

    def _forget(self) -> None:
        self._started.clear()
        self._stopped.clear()
        self._pending = 0
        for gathered in (self._registered, self._deregistered, self._draining):
            gathered.clear()
