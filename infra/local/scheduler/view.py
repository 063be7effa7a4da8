"""The service's tasks sorted into the sets that the rules speak of."""

from dataclasses import dataclass

from infra.local.scheduler.draft import Draft
from infra.local.scheduler.health import has_failed, healthy_since_ms
from infra.local.scheduler.lifecycle import is_active
from infra.local.scheduler.model import Deployment, Observed, ServiceSpec, Task, TaskStatus


@dataclass(frozen=True, slots=True)
class Crew:
    """The active tasks of one deployment. `failed` are condemned by a health check, `young` are
    not yet healthy but may become so; `ripe` are healthy for as long as the tempo asks (R2.4)."""

    deployment: Deployment
    healthy: tuple[Task, ...]
    young: tuple[Task, ...]
    failed: tuple[Task, ...]
    ripe: int

    @property
    def hopeful(self) -> int:
        """How many are, or may yet become, healthy."""
        return len(self.healthy) + len(self.young)

    @property
    def active(self) -> tuple[Task, ...]:
        return self.healthy + self.young + self.failed


@dataclass(frozen=True, slots=True)
class View:
    """The primary deployment's crew and the others', newest deployment first."""

    primary: Crew
    old: tuple[Crew, ...]

    @property
    def active(self) -> tuple[Task, ...]:
        return self.primary.active + tuple(t for crew in self.old for t in crew.active)

    @property
    def healthy_count(self) -> int:
        return len(self.primary.healthy) + sum(len(c.healthy) for c in self.old)


def look(spec: ServiceSpec, observed: Observed, draft: Draft) -> View:
    """Sort the observed tasks. There is exactly one primary deployment."""
    crews = [_crew(spec, d, observed, draft) for d in _newest_first(observed.deployments)]
    primary = next(c for c in crews if c.deployment.primary)
    return View(primary, tuple(c for c in crews if not c.deployment.primary))


def _newest_first(deployments: tuple[Deployment, ...]) -> list[Deployment]:
    return sorted(deployments, key=lambda d: (-d.created_ms, d.id))


def _crew(spec: ServiceSpec, deployment: Deployment, observed: Observed, draft: Draft) -> Crew:
    healthy: list[Task] = []
    young: list[Task] = []
    failed: list[Task] = []
    ripe = 0
    for task in sorted(observed.tasks, key=lambda t: t.id):
        if task.deployment != deployment.id or not is_wanted(task):
            continue
        since_ms = healthy_since_ms(spec, task, draft)
        if since_ms is not None:
            healthy.append(task)
            ripe += draft.due(since_ms + spec.tempo.stop_old_ms, "old tasks may stop (R2.4)")
        elif has_failed(spec, task, draft):
            failed.append(task)
        else:
            young.append(task)
    return Crew(deployment, tuple(healthy), tuple(young), tuple(failed), ripe)


def is_wanted(task: Task) -> bool:
    """Whether the task counts for the ceiling: on its way to RUNNING and to stay so (R2.3)."""
    return task.desired is TaskStatus.RUNNING and is_active(task.status)
