"""Whether an image is fetched, and in whose words it cannot be."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from docker.errors import APIError

from infra.local.runtime.docker.pulling import Puller, PullPolicy
from infra.local.runtime.protocol import CannotPullContainerError

OWN_ID = "sha256:" + "1" * 64
FETCHED = "sha256:" + "2" * 64


class Engine:
    """As much of an engine as has images. `registry` is what it can fetch, or how that fails."""

    def __init__(self, images: dict[str, Any], registry: dict[str, Any] | Exception | str) -> None:
        self.images = images
        self.registry = registry
        self.asked: list[tuple[str, str | None]] = []

    def version(self) -> dict[str, str]:
        return {"Arch": "amd64"}

    def inspect_image(self, image: str) -> dict[str, Any]:
        if image not in self.images:
            raise api_error(404, f"No such image: {image}")
        found: dict[str, Any] = self.images[image]
        return found

    def pull(self, name: str, tag: str | None, **_: object) -> Iterator[dict[str, str]]:
        self.asked.append((name, tag))
        if isinstance(self.registry, Exception):
            raise self.registry
        if isinstance(self.registry, str):
            return iter([{"status": "Pulling"}, {"error": self.registry}])
        self.images.update(self.registry)
        return iter([{"status": "Pulling"}, {"status": "Downloaded"}])


def api_error(status: int, words: str) -> APIError:
    answer = requests.Response()
    answer.status_code = status
    return APIError(words, response=answer, explanation=words)


def image(digest: str = "", architecture: str = "amd64") -> dict[str, Any]:
    known = [f"order-api@{digest}"] if digest else []
    return {"Id": OWN_ID, "RepoDigests": known, "Architecture": architecture}


@pytest.mark.parametrize(
    ("policy", "here", "asked", "digest"),
    [
        ("never", {"order-api:1": image()}, [], OWN_ID),
        ("missing", {"order-api:1": image()}, [], OWN_ID),
        ("missing", {}, [("order-api", "1")], FETCHED),
        ("always", {"order-api:1": image()}, [("order-api", "1")], FETCHED),
    ],
    ids=[
        "never: the one that is here",
        "missing: the one that is here",
        "missing: fetched if there is none",
        "always: fetched though there is one",
    ],
)
def test_an_image(
    policy: str, here: dict[str, Any], asked: list[tuple[str, str]], digest: str
) -> None:
    engine = Engine(here, {"order-api:1": image(FETCHED)})
    assert Puller(engine, PullPolicy(policy)).pull("order-api:1") == digest
    assert engine.asked == asked


ABSENT = (
    "pull image manifest has been retried 1 time(s): failed to resolve ref order-api:9:"
    " order-api:9: not found"
)


@pytest.mark.parametrize(
    ("policy", "registry", "words"),
    [
        pytest.param("never", {}, "the pull policy is never", id="never, and none is here"),
        pytest.param(
            "missing",
            api_error(404, "manifest for order-api:9 not found: manifest unknown"),
            ABSENT,
            id="the registry has none",
        ),
        pytest.param(
            "missing",
            api_error(404, "pull access denied for order-api, repository does not exist"),
            ABSENT,
            id="the registry does not say whether it has one",
        ),
        pytest.param(
            "missing",
            "manifest unknown",
            ABSENT,
            id="the registry says so only in the report of the fetch",
        ),
        pytest.param(
            "always",
            "unexpected EOF",
            "failed to resolve ref order-api:9: unexpected EOF",
            id="a fetch breaks off half-way",
        ),
        pytest.param(
            "always",
            api_error(500, "dial tcp: lookup registry: no such host"),
            "failed to resolve ref order-api:9: dial tcp: lookup registry: no such host",
            id="no registry is reached",
        ),
    ],
)
def test_an_image_that_cannot_be_had(policy: str, registry: Any, words: str) -> None:
    with pytest.raises(CannotPullContainerError) as raised:
        Puller(Engine({}, registry), PullPolicy(policy)).pull("order-api:9")
    assert words in str(raised.value)


def test_an_old_image_is_not_used_where_always_cannot_fetch() -> None:
    engine = Engine({"order-api:9": image()}, "unexpected EOF")
    with pytest.raises(CannotPullContainerError, match="unexpected EOF"):
        Puller(engine, PullPolicy.ALWAYS).pull("order-api:9")


def test_an_image_for_another_architecture_is_refused_with_the_remedy() -> None:
    engine = Engine({"order-api:1": image(architecture="arm64")}, {})
    with pytest.raises(CannotPullContainerError) as raised:
        Puller(engine, PullPolicy.MISSING).pull("order-api:1")
    assert "matching platform 'linux/amd64'" in str(raised.value)
    assert "order-api:1 is for arm64: build it with `--platform linux/amd64`" in str(raised.value)


@pytest.mark.parametrize(
    ("reference", "asked"),
    [
        ("order-api", ("order-api", "latest")),
        ("host:5000/order-api", ("host:5000/order-api", "latest")),
        ("host:5000/order-api:2", ("host:5000/order-api", "2")),
        (f"order-api@{FETCHED}", (f"order-api@{FETCHED}", None)),
    ],
    ids=["without a tag", "a registry's port is no tag", "both", "a digest"],
)
def test_references(reference: str, asked: tuple[str, str | None]) -> None:
    engine = Engine({}, {reference: image(FETCHED)})
    Puller(engine, PullPolicy.MISSING).pull(reference)
    assert engine.asked == [asked]
