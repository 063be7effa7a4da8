"""The honest long request: orders streamed as lines of JSON for as long as the caller asks."""

import json
import time
from collections.abc import AsyncIterator

import anyio

from services.order_api.pool import Pool
from services.order_api.store import Store

LONGEST_SECONDS = 30.0
CHUNK_SECONDS = 0.1
ORDERS_PER_CHUNK = 10


async def stream_orders(store: Store, pool: Pool, seconds: float) -> AsyncIterator[bytes]:
    """Lines of JSON, one chunk about every 100 ms, for `seconds`.

    Each line is `{"orders": [...]}`, newest first and empty once all were sent. The last is
    `{"end": true, "chunks", "orders"}`: a stream without it was cut, whatever its status.
    """
    started = time.monotonic()
    chunks, sent, cursor = 0, 0, None
    exhausted = False
    while (left := seconds - (time.monotonic() - started)) > 0:
        page = [] if exhausted else await pool.run(store.page, None, ORDERS_PER_CHUNK, cursor)
        exhausted = len(page) < ORDERS_PER_CHUNK
        cursor = page[-1].id if page else cursor
        chunks, sent = chunks + 1, sent + len(page)
        yield _line({"orders": [order.document() for order in page]})
        await anyio.sleep(min(CHUNK_SECONDS, left))
    yield _line({"end": True, "chunks": chunks, "orders": sent})


def _line(document: dict[str, object]) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode() + b"\n"
