"""uvicorn with every setting that matters on ECS spelled out, and SIGTERM by the book."""

import signal
import socket
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from services.order_api.drain import Lifecycle
from services.order_api.log import now_text, write_event
from services.order_api.settings import Settings

# For requests in flight after the drain period, none of which lasts longer than 30 s. ECS's
# stopTimeout is the harder limit.
LONGEST_FINISH_SECONDS = 35
INTERRUPTED = 130


def serve(app: ASGIApp, settings: Settings, lifecycle: Lifecycle) -> int:
    """Serve until a signal; the exit code. 0: every request was finished after SIGTERM.

    uvicorn itself would end by raising the signal again. As PID 1 the kernel drops that and the
    code is 0; here it is 0 everywhere.
    """
    server = _Server(_configure(app, settings), lifecycle, settings.faults.ignore_sigterm)
    try:
        server.run()
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0 if server.started else 1


def _configure(app: ASGIApp, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        loop="uvloop",
        http="httptools",
        ws="none",
        interface="asgi3",
        lifespan="on",
        # above the load balancer's idle timeout (60 s), or it meets closing connections: 502
        # (uvicorn hands the number to call_later, which takes fractions)
        timeout_keep_alive=settings.keep_alive_seconds,  # type: ignore[arg-type]
        timeout_graceful_shutdown=LONGEST_FINISH_SECONDS,
        backlog=2048,
        access_log=False,  # requestlog.py writes one JSON line per request
        log_config=None,
        proxy_headers=False,  # the client's address is not used
        server_header=False,
    )


class _Server(uvicorn.Server):
    """SIGTERM begins the drain period; uvicorn's own graceful end comes after it."""

    def __init__(self, config: uvicorn.Config, lifecycle: Lifecycle, ignore_sigterm: bool) -> None:
        super().__init__(config)
        self._lifecycle = lifecycle
        self._ignore_sigterm = ignore_sigterm

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._lifecycle.become_ready()
            host, port = self.config.host, self.config.port
            write_event("listening", at=now_text(), host=host, port=port, task=self._lifecycle.task)

    async def on_tick(self, counter: int) -> bool:
        return await super().on_tick(counter) or self._lifecycle.drained

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if sig != signal.SIGTERM:
            super().handle_exit(sig, frame)
        elif not self._ignore_sigterm:
            self._lifecycle.begin_drain()
