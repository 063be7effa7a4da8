"""Every other AWS API: a moto of our own, started at the first call, or a user's endpoint."""

import asyncio
import os
import subprocess
import sys
from importlib.util import find_spec
from typing import Protocol
from urllib.parse import urlsplit

from infra.local.api.errors import UnavailableError

START_LIMIT_S = 30.0
STOP_LIMIT_S = 2.0


class Fallback(Protocol):
    """Where requests go that the plane does not answer itself."""

    async def address(self, service: str) -> tuple[str, int]:
        """Host and port to forward to; `service` is for the error. Raises UnavailableError."""

    async def close(self) -> None:
        """End what was started. May be called twice, or without anything started."""


class UrlFallback:
    """An endpoint that is already there, such as LocalStack: `http://host:port`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname or parts.path not in ("", "/"):
            raise ValueError(f"{url!r} is not a fallback: give http://host:port, nothing behind it")
        self._address = parts.hostname, parts.port or 80

    async def address(self, service: str) -> tuple[str, int]:
        return self._address

    async def close(self) -> None:
        return


class MotoFallback:
    """moto in a child process: the plane stays small until somebody needs another service."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._lock = asyncio.Lock()
        self._child: asyncio.subprocess.Process | None = None
        self._port = 0

    async def address(self, service: str) -> tuple[str, int]:
        if find_spec("moto") is None or find_spec("flask") is None:
            raise UnavailableError(
                f"{service or 'this service'} is answered by moto, which is not installed: "
                "pip install 'ecs-rehearsal[aws]', or give --fallback URL"
            )
        async with self._lock:
            if self._child is None or self._child.returncode is not None:
                await self._start(service)
        return "127.0.0.1", self._port

    async def close(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        if child.stdin is not None:
            child.stdin.close()
        try:
            await asyncio.wait_for(child.wait(), STOP_LIMIT_S)
        except TimeoutError:
            child.kill()
            await child.wait()

    async def _start(self, service: str) -> None:
        self._child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "infra.local.api.motoserver",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the plane, which then closes us
            env={**os.environ, "MOTO_ACCOUNT_ID": self._account},
        )
        assert self._child.stdout is not None
        try:
            line = await asyncio.wait_for(self._child.stdout.readline(), START_LIMIT_S)
        except TimeoutError:
            line = b""
        if not line.strip().isdigit():
            await self.close()
            raise UnavailableError(
                f"moto, which answers {service}, did not start in {START_LIMIT_S} s"
            )
        self._port = int(line)
