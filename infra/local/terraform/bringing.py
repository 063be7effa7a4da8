"""Bringing up a plane's services by Terraform, where the settings file would do it otherwise."""

from pathlib import Path

import anyio

from infra.local.scheduler.model import RolloutState
from infra.local.store import Service, Store
from infra.local.terraform.applying import Tell, apply
from infra.local.terraform.errors import TerraformError
from infra.local.terraform.running import Terraform

LOOK_EVERY_S = 0.5


async def bring_up(terraform: Terraform, store: Store, log: Path, tell: Tell) -> None:
    """Apply the root. Raises TerraformError, also for a deployment that failed for good.

    The provider would wait 20 minutes for that one to become steady.
    """
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_watch, store, log)
        applied = await apply(terraform, log, tell)
        tasks.cancel_scope.cancel()
    tell(
        f"terraform apply took {applied.apply_s:.1f} s for {applied.resources} resources"
        + (f", {applied.slowest_s} s of it {applied.slowest}" if applied.slowest else "")
    )


async def _watch(store: Store, log: Path) -> None:
    while True:
        for service in store.services.values():
            if reason := failure(service):
                last = _last_reason(store, service)
                raise TerraformError(
                    f"{service.name} does not come up: {reason}{last}",
                    f"mend its task definition; what terraform said is in {log}",
                )
        await anyio.sleep(LOOK_EVERY_S)


def failure(service: Service) -> str | None:
    """Why a service's only deployment has failed; None while there is hope."""
    if len(service.deployments) != 1:
        return None
    (only,) = service.deployments
    return only.reason or "FAILED" if only.rollout is RolloutState.FAILED else None


def _last_reason(store: Store, service: Service) -> str:
    """Why its task that stopped last did."""
    stopped = [t for t in store.tasks.values() if t.service == service.arn and t.stopped_reason]
    if not stopped:
        return ""
    return f"; a task of it: {max(stopped, key=lambda t: t.created_ms).stopped_reason}"
