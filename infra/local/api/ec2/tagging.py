"""Tags of security groups and their rules; those of everything else in EC2 are the fallback's."""

from collections.abc import Mapping

from infra.local.api.context import Context
from infra.local.api.ec2.groups import check_dry_run
from infra.local.api.tags import check_count, read_tags
from infra.local.store import Document, Store

OPERATIONS = ("CreateTags", "DeleteTags")


def is_ours(store: Store, fields: Mapping[str, str]) -> bool:
    """Whether a form with CreateTags or DeleteTags is about things that are kept here."""
    ids = [value for name, value in fields.items() if name.startswith("ResourceId.")]
    return bool(ids) and all(_tags(store, one) is not None for one in ids)


class Tagging:
    def __init__(self, context: Context) -> None:
        self._store = context.store

    async def create_tags(self, params: Document) -> Document:
        """Tag security groups and rules; with other resources' ids, the fallback is asked."""
        given = read_tags(params["Tags"], "InvalidParameterValue")
        found = [tags for r in params["Resources"] if (tags := _tags(self._store, r)) is not None]
        for tags in found:
            check_count(tags | given, "TagLimitExceeded")
        check_dry_run(params)
        for tags in found:
            tags.update(given)
        return {}

    async def delete_tags(self, params: Document) -> Document:
        """Take tags away: those named, one with a value only if it has that; or all."""
        check_dry_run(params)
        for resource in params["Resources"]:
            tags = _tags(self._store, resource)
            if tags is None:
                continue
            if not params.get("Tags"):
                tags.clear()
            for tag in params.get("Tags", ()):
                if tag.get("Value", tags.get(tag["Key"])) == tags.get(tag["Key"]):
                    tags.pop(tag["Key"], None)
        return {}


def _tags(store: Store, resource: str) -> dict[str, str] | None:
    """The tags of a group or a rule, to be changed in place; None if there is none such."""
    if resource in store.security_groups:
        return store.security_groups[resource].tags
    for group in store.security_groups.values():
        if resource in group.rules:
            return group.rules[resource].tags
    return None
