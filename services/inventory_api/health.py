"""GET /healthz: whether the load balancer should send requests here.

It touches nothing else: a dependency in trouble must not make the load balancer give up every
task of this service too.
"""

from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.inventory_api.drain import Lifecycle, Phase


class Health:
    """200 when ready; 503 while starting, draining, or made sick by a fault."""

    def __init__(self, lifecycle: Lifecycle, *, sick: bool) -> None:
        self._lifecycle = lifecycle
        self._sick = sick

    async def show(self, _request: Request) -> Response:
        ready = self._lifecycle.phase is Phase.READY and not self._sick
        status = "sick" if self._sick else "ok" if ready else self._lifecycle.phase.value
        content = {
            "status": status,
            "version": self._lifecycle.version,
            "task": self._lifecycle.task,
        }
        return JSONResponse(content, HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE)
