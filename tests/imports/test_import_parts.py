"""Single rules of an import: what looks secret, names, and how a container is started here."""

from pathlib import Path

import pytest

from infra.imports.masking import PLACEHOLDER, looks_secret, masked_words
from infra.imports.naming import ALLOWED, settings_name
from infra.local.apply import task_definition
from infra.local.runtime.images import Catalogue, CatalogueError, Image, Pulled, load
from infra.local.runtime.invocation import invocation
from infra.local.runtime.protocol import ContainerSpec, Network
from infra.local.settings import DEFAULT
from infra.local.settings import load as load_settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "x"),
        ("PGPASSWORD", "1234"),
        ("STRIPE_KEY", "abc-def"),
        ("SESSION_SECRET", "correct horse"),
        ("DATABASE_URL", "postgres://app:hunter2@db/app"),
        ("OPTIONS", "host=db password=hunter2"),
        ("SENTRY_DSN", "https://0123@o1.ingest.sentry.io/1"),
        ("ANYTHING", "AKIAIOSFODNN7EXAMPLE"),
        ("ANYTHING", "-----BEGIN RSA PRIVATE KEY-----"),
        ("ANYTHING", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc"),
        ("ANYTHING", "9f86d081884c7d659a2feaa0c55ad015"),
    ],
)
def test_a_credential_is_seen(name: str, value: str) -> None:
    assert looks_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TOKEN_TTL", "3600"),
        ("AUTH_ENABLED", "true"),
        ("AUTH_URL", "https://login.example/realm"),
        ("ORDER_API_URL", "http://order-api:8080"),
        ("GIT_SHA", "9f86d081884c7d659a2feaa0c55ad0159f86d081"),
        ("DJANGO_SETTINGS_MODULE", "shop.settings.production"),
        ("DB_PASSWORD", ""),
    ],
)
def test_what_is_none_is_left(name: str, value: str) -> None:
    assert not looks_secret(name, value)


def test_a_commands_credentials_are_masked() -> None:
    words = ["run", "--db-password", "hunter2", "--api-key=abc", "--port", "80"]
    assert masked_words(words) == (
        ["run", "--db-password", PLACEHOLDER, PLACEHOLDER, "--port", "80"],
        True,
    )
    assert masked_words(["gunicorn", "app:app"]) == (["gunicorn", "app:app"], False)


def test_names_are_told_apart() -> None:
    names: list[str] = []
    for text in ("Web", "web", "WEB", "w" * 40, "W" * 40, "1", "-", "internal-web"):
        names.append(settings_name(text, names))
    assert len(set(names)) == len(names)
    assert all(ALLOWED.fullmatch(one) for one in names)


def spec(*command: str) -> ContainerSpec:
    return ContainerSpec(
        name="app",
        image="web:1",
        environment={},
        command=command or None,
        port=5000,
        log=Path("/dev/null"),
    )


def test_python_is_that_of_the_catalogues_path() -> None:
    network = Network("127.1.2.3", "127.1.2.3")
    own = Image("web", ("1",), ("python", "app.py"), environment={"PATH": "/shop/bin"})
    ours = Image("web", ("1",), ("python", "app.py"))
    given = {"data": Path("/data"), "scale": 1.0}
    assert invocation(Pulled(own, "1"), spec(), network, **given).command[0] == "python"  # type: ignore[arg-type]
    assert invocation(Pulled(ours, "1"), spec(), network, **given).command[0] != "python"  # type: ignore[arg-type]


def test_a_catalogue_with_a_relative_folder_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "images.toml"
    path.write_text('[images.web]\ntags = ["1"]\ncommand = ["x"]\ndirectory = "shop"\n')
    with pytest.raises(
        CatalogueError, match=r"web\.directory must be an absolute path, not 'shop'"
    ):
        load(path)


def test_what_is_filled_in_is_let_in() -> None:
    filled = Image("web", ("1",), ("gunicorn",), directory="/shop")
    Catalogue({"web": filled}).check_filled()
    with pytest.raises(CatalogueError, match="still says TODO at command"):
        Catalogue({"web": Image("web", ("1",), ("TODO",))}).check_filled()


def test_a_container_of_the_settings_runs_as_they_say(tmp_path: Path) -> None:
    text = DEFAULT.read_text().replace(
        '"calls": []',
        '"calls": [], "container": {"entry_point": null, "command": ["serve"], "user": null,'
        ' "read_only_root_filesystem": false, "drop_capabilities": false}',
        1,
    )
    (tmp_path / "settings.json").write_text(text)
    services = load_settings(tmp_path / "settings.json").services
    (own,) = task_definition("a", services["order-api"], "eu-central-1")["containerDefinitions"]
    assert own["command"] == ["serve"]
    assert own["readonlyRootFilesystem"] is False
    assert not {"user", "entryPoint", "linuxParameters"} & own.keys()
    (ours,) = task_definition("b", services["inventory-api"], "x")["containerDefinitions"]
    assert (ours["user"], ours["readonlyRootFilesystem"]) == ("10001:10001", True)
    assert ours["linuxParameters"] == {"capabilities": {"drop": ["ALL"]}}
