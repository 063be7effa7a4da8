"""Mutants of the core that layers 1 and 2 must catch: the proof that a green run means something.

Every bug found in life adds a mutant here, a case and a seed.
"""

import re
from dataclasses import dataclass

from tests.sim.core import Core, load, sources


@dataclass(frozen=True, slots=True)
class PlantedBug:
    """`text` occurs exactly once in the module; `cases` and `seeds` say which layer must see it."""

    name: str
    module: str
    text: str
    instead: str
    cases: bool = True
    seeds: bool = True


def plant(bug: PlantedBug) -> Core:
    """A core with the bug in it, under the package name that `alias` gives."""
    source = sources()[bug.module]
    assert source.count(bug.text) == 1, (
        f"{bug.name}: {source.count(bug.text)} times in {bug.module}"
    )
    return load(alias(bug), {bug.module: source.replace(bug.text, bug.instead)})


def alias(bug: PlantedBug) -> str:
    """The package name of the core with this bug."""
    return "planted_" + re.sub(r"\W", "_", bug.name)


P = PlantedBug
BUGS = (
    P("a deleted service is said to be inactive for ever", "settle",
      "if not spec.inactive:", "if spec.draining:"),
    P("floor rounds down", "rollout",
      "-(-spec.desired_count * spec.minimum_healthy_percent // 100)",
      "spec.desired_count * spec.minimum_healthy_percent // 100"),
    P("ceiling rounds up", "rollout",
      "return spec.desired_count * spec.maximum_percent // 100",
      "return -(-spec.desired_count * spec.maximum_percent // 100)"),
    P("ceiling counts only healthy tasks", "rollout",
      "ceiling_count(spec) - len(view.active))", "ceiling_count(spec) - view.healthy_count)"),
    P("draining tasks count for the ceiling", "view",
      "return task.desired is TaskStatus.RUNNING and is_active(task.status)",
      "return task.status is not TaskStatus.STOPPED"),
    P("stops ignore the floor", "retire",
      "pick_stops(min(count - stopped, budget.spare), crew.healthy)",
      "pick_stops(count - stopped, crew.healthy)", seeds=False),
    P("spare is not used up", "retire", "budget.spare -= len(spared)", "pass", seeds=False),
    P("healthy tasks go before young ones", "retire",
      "pick_stops(count - stopped, crew.young)", "pick_stops(count - stopped, crew.healthy)"),
    P("young old tasks never make room", "retire",
      "min(short - stopped, hopeful - max(0, budget.wanted))", "0"),
    P("old tasks go in vain", "retire",
      "min(short - stopped, hopeful - max(0, budget.wanted))", "short - stopped"),
    P("new tasks need not prove themselves", "retire",
      "spec.desired_count - view.primary.ripe", "spec.desired_count - view.primary.hopeful"),
    P("stop_old_ms is ignored", "view",
      "ripe += draft.due(since_ms + spec.tempo.stop_old_ms, \"old tasks may stop (R2.4)\")",
      "ripe += 1"),
    P("completed tasks go before superseded ones", "retire",
      "c.deployment.rollout is RolloutState.COMPLETED)",
      "c.deployment.rollout is not RolloutState.COMPLETED)", seeds=False),
    P("unhealthy tasks stop all at once", "retire", " and not crew.young", ""),
    P("unhealthy task stops before its replacement", "retire",
      "    if surplus <= 0 and short > 0", "    if crew.failed"),
    P("unhealthy task is never stopped first", "retire",
      "if surplus <= 0 and short > 0", "if surplus <= 0 and short > 99"),
    P("stops before using the room", "rollout",
      "short = 0 if room else held_back", "short = held_back"),
    P("old tasks are replaced by new ones", "rollout",
      "if home is not None and missing > 0", "if home is None and missing > 0"),
    P("a superseded deployment is restored", "rollout",
      "if c.deployment.rollout is RolloutState.COMPLETED), None)", "), None)"),
    P("old tasks are restored beside healthy new ones", "rollout",
      "floor - len(view.primary.healthy))", "floor)"),
    P("a failed deployment starts tasks", "rollout",
      "if lacking <= 0 or crew.deployment.rollout is RolloutState.FAILED:", "if lacking <= 0:"),
    P("losses of every deployment delay the launch", "rollout",
      " if t.deployment == deployment.id]", "]", seeds=False),
    P("replacements do not wait", "rollout",
      "lost_ms + spec.tempo.replace_ms", "lost_ms"),
    P("throttled launches do not wait", "rollout",
      "deployment.last_failure_ms + pause", "deployment.last_failure_ms"),
    P("throttling is said again and again", "rollout",
      ">= THROTTLE_AFTER and not deployment.throttled", ">= THROTTLE_AFTER"),
    P("stuck is said again and again", "rollout",
      "return not (observed.stuck or waiting", "return not (waiting"),
    P("stuck is said while tasks come", "rollout",
      " or any(c.young or c.failed for c in crews)", ""),
    P("the pause is not bounded", "throttle",
      "min(tempo.throttle_ms << doublings, tempo.throttle_max_ms)",
      "tempo.throttle_ms << doublings", seeds=False),
    P("the pause doubles too early", "throttle",
      "min(failures - 1, 30)", "min(failures, 30)", seeds=False),
    P("grace is ignored", "health",
      "return draft.due(task.started_ms + spec.grace_ms,",
      "return draft.due(task.started_ms,"),
    P("grace ends a millisecond late", "draft",
      "if at_ms <= self.now_ms:", "if at_ms < self.now_ms:"),
    P("one healthy target is enough", "health",
      "if any(group not in healthy for group in spec.groups):",
      "if spec.groups and all(group not in healthy for group in spec.groups):"),
    P("the container check is ignored", "health",
      "if task.checked and task.health is not HealthStatus.HEALTHY:",
      "if task.checked and task.health is HealthStatus.UNHEALTHY:"),
    P("an unhealthy container is not seen", "health",
      "if task.health is not HealthStatus.UNHEALTHY and failed_target(task) is None:",
      "if failed_target(task) is None:"),
    P("a task without checks is healthy at once", "health",
      "task.started_ms + spec.tempo.unchecked_ms", "task.started_ms"),
    P("SIGTERM while draining", "stopping",
      "if any(t.state is not TargetState.UNUSED for t in task.targets):",
      "if any(t.state not in GONE for t in task.targets):"),
    P("SIGTERM when one of two is unused", "stopping",
      "if any(t.state is not TargetState.UNUSED for t in task.targets):",
      "if task.targets and all(t.state is not TargetState.UNUSED for t in task.targets):"),
    P("StopTask waits for the drain", "stopping",
      "return _signalled_first(task, order) or all(t.state in GONE for t in task.targets)",
      "return all(t.state is TargetState.UNUSED for t in task.targets)", seeds=False),
    P("StopTask knows one order only", "stopping",
      "order is StopOrder.SIGTERM_FIRST", "order is not StopOrder.SIGTERM_FIRST"),
    P("the proxy goes first", "stopping",
      "return any(container.name in other.depends_on for other in alive)",
      "return any(other.name in container.depends_on for other in alive)"),
    P("a second SIGTERM", "stopping",
      "if container.terminated_ms is None:", "if not container.killed:"),
    P("SIGKILL again and again", "stopping", "elif not container.killed:", "else:"),
    P("stopTimeout is ignored", "stopping",
      "terminated_ms + container.stop_timeout_ms", "terminated_ms"),
    P("initial targets are not deregistered", "stopping",
      "GONE = (TargetState.DRAINING,", "GONE = (TargetState.INITIAL, TargetState.DRAINING,"),
    P("crashed tasks stay registered", "stopping",
      "if task.stop_asked_ms is None and task.died_ms is None:",
      "if task.stop_asked_ms is None:"),
    P("deregistered without a tick", "stopping", "since_ms + tempo.stop_tick_ms", "since_ms"),
    P("deregistered in the order told", "stopping",
      "sorted(t.group for t in task.targets if t.state not in GONE)",
      "t.group for t in task.targets if t.state not in GONE", seeds=False),
    P("registered before RUNNING", "reconcile",
      "if task.status is not TaskStatus.RUNNING or task.desired is not TaskStatus.RUNNING:",
      "if task.started_ms is None:"),
    P("registered though stopping", "reconcile",
      " or task.desired is not TaskStatus.RUNNING:", ":", seeds=False),
    P("the fullest zone gets the next task", "placement",
      "key=lambda z: (own[z], service[z], z)", "key=lambda z: (-own[z], service[z], z)"),
    P("the service's spread comes first", "placement",
      "key=lambda z: (own[z], service[z], z)", "key=lambda z: (service[z], own[z], z)",
      seeds=False),
    P("a batch goes to one zone", "placement", "        own[zone] += 1\n", ""),
    P("the oldest task of a zone goes first", "placement",
      "(crowd[t.zone], t.created_ms, t.id)", "(crowd[t.zone], -t.created_ms, t.id)",
      seeds=False),
    P("completed while old tasks end", "settle",
      "t.status is TaskStatus.STOPPED for t", "t.status is not TaskStatus.RUNNING for t"),
    P("completed at once", "settle", "since_ms + spec.tempo.complete_ms", "since_ms", seeds=False),
    P("completed with a task missing", "settle",
      "len(crew.healthy) == spec.desired_count == len(view.active)",
      "len(crew.healthy) == len(view.active)"),
    P("steady with sick tasks", "settle",
      "len(crew.healthy) == spec.desired_count == len(view.active)",
      "spec.desired_count == len(view.active)"),
    P("steady is said again and again", "settle",
      "not view.old and not observed.steady:", "not view.old:"),
    P("a deployment of no tasks leaves the steady state", "settle",
      "not (calm and completed)", "not calm", seeds=False),
    P("inactive while tasks drain", "settle",
      "stopping = ORDER.index(TaskStatus.STOPPING)",
      "stopping = ORDER.index(TaskStatus.DEACTIVATING)"),
    P("a late start is impossible", "lifecycle",
      "for event in (E.PROVISIONED, E.PULLED, E.STARTED)}",
      "for event in (E.PROVISIONED, E.PULLED)}", cases=False),
    P("a draining task skips STOPPING", "lifecycle",
      "(S.DEACTIVATING, E.STOPPING): S.STOPPING,",
      "(S.DEACTIVATING, E.STOPPING): S.DEPROVISIONING,",
      cases=False),
    P("looks again too late", "draft",
      "first[0] if first else None)", "first[0] + 1 if first else None)"),
    P("looks again at the last wait", "draft",
      "first = min(self._waits, default=None)", "first = max(self._waits, default=None)"),
    P("an empty plan says no why", "draft",
      "waiting = f\"waiting: {first[1]}\" if first else idle", "waiting = \"\""),
)  # fmt: skip
