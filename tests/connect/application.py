"""A small HTTP/1.1 server that stands for an application, and a client that reuses connections."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Application:
    """Answers on one address. The fields may be changed while it runs.

    `idle_closes` counts connections that the application itself closed for being idle.
    """

    address: str
    port: int
    status: int = 200
    delay_seconds: float = 0.0
    stream_seconds: float = 0.0
    keep_alive_seconds: float = 75.0
    hang_up: bool = False
    requests: list[dict[str, str]] = field(default_factory=list)
    idle_closes: int = 0
    _server: asyncio.Server | None = None
    _stopped: asyncio.Event = field(default_factory=asyncio.Event)
    _talks: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._converse, self.address, self.port)

    async def stop(self) -> None:
        """End at once, connections included, as a killed process does."""
        if self._server is None:
            return
        self._server.close()
        self._stopped.set()
        talks = dict(self._talks)
        for writer in talks.values():
            writer.transport.abort()
        await asyncio.gather(*talks, self._server.wait_closed())

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = asyncio.current_task()
        assert talk is not None
        self._talks[talk] = writer
        try:
            while (head := await self._next(reader)) and not self.hang_up:
                await self._answer(head, reader, writer)
        except ConnectionError:
            pass
        finally:
            del self._talks[talk]
            writer.close()

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopped.wait()

    async def _next(self, reader: asyncio.StreamReader) -> dict[str, str] | None:
        try:
            async with asyncio.timeout(self.keep_alive_seconds):
                text = (await reader.readuntil(b"\r\n\r\n")).decode()
        except TimeoutError:
            self.idle_closes += 1
            return None
        except asyncio.IncompleteReadError:
            return None
        first, *lines = text.strip().split("\r\n")
        head = {"": first} | {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
        self.requests.append(head)
        return head

    async def _answer(
        self, head: dict[str, str], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        if head.get("expect") == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await reader.readexactly(int(head.get("content-length", "0")))
        if head.get("upgrade") == "websocket":
            return await self._echo(reader, writer)
        await self._pause(self.delay_seconds)
        name = f"x-task-id: {self.address}\r\nserver: application"
        if not self.stream_seconds:
            start = f"HTTP/1.1 {self.status} Status\r\n{name}\r\ncontent-length: 2\r\n\r\nok"
            writer.write(start.encode())
            return await writer.drain()
        writer.write(f"HTTP/1.1 200 OK\r\n{name}\r\ntransfer-encoding: chunked\r\n\r\n".encode())
        for _ in range(10):
            writer.write(b"4\r\npart\r\n")
            await writer.drain()
            await self._pause(self.stream_seconds / 10)
        writer.write(b"0\r\n\r\n")
        return await writer.drain()

    async def _echo(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
        )
        while part := await reader.read(1024):
            writer.write(part)


@dataclass
class Connection:
    """One keep-alive connection of a client that never tries again by itself."""

    address: str
    port: int
    host: str = "order-api:8080"
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str = "/", method: str = "GET", **headers: str) -> tuple[int, str]:
        """The status and the task that answered; -1 when the connection broke."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self.address, self.port)
        reader, writer = self._streams
        lines = [f"{method} {path} HTTP/1.1", f"host: {self.host}"]
        lines += [f"{k.replace('_', '-')}: {v}" for k, v in headers.items()]
        try:
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
            return await self._read(reader)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.close()
            return -1, ""

    async def _read(self, reader: asyncio.StreamReader) -> tuple[int, str]:
        async with asyncio.timeout(20):
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            fields = dict(line.split(": ", 1) for line in head.strip().split("\r\n")[1:])
            await reader.readexactly(int(fields.get("content-length", "0")))
        if fields.get("connection") == "close":
            self.close()
        return int(head.split(" ", 2)[1]), fields.get("x-task-id", "")

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


@asynccontextmanager
async def connections(address: str, port: int, count: int) -> AsyncIterator[list[Connection]]:
    opened = [Connection(address, port) for _ in range(count)]
    try:
        yield opened
    finally:
        for connection in opened:
            connection.close()
