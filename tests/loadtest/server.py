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
from datetime import UTC, datetime

TASK = "x-task-id: task-1\r\n"


class Server:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.counts: Counter[str] = Counter()
        self.orders: dict[str, dict[str, object]] = {}
        self.made = 0
        self.turn = asyncio.Lock()

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
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, path, _ = head.split("\r\n", 1)[0].split(" ")
        lines = [line.lower() for line in head.split("\r\n")]
        length = [line for line in lines if line.startswith("content-length:")]
        body = await reader.readexactly(int(length[0].split(":")[1]) if length else 0)
        if path == "/_counts":
            self._send(writer, 200, dict(self.counts))
        elif self.options.token and f"authorization: {self.options.token}" not in lines:
            self._send(writer, 401, {})
        elif method == "GET" and path == "/inventory":
            self._send(writer, 200, {"items": [{"sku": "SKU-1"}, {"sku": "SKU-LOAD-1"}]})
        elif method == "GET" and path == "/orders?limit=500":
            self._send(writer, 200, {"orders": list(self.orders.values())[::-1]})
        elif self.made == 0 and path == "/orders":  # the load's first order starts the clock
            self._start_clock()
            self._send(writer, 201, self._make_order(path, body))
        else:
            return await self._serve(writer, method, path, body)
        return True

    async def _serve(
        self, writer: asyncio.StreamWriter, method: str, path: str, body: bytes
    ) -> bool:
        """A request of the load itself, with the faults."""
        self.counts[method] += 1
        await asyncio.sleep(self.options.delay)
        if self.options.capacity:
            async with self.turn:
                await asyncio.sleep(1 / self.options.capacity)
        if self._drops(method):
            return False
        if self.options.status:
            self._send(writer, self.options.status, {}, TASK if self.options.own else "")
        elif "export" in path:
            return await self._export(writer)
        elif method == "POST":
            self._send(writer, 201, self._make_order(path, body))
        else:
            self._read_order(writer, path)
        return True

    def _make_order(self, path: str, body: bytes) -> dict[str, object]:
        """Make an order, unless it is one of those that are lost; its answer."""
        self.made += 1
        wanted = {"sku": path.split("/")[-2], **json.loads(body)}
        order = {"id": f"order-{self.made}", "created_at": datetime.now(UTC).isoformat(), **wanted}
        if not (self.options.lose_every and self.made % self.options.lose_every == 0):
            self.orders[str(order["id"])] = order
        return order

    def _read_order(self, writer: asyncio.StreamWriter, path: str) -> None:
        order = self.orders.get(path.rsplit("/", 1)[-1])
        known = order is not None or not path.startswith("/orders/order-")
        self._send(writer, 200 if known or not self.options.lose_every else 404, order or {})

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
    for name in ("drop-every", "status", "lose-every", "capacity"):
        parser.add_argument(f"--{name}", type=int, default=0)
    for name in ("certificate", "token"):
        parser.add_argument(f"--{name}", default="")
    for name in ("own", "truncate"):
        parser.add_argument(f"--{name}", action="store_true")
    asyncio.run(main(parser.parse_args()))
