"""The image catalogue as a registry."""

from pathlib import Path

import pytest

import infra
from infra.local.runtime.images import Catalogue, CatalogueError, Image, load
from infra.local.runtime.protocol import CannotPullContainerError

OURS = Path(infra.__file__).with_name("images.toml")
CATALOGUE = Catalogue(
    {
        "order-api": Image("order-api", ("[0-9]*", "latest"), ("run",)),
        "team/app": Image("team/app", ("1",), ("run",)),
    }
)


@pytest.mark.parametrize(
    ("reference", "name", "tag"),
    [
        ("order-api", "order-api", "latest"),
        ("order-api:1", "order-api", "1"),
        ("order-api:2024.1", "order-api", "2024.1"),
        ("docker.io/library/order-api:1", "order-api", "1"),
        ("localhost:5000/order-api:1", "order-api", "1"),
        ("000000000000.dkr.ecr.eu-central-1.amazonaws.com/order-api:1", "order-api", "1"),
        ("team/app:1", "team/app", "1"),
        ("registry.example/team/app:1", "team/app", "1"),
    ],
)
def test_references_are_resolved(reference: str, name: str, tag: str) -> None:
    pulled = CATALOGUE.resolve(reference)
    assert (pulled.image.name, pulled.tag) == (name, tag)


@pytest.mark.parametrize(
    "reference",
    ["nothing:1", "order-api:broken", "team/app", "app:1", "", "order-api:1@sha256:0", ":1"],
)
def test_what_is_not_there_cannot_be_pulled(reference: str) -> None:
    with pytest.raises(CannotPullContainerError) as raised:
        CATALOGUE.resolve(reference)
    assert str(raised.value) == (
        "pull image manifest has been retried 1 time(s):"
        f" failed to resolve ref {reference}: {reference}: not found"
    )


def test_a_digest_stands_for_one_tag() -> None:
    digest = CATALOGUE.resolve("order-api:1").digest
    assert digest == CATALOGUE.resolve("registry.example/order-api:1").digest
    assert digest != CATALOGUE.resolve("order-api:2").digest
    assert digest.startswith("sha256:")
    assert len(digest) == 71
    assert CATALOGUE.resolve(f"order-api:1@{digest}").tag == "1"
    latest = CATALOGUE.resolve("order-api").digest
    assert CATALOGUE.resolve(f"order-api@{latest}").tag == "latest"


def test_the_catalogue_of_this_repository_is_right() -> None:
    catalogue = load(OURS)
    image = catalogue.resolve("order-api:1").image
    assert image.command == ("{python}", "-m", "services.order_api")
    assert "DRAIN_SECONDS" in image.durations
    assert image.environment["PORT"] == "{port}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not toml", "cannot be read"),
        ("", "at least one"),
        ("[images]", "at least one"),
        ("[other]\n[images.a]\ntags=['1']\ncommand=['x']", "must consist of"),
        ("[images]\na = 1", "images.a must be a table"),
        ("[images.a]\ncommand=['x']", "images.a.tags is missing or empty"),
        ("[images.a]\ntags=['1']", "images.a.command is missing or empty"),
        ("[images.a]\ntags='1'\ncommand=['x']", "images.a.tags must be a list of strings"),
        ("[images.a]\ntags=['1']\ncommand=['x']\nports=[1]", "unknown key 'ports'"),
        ("[images.a]\ntags=['1']\ncommand=['{host}']", r"{host}, which is none of {data}"),
        ("[images.a]\ntags=['1']\ncommand=['x']\nenvironment={A=1}", "table of strings"),
    ],
)
def test_a_wrong_catalogue_is_refused_in_one_sentence(
    tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "images.toml"
    file.write_text(text)
    with pytest.raises(CatalogueError) as raised:
        load(file)
    assert words in str(raised.value)
    assert str(raised.value).startswith(f"{file}: ")


def test_a_missing_catalogue_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueError, match="cannot be read"):
        load(tmp_path / "none")
