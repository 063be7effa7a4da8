"""Task definitions: register, deregister, describe, list, delete."""

from infra.local.api.context import Context
from infra.local.api.ecs import errors
from infra.local.api.ecs.lookup import match_definition
from infra.local.api.ecs.registration import build_definition
from infra.local.api.errors import ApiError
from infra.local.api.pagination import check_limit, page, with_token
from infra.local.api.tags import ecs_tags
from infra.local.clock import to_datetime
from infra.local.store import Document, TaskDefinition

DEFINITIONS_MAX = 10_000
DELETE_MAX = 10


class TaskDefinitions:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store

    async def register_task_definition(self, params: Document) -> Document:
        if len(self._store.definitions) >= DEFINITIONS_MAX:
            message = f"{DEFINITIONS_MAX} task definitions are registered: restart the plane"
            raise ApiError("LimitExceededException", message)
        definition = build_definition(self._store, params, self._context.now_ms())
        self._store.definitions[definition.arn] = definition
        return {"taskDefinition": _describe(definition), "tags": ecs_tags(definition.tags)}

    async def deregister_task_definition(self, params: Document) -> Document:
        """Make the revision INACTIVE: running services go on, new ones cannot use it.

        The text on a revision that is not there is a guess.
        """
        reference = params["taskDefinition"]
        if ":" not in reference:
            raise errors.client_error("Revision is missing.")
        definition = self._find(reference, "The specified task definition does not exist.")
        if definition.status == "ACTIVE":
            definition.status = "INACTIVE"
            definition.deregistered_ms = self._context.now_ms()
        return {"taskDefinition": _describe(definition)}

    async def describe_task_definition(self, params: Document) -> Document:
        definition = self._find(params["taskDefinition"], "Unable to describe task definition.")
        result: Document = {"taskDefinition": _describe(definition)}
        if "TAGS" in params.get("include", ()):
            result["tags"] = ecs_tags(definition.tags)
        return result

    async def list_task_definitions(self, params: Document) -> Document:
        status, prefix = params.get("status", "ACTIVE"), params.get("familyPrefix")
        matching = [
            d
            for d in self._store.definitions.values()
            if d.status == status and prefix in (None, d.family)
        ]
        found, token = page(
            matching,
            lambda d: (d.family, d.revision),
            check_limit(params.get("maxResults", 100), 100, "maxResults"),
            params.get("nextToken"),
            descending=params.get("sort") == "DESC",
        )
        return with_token({"taskDefinitionArns": [d.arn for d in found]}, "nextToken", token)

    async def list_task_definition_families(self, params: Document) -> Document:
        prefix, status = params.get("familyPrefix", ""), params.get("status", "ACTIVE")
        active = {d.family for d in self._store.definitions.values() if d.status == "ACTIVE"}
        families = {d.family for d in self._store.definitions.values()}
        chosen = {"ACTIVE": active, "INACTIVE": families - active, "ALL": families}[status]
        limit = check_limit(params.get("maxResults", 100), 100, "maxResults")
        matching = [family for family in chosen if family.startswith(prefix)]
        found, token = page(matching, lambda family: (family,), limit, params.get("nextToken"))
        return with_token({"families": found}, "nextToken", token)

    async def delete_task_definitions(self, params: Document) -> Document:
        """Begin to delete INACTIVE revisions; what uses them goes on.

        A revision is forgotten at once if nothing uses it, unless it is the family's last: its
        number is not given again.
        """
        references = params["taskDefinitions"]
        if not 1 <= len(references) <= DELETE_MAX:
            message = f"{len(references)} taskDefinitions were given, it must be 1 to {DELETE_MAX}"
            raise errors.parameter_error(message)
        deleted, failures = [], []
        for reference in references:
            definition = match_definition(self._store, reference)
            if definition is None:
                failures.append({"arn": reference, "reason": "MISSING"})
            elif definition.status == "ACTIVE":
                reason = "The specified task definition is still in ACTIVE status."
                failures.append({"arn": reference, "reason": f"{reason} Deregister it first."})
            else:
                definition.status = "DELETE_IN_PROGRESS"
                deleted.append(_describe(definition))
                self._forget(definition)
        return {"taskDefinitions": deleted, "failures": failures}

    def _forget(self, definition: TaskDefinition) -> None:
        deployments = (d for s in self._store.services.values() for d in s.deployments)
        users = {d.task_definition for d in deployments}
        users |= {task.task_definition for task in self._store.tasks.values()}
        family = [
            d.revision for d in self._store.definitions.values() if d.family == definition.family
        ]
        if definition.arn not in users and definition.revision < max(family):
            del self._store.definitions[definition.arn]

    def _find(self, reference: str, otherwise: str) -> TaskDefinition:
        definition = match_definition(self._store, reference)
        if definition is None:
            raise errors.client_error(otherwise)
        return definition


def _describe(definition: TaskDefinition) -> Document:
    document = {
        **definition.document,
        "taskDefinitionArn": definition.arn,
        "revision": definition.revision,
        "status": definition.status,
        "registeredAt": to_datetime(definition.registered_ms),
    }
    if definition.deregistered_ms is not None:
        document["deregisteredAt"] = to_datetime(definition.deregistered_ms)
    return document
