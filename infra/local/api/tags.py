"""Tags in the API's two spellings: key and value, lower case in ECS, capitals elsewhere."""

from collections.abc import Iterable

from infra.local.api.errors import ApiError
from infra.local.store import Document

TAGS_MAX = 50
KEY_MAX, VALUE_MAX = 128, 256
RESERVED = "aws:"  # keys that begin so, in any case, are AWS's own

# Where "too many" has a code of its own: those of a key or value that is wrong, and of a key twice
_OTHER_CODES = {
    "TooManyTags": ("ValidationError", "DuplicateTagKeys"),
    "TooManyTagsException": ("InvalidInput", "InvalidInput"),
}


def read_tags(documents: Iterable[Document] | None, error_code: str) -> dict[str, str]:
    """The tags of a request. Raises ApiError with `error_code` for more than 50.

    And with the code that goes with it for a key or a value that is too long, for a key that is
    AWS's own and for one that is given twice. But for ELB's on that, the texts are ours.
    """
    invalid, twice = _OTHER_CODES.get(error_code, (error_code, error_code))
    tags: dict[str, str] = {}
    for document in documents or ():
        key = document.get("key") or document.get("Key") or ""
        value = document.get("value") or document.get("Value") or ""
        if not 1 <= len(key) <= KEY_MAX or len(value) > VALUE_MAX:
            message = f"A tag needs a key of 1 to {KEY_MAX} characters and a value of {VALUE_MAX}"
            raise ApiError(invalid, f"{message} at most: {key[:40]!r} has not")
        if key.lower().startswith(RESERVED):
            raise ApiError(
                invalid, f"The tag key {key!r} is reserved: keys of {RESERVED} are AWS's"
            )
        if key in tags:
            raise ApiError(twice, f"Tag key was specified more than once: {key}")
        tags[key] = value
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
