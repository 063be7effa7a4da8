"""TagResource, UntagResource, ListTagsForResource, for everything that has an ARN in ECS."""

from infra.local.api.context import Context
from infra.local.api.ecs import errors
from infra.local.api.tags import check_count, ecs_tags, read_tags
from infra.local.store import Document


class Tagging:
    def __init__(self, context: Context) -> None:
        self._store = context.store

    async def tag_resource(self, params: Document) -> Document:
        tags = self._tags(params["resourceArn"])
        added = read_tags(params["tags"], "InvalidParameterException")
        tags.update(check_count(tags | added, "InvalidParameterException"))
        return {}

    async def untag_resource(self, params: Document) -> Document:
        tags = self._tags(params["resourceArn"])
        for key in params["tagKeys"]:
            tags.pop(key, None)
        return {}

    async def list_tags_for_resource(self, params: Document) -> Document:
        return {"tags": ecs_tags(self._tags(params["resourceArn"]))}

    def _tags(self, arn: str) -> dict[str, str]:
        store = self._store
        for records in (store.clusters, store.services, store.tasks, store.definitions):
            if arn in records:
                return records[arn].tags
        raise errors.parameter_error(f"The specified resource does not exist: {arn}")
