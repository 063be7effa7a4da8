"""Bugs of adoption that the stories must see: each is one change of one function's text."""

import importlib
import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FunctionType, ModuleType

from tests.adoption.story import Story

PLAIN = Story(0)


@dataclass(frozen=True, slots=True)
class PlantedBug:
    """`text` occurs exactly once in the module under `infra.local`; `story`, with a kill at one of
    its entries, sees the bug."""

    name: str
    module: str
    text: str
    instead: str
    story: Story = PLAIN


@contextmanager
def planted(bug: PlantedBug) -> Iterator[None]:
    """The module's functions with the bug in them, in place; afterwards as they were."""
    module = importlib.import_module(f"infra.local.{bug.module}")
    source = inspect.getsource(module)
    assert source.count(bug.text) == 1, f"{bug.name}: {source.count(bug.text)} times"
    mutant = ModuleType(module.__name__)
    code = compile(source.replace(bug.text, bug.instead), inspect.getfile(module), "exec")
    exec(code, vars(mutant))
    found = _functions(mutant)
    originals = _functions(module)
    changed = [n for n, f in originals.items() if f.__code__ != found[n].__code__]
    assert changed, f"{bug.name}: nothing of a function changes"
    codes = {name: originals[name].__code__ for name in changed}
    try:
        for name in changed:
            originals[name].__code__ = found[name].__code__
        yield
    finally:
        for name, code in codes.items():
            originals[name].__code__ = code


def _functions(module: ModuleType) -> dict[str, FunctionType]:
    """Functions and methods that the module itself defines, by qualified name."""
    owners = [module, *(c for c in vars(module).values() if isinstance(c, type))]
    return {
        value.__qualname__: value
        for owner in owners
        for value in vars(owner).values()
        if isinstance(value, FunctionType) and value.__module__ == module.__name__
    }


P = PlantedBug
BUGS = (
    P("SIGTERM before the records know", "control.agent",
      "self._context.after_commit(lambda: self._runtime.signal(task.id, container, number))",
      "self._runtime.signal(task.id, container, number)", Story(2, hasty=True)),
    P("the runtime is not told to adopt", "control.agent",
      "await self._runtime.adopt({task.id: _running(task) for task in kept})", "pass"),
    P("the runtime adopts nothing", "control.agent",
      "await self._runtime.adopt({task.id: _running(task) for task in kept})",
      "await self._runtime.adopt({})"),
    P("all containers are believed to run", "control.agent",
      "await self._runtime.adopt({task.id: _running(task) for task in kept})",
      "await self._runtime.adopt({task.id: [c.name for c in task.containers] for task in kept})"),
    P("no container is believed to run", "control.agent",
      "await self._runtime.adopt({task.id: _running(task) for task in kept})",
      "await self._runtime.adopt({task.id: [] for task in kept})"),
    P("tasks that were coming up are forgotten", "control.agent",
      "            self.begin(task)\n        elif", "            pass\n        elif"),
    P("tasks that have ended are not seen off", "control.agent",
      "            await self._bringup.resume(task)\n        self.settle(task)",
      "            await self._bringup.resume(task)", Story(6, hasty=True)),
    P("a task whose network went is left so", "control.agent",
      "                self._context.spawn(self._see_off, task)\n\n    async def _resume",
      "                pass\n\n    async def _resume"),
    P("a bring-up begins from the start", "control.bringup",
      "        if task.status is not TaskStatus.PROVISIONING:\n"
      "            return await self._network(task)\n", ""),
    P("images are pulled twice", "control.bringup",
      "            if task.status is TaskStatus.PENDING:\n"
      "                await self._pull(task, draw)\n",
      "            await self._pull(task, draw)\n"),
    P("a second proxy is added", "control.bringup",
      "        if state is None:\n            state = self._add_proxy(task, spec)",
      "        state = self._add_proxy(task, spec)"),
    P("a start that was not confirmed counts as done", "records.opening",
      'if container.starting and container.last_status == "RUNNING":', "if False:"),
    P("a start is confirmed before it is made", "control.bringup",
      "            state.starting = True\n", "            state.starting = False\n"),
    P("services have no loop", "control.scheduling",
      "        for arn in records.services:\n            self.service_changed(arn)\n", ""),
    P("old deployments' tasks are nobody's", "control.services",
      "return listed | {r.deployment for r in service.revisions.values()}", "return set()"),
    P("an answer comes before its record", "records.book",
      "        if self._dirty and not self._ended:\n            self._dirty = False",
      "        if self._dirty and not self._ended and False:\n            self._dirty = False"),
    P("targets begin anew", "records.opening",
      "        group.departed.clear()", "        group.targets.clear()"),
    P("the clock begins before the records", "records.opening",
      "clock = make_clock(kept.saved_ms)", "clock = make_clock(kept.saved_ms + 3_600_000)"),
    P("health is forgotten", "balancing.keeper",
      "        elif not why and target.state is TargetState.UNUSED:",
      "        elif not why and not self._noted.get(('', 0)) and not self._watches:"),
)  # fmt: skip
