"""A watch as it goes, for people: lines as they come, and a lane per task."""

from collections.abc import Callable

from chaos.entries import Entry, EventSeen, ServiceDeploymentSeen, Step, TargetSeen, TaskSeen
from chaos.journal import Journal
from chaos.narration import narrate
from chaos.target import HealthView, TaskView
from chaos.watch import Observed

COLUMNS = 48
LANES_MAX = 20
STARTING = ("PROVISIONING", "PENDING", "ACTIVATING")
ENDING = ("STOPPING", "DEPROVISIONING")
TARGETS = {"healthy": "=", "draining": "~", "unhealthy": "!"}
SAID = (Step, EventSeen, ServiceDeploymentSeen)
SAID_WITHOUT_LANES = (*SAID, TaskSeen, TargetSeen)


def tell_entries(
    journal: Journal, say: Callable[[str], None], hear: Callable[[Entry], None], *, lanes: bool
) -> None:
    """Say and hear what is written from now on; tasks and targets only where no lanes show them."""
    kinds = SAID if lanes else SAID_WITHOUT_LANES

    def told(entry: Entry) -> None:
        hear(entry)
        if isinstance(entry, kinds):
            say(narrate(entry))

    journal.heard = told


class LiveLanes:
    """Text lanes that grow by a column at each look; the newest column is the last."""

    def __init__(self) -> None:
        self._lanes: dict[str, str] = {}
        self._looks = 0

    def look(self, observed: Observed) -> list[str]:
        """Take a look; the lanes as lines, the oldest task first."""
        states = {
            view.address.rpartition(":")[0]: view
            for views in observed.health.values()
            for view in views
        }
        tasks = {task.task: task for task in observed.tasks}
        for name in tasks:
            self._lanes.setdefault(name, " " * self._looks)
        self._looks += 1
        for name, lane in self._lanes.items():
            task = tasks.get(name)
            letter = _letter(task, states) if task else " "
            self._lanes[name] = (lane + letter)[-COLUMNS:]
        self._looks = min(self._looks, COLUMNS)
        shown = [name for name, lane in self._lanes.items() if lane.strip()][-LANES_MAX:]
        return [_line(tasks[name], self._lanes[name], states) for name in shown if name in tasks]


def _letter(task: TaskView, states: dict[str, HealthView]) -> str:
    if task.status == "STOPPED":
        return " "
    if task.status in STARTING:
        return "."
    if task.status in ENDING:
        return "#"
    view = states.get(task.address or "")
    return TARGETS.get(view.state, "-") if view else "-"


def _line(task: TaskView, lane: str, states: dict[str, HealthView]) -> str:
    view = states.get(task.address or "") if task.status != "STOPPED" else None
    target = f", target {view.state}" if view else ""
    ended = f" (exit {task.exit_code})" if task.exit_code is not None else ""
    words = f"{task.status}{ended}{target}"
    return f"{task.task[:8]} {task.task_definition:<16.16} {lane:<{COLUMNS}} {words}"
