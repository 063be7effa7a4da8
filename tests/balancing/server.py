"""A tiny HTTP server to be a target: it answers as the test tells it to."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio


class Server:
    """`GET /slow?MS` answers late, /stream?MS sends its body late, /echo returns the request."""

    def __init__(self, name: str = "target") -> None:
        self.name = name
        self.status = 200
        self.silent = False
        self.keeps = False
        self.raw: bytes | None = None
        self.heads: list[str] = []
        self.port = 0

    def seen(self, path: str) -> int:
        return sum(1 for head in self.heads if head.split(" ", 2)[1].startswith(path))

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await self._read_head(reader):
                if self.silent:
                    await asyncio.sleep(30)
                await self._reply(head, writer)
                asked_to = "connection: close" in head.lower() and not self.keeps
                if asked_to or self.raw is not None:
                    return
        except (OSError, EOFError):
            return
        finally:
            writer.close()

    async def _read_head(self, reader: asyncio.StreamReader) -> str:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
        except asyncio.IncompleteReadError:
            return ""
        self.heads.append(head)
        return head

    async def _reply(self, head: str, writer: asyncio.StreamWriter) -> None:
        if self.raw is not None:
            writer.write(self.raw)
            return
        path = head.split(" ", 2)[1]
        body = head if path.startswith("/echo") else self.name
        late_s = int(path.partition("?")[2] or 0) / 1000 if "?" in path and path[1] == "s" else 0
        if path.startswith("/slow"):
            await asyncio.sleep(late_s)
        status = self.status if path.startswith("/healthz") else 200
        writer.write(
            f"HTTP/1.1 {status} Any\r\nContent-Length: {len(body)}\r\n"
            f"x-task-id: {self.name}\r\n\r\n".encode()
        )
        if path.startswith("/stream"):
            await writer.drain()
            await asyncio.sleep(late_s)
        writer.write(body.encode())
        await writer.drain()


@asynccontextmanager
async def serving(
    server: Server, address: str = "127.0.0.1", port: int = 0
) -> AsyncIterator[Server]:
    """Serve until the end of the block; `server.port` is the port the system chose."""
    listening = await asyncio.start_server(server.answer, address, port)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        with anyio.CancelScope(shield=True):
            await asyncio.sleep(0)
