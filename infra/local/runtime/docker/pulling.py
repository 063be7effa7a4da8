"""Whether an image is there, and fetching it: ECS's errors from the engine's own (section 1.2)."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from infra.local.runtime.docker.engine import ERRORS, is_absent, reason
from infra.local.runtime.protocol import CannotPullContainerError

NOT_FOUND = (
    "pull image manifest has been retried 1 time(s): failed to resolve ref {0}: {0}: not found"
)
WRONG_PLATFORM = (
    "pull image manifest has been retried 1 time(s): image Manifest does not contain descriptor"
    " matching platform 'linux/{0}' ({1} is for {2}: build it with `--platform linux/{0}`)"
)
ABSENT_HERE = "{0} is not on this machine and the pull policy is never: build it with `make images`"
ABSENT_WORDS = ("not found", "manifest unknown", "access denied", "does not exist")


class PullPolicy(StrEnum):
    """When to ask the registry: as in a Compose file."""

    NEVER = "never"
    MISSING = "missing"
    ALWAYS = "always"


class Puller:
    """Finds images on the engine, or lets it fetch them."""

    def __init__(self, client: Any, policy: PullPolicy) -> None:  # noqa: ANN401 - untyped SDK
        self._client = client
        self._policy = policy
        self._architecture: str = client.version()["Arch"]

    def pull(self, image: str) -> str:
        """The image's digest. Raises CannotPullContainerError. Blocks."""
        if self._policy is PullPolicy.ALWAYS:
            self._fetch(image)
        found = self._inspect(image)
        if found is None and self._policy is PullPolicy.MISSING:
            self._fetch(image)
            found = self._inspect(image)
        if found is None:
            raise CannotPullContainerError(ABSENT_HERE.format(image))
        if found["Architecture"] != self._architecture:
            told = WRONG_PLATFORM.format(self._architecture, image, found["Architecture"])
            raise CannotPullContainerError(told)
        return _digest(found)

    def _inspect(self, image: str) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = self._client.inspect_image(image)
        except ERRORS as error:
            if is_absent(error):
                return None
            raise CannotPullContainerError(reason(error)) from error
        return found

    def _fetch(self, image: str) -> None:
        try:
            said = _failure(self._client.pull(*_reference(image), stream=True, decode=True))
        except ERRORS as error:
            said = reason(error)
        if said and any(word in said for word in ABSENT_WORDS):
            raise CannotPullContainerError(NOT_FOUND.format(image))
        if said:
            raise CannotPullContainerError(f"failed to resolve ref {image}: {said}")


def _failure(progress: Iterable[dict[str, Any]]) -> str:
    """Why a fetch that began did not end well; empty if it did. Only its report tells."""
    said = ""
    for step in progress:
        said = str(step.get("error") or said)
    return said


def _reference(image: str) -> tuple[str, str | None]:
    """Name and tag for the SDK, which takes all tags where none is named."""
    if "@" in image:
        return image, None
    name, colon, tag = image.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (image, "latest")


def _digest(found: dict[str, Any]) -> str:
    """The manifest's digest where the image came from a registry, else its own id."""
    for known in found.get("RepoDigests") or ():
        return str(known).rpartition("@")[2]
    return str(found["Id"])
