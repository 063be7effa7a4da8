"""Tags in the API's two spellings: key and value, lower case in ECS, capitals elsewhere."""

from collections.abc import Iterable

from infra.local.api.errors import ApiError
from infra.local.store import Document

TAGS_MAX = 50


def read_tags(documents: Iterable[Document] | None, error_code: str) -> dict[str, str]:
    """The tags of a request. Raises ApiError with `error_code` for more than 50 or no key."""
    tags: dict[str, str] = {}
    for document in documents or ():
        key = document.get("key") or document.get("Key")
        if not key:
            raise ApiError(error_code, "A tag needs a key of 1 to 128 characters")
        tags[key] = document.get("value") or document.get("Value") or ""
    return check_count(tags, error_code)


def check_count(tags: dict[str, str], error_code: str) -> dict[str, str]:
    if len(tags) > TAGS_MAX:
        raise ApiError(
            error_code, f"{len(tags)} tags are too many: a resource has at most {TAGS_MAX}"
        )
    return tags


def ecs_tags(tags: dict[str, str]) -> list[Document]:
    return [{"key": key, "value": value} for key, value in tags.items()]


def capital_tags(tags: dict[str, str]) -> list[Document]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
