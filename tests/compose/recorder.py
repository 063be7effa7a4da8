"""What an AWS client sees while something goes on, with the ids masked: to compare two runs.

Sequences, not times: each state once, in the order seen. What one run may do in one step and
another in two (two tasks found running together, or one after the other) counts as the same.
"""

import itertools
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

POLL_S = 0.03
JOIN_S = 10
# over within milliseconds: a poll may miss them
FLEETING = {"ACTIVATING", "DEPROVISIONING", "initial Elb.RegistrationInProgress"}
MASKS = (
    (re.compile(r"[0-9a-f]{32}"), "ID"),
    (re.compile(r"ecs-svc/\w+"), "ecs-svc/N"),
    (re.compile(r"targetgroup/([\w-]+)/[0-9a-f]+"), r"targetgroup/\1/ID"),
    (re.compile(r"(CannotPullContainerError:).*"), r"\1 the registry's own words"),
)
COUNTED = re.compile(r"(?<= )(\d+)(?= (?:running |pending )?(?:tasks|targets))")
LISTED = re.compile(r"(\(task ID\)) (?:\(task ID\) ?)+")

States = dict[str, list[str]]


def mask(text: str) -> str:
    for pattern, word in MASKS:
        text = pattern.sub(word, text)
    return text


def together(texts: Iterable[str]) -> list[str]:
    """Events that differ only in how many they count become one that counts all.

    As long as nothing else was said between them: two targets may be deregistered in one step
    of the scheduler or in two, and each step says all that it did.
    """
    merged: list[tuple[str, int]] = []
    for text in texts:
        found = COUNTED.search(text)
        count = int(found[1]) if found else 0
        shape = LISTED.sub(r"\1", COUNTED.sub("N", text)).replace("(task ID).", "(task ID)")
        steps = list(itertools.takewhile(lambda event: event[1], reversed(merged)))
        same = next((n for n, event in enumerate(steps, 1) if found and event[0] == shape), None)
        if same:
            merged[-same] = shape, merged[-same][1] + count
        else:
            merged.append((shape, count))
    return [shape.replace(" N ", f" {count} ") for shape, count in merged]


@dataclass
class Recorder:
    """Polls one service from `__enter__` to `__exit__`; then `seen` has what there was."""

    ecs: Any
    elb: Any
    cluster: str
    service: str
    group: str
    seen: dict[str, Any] = field(default_factory=dict)
    problem: BaseException | None = None

    def __enter__(self) -> "Recorder":
        self._ended = threading.Event()
        self._tasks: States = {}
        self._ends: dict[str, dict[str, Any]] = {}
        self._targets: States = {}
        self._rollouts: States = {}
        self._old_events = {e["id"] for e in self._describe().get("events", ())}
        self._poll()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join(JOIN_S)
        if error[0] is None:
            assert self.problem is None, self.problem
            self._poll()
            self.seen = self._document()

    def _loop(self) -> None:
        try:
            while not self._ended.wait(POLL_S):
                self._poll()
        except BaseException as error:  # noqa: BLE001 - told in the main thread
            self.problem = error

    def _poll(self) -> None:
        for task in self._list_tasks():
            key = task["taskArn"]
            _add(self._tasks, key, task["lastStatus"])
            if task["lastStatus"] == "STOPPED":
                self._ends[key] = task
        health = self.elb.describe_target_health(TargetGroupArn=self.group)
        now = {e["Target"]["Id"]: e["TargetHealth"] for e in health["TargetHealthDescriptions"]}
        for target, found in now.items():
            _add(self._targets, target, f"{found['State']} {found.get('Reason', '')}".strip())
        for gone in set(self._targets) - set(now):
            _add(self._targets, gone, "gone")
        for deployment in self._describe().get("deployments", ()):
            said = f"{deployment['rolloutState']}: {mask(deployment['rolloutStateReason'])}"
            _add(self._rollouts, deployment["id"], said)

    def _describe(self) -> dict[str, Any]:
        found = self.ecs.describe_services(cluster=self.cluster, services=[self.service])
        services: list[dict[str, Any]] = found["services"]
        return services[0] if services else {}

    def _list_tasks(self) -> list[dict[str, Any]]:
        arns = [
            arn
            for status in ("RUNNING", "STOPPED")
            for arn in self.ecs.list_tasks(cluster=self.cluster, desiredStatus=status)["taskArns"]
        ]
        if not arns:
            return []
        found: list[dict[str, Any]] = self.ecs.describe_tasks(cluster=self.cluster, tasks=arns)[
            "tasks"
        ]
        return found

    def _document(self) -> dict[str, Any]:
        events = [e for e in self._describe().get("events", ()) if e["id"] not in self._old_events]
        moved = {key: states for key, states in self._tasks.items() if states != ["STOPPED"]}
        return {
            "tasks": sorted([*states, _end(self._ends.get(key))] for key, states in moved.items()),
            "targets": sorted(self._targets.values()),
            "rollouts": sorted(self._rollouts.values()),
            "events": together(mask(e["message"]) for e in reversed(events)),
        }


def _add(known: States, key: str, state: str) -> None:
    states = known.setdefault(key, [])
    if state not in FLEETING and (not states or states[-1] != state):
        states.append(state)


def _end(task: dict[str, Any] | None) -> str:
    """Why and how a task ended; empty for one that has not."""
    if task is None:
        return ""
    ends = [(c["name"], c.get("exitCode"), mask(c.get("reason", ""))) for c in task["containers"]]
    return f"{task['stopCode']}: {mask(task['stoppedReason'])} {sorted(ends, key=str)}"
