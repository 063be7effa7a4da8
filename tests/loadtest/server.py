"""A stand-in for the two services, with faults on request; run as a process of its own.

Prints its port, then serves until its standard input ends. `GET /_counts` tells what it received.
"""

import argparse
import asyncio
import json
import ssl
import sys
import time
from collections import Counter

TASK = "x-task-id: task-1\r\n"


class Server:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.counts: Counter[str] = Counter()
        self.orders = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Serve one request; False closes the connection."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        method, path, _ = head.split("\r\n", 1)[0].upper().split(" ")
        length = [line for line in head.split("\r\n") if line.startswith("content-length:")]
        await reader.readexactly(int(length[0].split(":")[1]) if length else 0)
        path = path.lower()
        if path == "/_counts":
            self._send(writer, 200, dict(self.counts))
            return True
        if method == "GET" and path == "/inventory":
            self._send(writer, 200, {"items": [{"sku": "SKU-1"}, {"sku": "SKU-LOAD-1"}]})
            return True
        if self.orders == 0 and path == "/orders":  # the load's first order starts the clock
            self._start_clock()
        else:
            self.counts[method] += 1
            await asyncio.sleep(self.options.delay)
            if self._drops(method):
                return False
            if self.options.status:
                self._send(writer, self.options.status, {}, TASK if self.options.own else "")
                return True
            if "export" in path:
                return await self._export(writer)
        self.orders += 1
        self._send(writer, 201 if method == "POST" else 200, {"id": f"order-{self.orders}"})
        return True

    def _drops(self, method: str) -> bool:
        every = self.options.drop_every
        dropped = bool(every) and (self.counts["GET"] + self.counts["POST"]) % every == 0
        self.counts[f"dropped {method}"] += dropped
        return dropped

    async def _export(self, writer: asyncio.StreamWriter) -> bool:
        writer.write(f"HTTP/1.1 200 OK\r\n{TASK}transfer-encoding: chunked\r\n\r\n".encode())
        writer.write(b"3\r\none\r\n")
        await writer.drain()
        await asyncio.sleep(self.options.export)
        if self.options.truncate:
            self.counts["truncated"] += 1
            return False
        writer.write(b"0\r\n\r\n")
        return True

    def _start_clock(self) -> None:
        if self.options.stall:
            loop = asyncio.get_running_loop()
            loop.call_later(self.options.stall_at, time.sleep, self.options.stall)

    def _send(
        self, writer: asyncio.StreamWriter, status: int, document: object, headers: str = TASK
    ) -> None:
        body = json.dumps(document)
        writer.write(
            f"HTTP/1.1 {status} X\r\n{headers}content-length: {len(body)}\r\n\r\n{body}".encode()
        )


async def main(options: argparse.Namespace) -> None:
    secure = None
    if options.certificate:
        secure = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        secure.load_cert_chain(options.certificate)
    serve = Server(options).serve
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=2048, ssl=secure)
    async with server:
        sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name in ("delay", "stall", "stall-at", "export"):
        parser.add_argument(f"--{name}", type=float, default=0.0)
    for name in ("drop-every", "status"):
        parser.add_argument(f"--{name}", type=int, default=0)
    parser.add_argument("--certificate", default="")
    for name in ("own", "truncate"):
        parser.add_argument(f"--{name}", action="store_true")
    asyncio.run(main(parser.parse_args()))
