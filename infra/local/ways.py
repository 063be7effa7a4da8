"""Where a connection within the plane really leads: to its destination, or nowhere.

In the process runtime all tasks share one network, so security groups act here: who is refused is
led to a port that never answers. Containers have iptables, and need none of this (`OPEN`).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from infra.local import topology
from infra.local.runtime.blackhole import Blackhole
from infra.local.store import LoadBalancer, Store, Task
from infra.network.model import Interface
from infra.network.reach import reaches

ANSWERS_KEPT = 10_000

Place = tuple[str, int]  # address and port


class Ways(Protocol):
    """Asked before every connection that the plane makes or configures."""

    def security_changed(self) -> None:
        """A group or a rule changed: what was found out no longer holds."""

    def reachable(self, balancer: LoadBalancer, place: Place) -> bool:
        """Whether the load balancer's packets arrive."""

    def from_balancer(self, balancer: LoadBalancer, place: Place) -> Place:
        """Where the load balancer is to connect to in order to reach `place`."""

    def from_task(self, task: Task, place: Place) -> Place:
        """Where the task's proxy is to connect to in order to reach `place`."""


class OpenWays:
    """Everything leads where it says: something else enforces security groups, or nothing does."""

    def security_changed(self) -> None:
        return

    def reachable(self, balancer: LoadBalancer, place: Place) -> bool:
        return True

    def from_balancer(self, balancer: LoadBalancer, place: Place) -> Place:
        return place

    def from_task(self, task: Task, place: Place) -> Place:
        return place


OPEN = OpenWays()


class GuardedWays:
    """Security groups as the records have them now.

    `edge` are the addresses from which load balancers speak, `vpc` is the network of tasks. The
    journal hears of every missing rule once until rules change.
    """

    def __init__(
        self,
        store: Store,
        edge: Sequence[str],
        vpc: str,
        journal: Callable[[str, Mapping[str, object]], None],
    ) -> None:
        self._store = store
        self._edge = tuple(edge)
        self._vpc = vpc
        self._journal = journal
        self._hole = Blackhole()
        self._tasks: dict[str, Task] = {}  # by address
        self._answers: dict[tuple[object, ...], bool] = {}
        self._told: set[str] = set()

    def security_changed(self) -> None:
        self._answers.clear()
        self._told.clear()

    def close(self) -> None:
        self._hole.close()

    def reachable(self, balancer: LoadBalancer, place: Place) -> bool:
        nodes = topology.balancer_interfaces(balancer, self._edge)
        return all(self._passes(node, place) for node in nodes)

    def from_balancer(self, balancer: LoadBalancer, place: Place) -> Place:
        return place if self.reachable(balancer, place) else self._nowhere(place)

    def from_task(self, task: Task, place: Place) -> Place:
        passes = self._passes(topology.task_interface(task), place)
        return place if passes else self._nowhere(place)

    def _passes(self, source: Interface, place: Place) -> bool:
        """What is no task's address (a target registered by hand) is nobody's to guard."""
        address, port = place
        task = self._task_at(address)
        if task is None:
            return True
        destination = topology.task_interface(task)
        key = (source.address, source.groups, address, destination.groups, port)
        if key not in self._answers:
            if len(self._answers) >= ANSWERS_KEPT:
                self.security_changed()
            self._answers[key] = self._ask(source, destination, port)
        return self._answers[key]

    def _ask(self, source: Interface, destination: Interface, port: int) -> bool:
        place = topology.of(self._store, (source, destination), self._edge, self._vpc)
        verdict = reaches(place, source, destination, port)
        if not verdict.allowed and verdict.why not in self._told:
            self._told.add(verdict.why)
            facts = {"from": source.id, "to": destination.id, "port": port, "why": verdict.why}
            self._journal("security-group-refuses", facts)
        return verdict.allowed

    def _task_at(self, address: str) -> Task | None:
        known = self._tasks.get(address)
        if known is None or known.address != address or not topology.is_placed(known):
            placed = [t for t in self._store.tasks.values() if topology.is_placed(t)]
            self._tasks = {t.address or "": t for t in placed}
        return self._tasks.get(address)

    def _nowhere(self, place: Place) -> Place:
        self._hole.keep([place[0], *self._tasks])
        return place[0], self._hole.port(place[0])
