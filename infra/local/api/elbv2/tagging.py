"""AddTags, RemoveTags, DescribeTags, for everything that has an ARN in ELB."""

from infra.local.api.context import Context
from infra.local.api.elbv2 import errors
from infra.local.api.elbv2.lookup import find_balancer, find_group, find_listener, find_rule
from infra.local.api.tags import capital_tags, check_count, read_tags
from infra.local.store import Document

RESOURCES_MAX = 20


class Tagging:
    def __init__(self, context: Context) -> None:
        self._store = context.store

    async def add_tags(self, params: Document) -> Document:
        added = read_tags(params["Tags"], "TooManyTags")
        for tags in [self._tags(arn) for arn in params["ResourceArns"]]:
            tags.update(check_count(tags | added, "TooManyTags"))
        return {}

    async def remove_tags(self, params: Document) -> Document:
        for tags in [self._tags(arn) for arn in params["ResourceArns"]]:
            for key in params["TagKeys"]:
                tags.pop(key, None)
        return {}

    async def describe_tags(self, params: Document) -> Document:
        arns = params["ResourceArns"]
        if len(arns) > RESOURCES_MAX:
            message = f"{len(arns)} resources were given, at most {RESOURCES_MAX}"
            raise errors.validation_error(message)
        described = [{"ResourceArn": arn, "Tags": capital_tags(self._tags(arn))} for arn in arns]
        return {"TagDescriptions": described}

    def _tags(self, arn: str) -> dict[str, str]:
        store = self._store
        if ":loadbalancer/" in arn:
            return find_balancer(store, arn).tags
        if ":targetgroup/" in arn:
            return find_group(store, arn).tags
        if ":listener-rule/" in arn:
            return find_rule(store, arn)[1].tags
        if ":listener/" in arn:
            return find_listener(store, arn).tags
        raise errors.validation_error(f"'{arn}' is not a valid load balancer ARN")
