"""The plane's own paths under `/_rehearse/`: its status, its access logs, one page for people."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from infra.local.balancing.balancer import Balancers
from infra.local.store import Document, Service, Store, Task

PAGE = Path(__file__).parent / "page.html"


def routes(
    store: Store, balancers: Balancers, facts: Callable[[], dict[str, Any]]
) -> tuple[Route, ...]:
    """The routes; `facts` are what `status` says of the plane itself."""

    async def status(request: Request) -> Response:
        return JSONResponse({**facts(), **overview(store)})

    def access_log(request: Request) -> Response:
        name = request.query_params.get("load-balancer", "")
        try:
            since_ms = float(request.query_params.get("since_ms", "0"))
            rows = balancers.access_log(name, since_ms)
        except KeyError:
            known = sorted(b.name for b in store.balancers.values())
            return JSONResponse({"error": f"no load balancer {name!r}; there are {known}"}, 404)
        except ValueError:
            return JSONResponse({"error": "since_ms is not a number"}, 400)
        return StreamingResponse(_lines(rows), media_type="application/x-ndjson")

    async def certificate(request: Request) -> Response:
        return FileResponse(balancers.ca_file, media_type="application/x-pem-file")

    async def page(request: Request) -> Response:
        return FileResponse(PAGE)

    return (
        Route("/_rehearse/", page),
        Route("/_rehearse/status", status),
        Route("/_rehearse/access-log", access_log),
        Route("/_rehearse/ca.pem", certificate),
    )


def overview(store: Store) -> dict[str, list[Document]]:
    """Services with their deployments, tasks and last events, as the page and `status` show.

    A deleted service is left out; DescribeServices still has it.
    """
    shown = [s for s in store.services.values() if s.status != "INACTIVE"]
    return {"services": [_service(store, s) for s in shown]}


def _service(store: Store, service: Service) -> Document:
    return {
        "name": service.name,
        "status": service.status,
        "desired": service.desired_count,
        "steady": service.steady,
        "deployments": [
            {
                "id": d.id,
                "status": d.status,
                "rollout": d.rollout,
                "task_definition": d.task_definition.rsplit("/", 1)[1],
            }
            for d in service.deployments
        ],
        "last_deployment": _last_deployment(service),
        "tasks": [_task(store, service, t) for t in store.tasks_of(service)],
        "events": [
            {"at_ms": e.created_ms, "message": e.message} for e in list(service.events)[:10]
        ],
    }


def _last_deployment(service: Service) -> Document:
    """What became of the newest service deployment: after a rollback nothing else tells (R3.8)."""
    entry = service.history[-1]
    return {
        "at_ms": entry.created_ms,
        "status": entry.status,
        "reason": entry.reason,
        "failures": entry.failures,
        "threshold": entry.threshold,
    }


def _task(store: Store, service: Service, task: Task) -> Document:
    states = {}
    for balancer in service.load_balancers:
        group = store.groups.get(balancer["targetGroupArn"])
        target = group and group.targets.get((task.address or "", balancer["containerPort"]))
        if group and target:
            states[group.name] = target.state
    return {
        "id": task.id,
        "status": task.status,
        "desired": task.desired,
        "health": task.health,
        "zone": task.zone,
        "address": task.address,
        "task_definition": task.task_definition.rsplit("/", 1)[1],
        "targets": states,
        "since_ms": task.since_ms,
        "stopped_reason": task.stopped_reason,
    }


def _lines(rows: Iterator[dict[str, Any]]) -> Iterator[str]:
    return (json.dumps(row) + "\n" for row in rows)
