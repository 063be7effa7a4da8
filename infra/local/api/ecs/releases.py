"""Service deployments and service revisions: list, describe, stop (R3.14-R3.17)."""

from datetime import datetime
from typing import TypeVar

from infra.local.api.context import Context
from infra.local.api.ecs import errors
from infra.local.api.ecs.lookup import find_cluster, find_service
from infra.local.api.ecs.releasedocuments import brief, describe_deployment, describe_revision
from infra.local.api.pagination import check_limit, page, with_token
from infra.local.releases import ServiceDeployment, ServiceRevision, Status, advance
from infra.local.scheduler.model import RolloutState
from infra.local.store import Document, Service

DESCRIBED_MAX = 20
LISTED_MAX = 100
T = TypeVar("T", ServiceDeployment, ServiceRevision)


class ServiceDeployments:
    """The operations on what ECS remembers of a service's deployments."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store

    async def list_service_deployments(self, params: Document) -> Document:
        """Newest first, by status and time of creation."""
        cluster = find_cluster(self._store, params.get("cluster"))
        service = find_service(self._store, cluster, params["service"])
        wanted = [e for e in service.history if _matches(e, params)]
        limit = check_limit(params.get("maxResults", 20), LISTED_MAX, "maxResults")
        found, token = page(
            wanted,
            lambda entry: (entry.created_ms, entry.arn),
            limit,
            params.get("nextToken"),
            descending=True,
        )
        briefs = [brief(service, entry) for entry in found]
        return with_token({"serviceDeployments": briefs}, "nextToken", token)

    async def describe_service_deployments(self, params: Document) -> Document:
        arns = _checked(params["serviceDeploymentArns"], "serviceDeploymentArns")
        known = {e.arn: (s, e) for s in self._store.services.values() for e in s.history}
        found = [describe_deployment(self._store, *known[a]) for a in arns if a in known]
        return {"serviceDeployments": found, "failures": _missing(arns, known)}

    async def describe_service_revisions(self, params: Document) -> Document:
        arns = _checked(params["serviceRevisionArns"], "serviceRevisionArns")
        known = {a: (s, r) for s in self._store.services.values() for a, r in s.revisions.items()}
        found = [describe_revision(self._store, *known[a]) for a in arns if a in known]
        return {"serviceRevisions": found, "failures": _missing(arns, known)}

    async def stop_service_deployment(self, params: Document) -> Document:
        """Roll the deployment back, whether or not rollback is configured (R3.17)."""
        if params.get("stopType", "ROLLBACK") != "ROLLBACK":
            raise errors.unsupported_error("stopType ABORT", "use ROLLBACK")
        arn = params["serviceDeploymentArn"]
        for service in self._store.services.values():
            for entry in service.history:
                if entry.arn == arn:
                    self._stop(service, entry)
                    return {"serviceDeploymentArn": arn}
        raise errors.service_deployment_not_found()

    def _stop(self, service: Service, entry: ServiceDeployment) -> None:
        if entry.status in (Status.ROLLBACK_REQUESTED, Status.ROLLBACK_IN_PROGRESS):
            return  # it is being done
        if entry.status not in (Status.PENDING, Status.IN_PROGRESS):
            raise errors.conflict(f"The service deployment is {entry.status}: it has ended.")
        if not any(d.rollout is RolloutState.COMPLETED for d in service.deployments):
            raise errors.conflict("There is no completed deployment to roll back to.")
        advance(entry, Status.ROLLBACK_REQUESTED, self._context.now_ms())
        service.primary.stop_asked = True
        self._context.signals.service_changed(service.arn)


def _matches(entry: ServiceDeployment, params: Document) -> bool:
    window = params.get("createdAt", {})
    after, before = _ms(window.get("after")), _ms(window.get("before"))
    return (
        entry.status in params.get("status", list(Status))
        and (after is None or entry.created_ms > after)
        and (before is None or entry.created_ms < before)
    )


def _ms(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp() * 1000


def _checked(arns: list[str], name: str) -> list[str]:
    if not 1 <= len(arns) <= DESCRIBED_MAX:
        message = f"{len(arns)} {name} were given, it must be 1 to {DESCRIBED_MAX}"
        raise errors.parameter_error(message)
    return list(dict.fromkeys(arns))


def _missing(arns: list[str], known: dict[str, tuple[Service, T]]) -> list[Document]:
    return [{"arn": arn, "reason": "MISSING"} for arn in arns if arn not in known]
