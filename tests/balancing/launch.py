"""A Launcher for tests: a child process, killed at the end of the test if it still lives."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from signal import Signals


class Child:
    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        return self._process.pid

    async def wait(self) -> int:
        code = await self._process.wait()
        return code if code >= 0 else 128 - code

    def signal(self, number: Signals) -> None:
        if self._process.returncode is None:
            self._process.send_signal(number)


class ChildLauncher:
    def __init__(self) -> None:
        self.children: list[Child] = []

    async def __call__(
        self, command: Sequence[str], environment: Mapping[str, str], log: Path
    ) -> Child:
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                *command, env=dict(environment), stdout=output, stderr=output
            )
        self.children.append(Child(process))
        return self.children[-1]


@asynccontextmanager
async def child_launcher() -> AsyncIterator[ChildLauncher]:
    launcher = ChildLauncher()
    try:
        yield launcher
    finally:
        for child in launcher.children:
            child.signal(Signals.SIGKILL)
            await child.wait()
