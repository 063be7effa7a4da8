"""TagResource, UntagResource, ListTagsForResource, for namespaces and services."""

from infra.local.api.context import Context
from infra.local.api.errors import ApiError
from infra.local.api.tags import capital_tags, check_count, read_tags
from infra.local.store import Document


class Tagging:
    def __init__(self, context: Context) -> None:
        self._store = context.store

    async def tag_resource(self, params: Document) -> Document:
        tags = self._tags(params["ResourceARN"])
        added = read_tags(params["Tags"], "TooManyTagsException")
        tags.update(check_count(tags | added, "TooManyTagsException"))
        return {}

    async def untag_resource(self, params: Document) -> Document:
        tags = self._tags(params["ResourceARN"])
        for key in params["TagKeys"]:
            tags.pop(key, None)
        return {}

    async def list_tags_for_resource(self, params: Document) -> Document:
        return {"Tags": capital_tags(self._tags(params["ResourceARN"]))}

    def _tags(self, arn: str) -> dict[str, str]:
        for namespace in self._store.namespaces.values():
            if namespace.arn == arn:
                return namespace.tags
        for service in self._store.cloud_services.values():
            if service.arn == arn:
                return service.tags
        raise ApiError("ResourceNotFoundException", f"Resource {arn} was not found")
