"""The catalogue of images, `infra/images.toml`: a registry and its images in one file."""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from infra.local.runtime.protocol import CannotPullContainerError

KEYS = {"tags", "command", "durations", "environment", "directory"}
TODO = re.compile(r"\bTODO\b")  # what `rehearse import` leaves for a person to fill in
PLACES = {"python", "ip", "port", "tag", "data"}
PLACE = re.compile(r"\{([a-z]+)\}")
NOT_FOUND = (
    "pull image manifest has been retried 1 time(s): failed to resolve ref {0}: {0}: not found"
)


class CatalogueError(ValueError):
    """The catalogue file is wrong; the message is one sentence with the file and the entry."""


@dataclass(frozen=True, slots=True)
class Image:
    """One entry of the catalogue; the file's header says what the fields mean."""

    name: str
    tags: tuple[str, ...]
    command: tuple[str, ...]
    durations: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    directory: str = ""


@dataclass(frozen=True, slots=True)
class Pulled:
    """An image at one tag."""

    image: Image
    tag: str

    @property
    def digest(self) -> str:
        """`sha256:` and 64 hex digits: the same for the same name and tag, on every machine."""
        return "sha256:" + hashlib.sha256(f"{self.image.name}:{self.tag}".encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Catalogue:
    images: Mapping[str, Image]

    def resolve(self, reference: str) -> Pulled:
        """Find `[registry/]name[:tag][@digest]`; no tag is `latest`.

        A digest without a tag is looked for among the tags that are no patterns. Raises
        CannotPullContainerError with ECS's text (section 1.2).
        """
        name, tag, digest = parse_reference(reference)
        image = self.images.get(name)
        for pulled in _candidates(image, tag) if image else ():
            if digest in ("", pulled.digest):
                return pulled
        raise CannotPullContainerError(NOT_FOUND.format(reference))

    def check_filled(self) -> None:
        """Raise CatalogueError if an entry is still to be filled in."""
        for image in self.images.values():
            values = {"directory": image.directory, "command": " ".join(image.command)}
            values |= {f"environment.{name}": value for name, value in image.environment.items()}
            missing = [name for name, value in values.items() if TODO.search(value)]
            if missing:
                raise CatalogueError(
                    f"the image catalogue: images.{image.name} still says TODO at "
                    f"{', '.join(missing)}: say there how this machine starts the application, "
                    "or run its image with --runtime docker"
                )

    def including(self, image: Image) -> "Catalogue":
        """This catalogue and one more image, which the plane itself provides."""
        return Catalogue({**self.images, image.name: image})


def load(path: Path) -> Catalogue:
    """Read a catalogue. Raises CatalogueError."""
    try:
        document = tomllib.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CatalogueError(f"{path}: the image catalogue cannot be read: {error}") from error
    try:
        return _catalogue(document)
    except CatalogueError as error:
        raise CatalogueError(f"{path}: {error}") from None


def parse_reference(reference: str) -> tuple[str, str, str]:
    """Name without the registry, tag and digest of `[registry/]name[:tag][@digest]`."""
    rest, _, digest = reference.partition("@")
    registry, slash, path = rest.partition("/")
    if slash and (registry == "localhost" or "." in registry or ":" in registry):
        rest = path
    name, _, tag = rest.partition(":")
    return name.removeprefix("library/"), tag or ("" if digest else "latest"), digest


def _candidates(image: Image, tag: str) -> list[Pulled]:
    if tag:
        known = any(fnmatchcase(tag, pattern) for pattern in image.tags)
        return [Pulled(image, tag)] if known else []
    return [Pulled(image, pattern) for pattern in image.tags if not re.search(r"[*?\[]", pattern)]


def _catalogue(document: Mapping[str, object]) -> Catalogue:
    images = document.get("images")
    if not isinstance(images, dict) or not images or len(document) > 1:
        raise CatalogueError("the file must consist of [images.<name>] tables, at least one")
    return Catalogue({name: _image(name, entry) for name, entry in images.items()})


def _image(name: str, entry: object) -> Image:
    if not isinstance(entry, dict):
        raise CatalogueError(f"images.{name} must be a table")
    unknown = sorted(entry.keys() - KEYS)
    if unknown:
        raise CatalogueError(f"images.{name} has the unknown key {unknown[0]!r}")
    return Image(
        name,
        tags=_strings(name, entry, "tags", required=True),
        command=_strings(name, entry, "command", required=True),
        durations=_strings(name, entry, "durations", required=False),
        environment=_environment(name, entry.get("environment", {})),
        directory=_directory(name, entry.get("directory", "")),
    )


def _strings(
    name: str, entry: Mapping[str, object], key: str, *, required: bool
) -> tuple[str, ...]:
    values = entry.get(key, [])
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise CatalogueError(f"images.{name}.{key} must be a list of strings, not {values!r}")
    if required and not values:
        raise CatalogueError(f"images.{name}.{key} is missing or empty")
    for value in values:
        _check_places(name, key, value)
    return tuple(values)


def _environment(name: str, values: object) -> dict[str, str]:
    if not isinstance(values, dict) or not all(isinstance(v, str) for v in values.values()):
        raise CatalogueError(f"images.{name}.environment must be a table of strings")
    for key, value in values.items():
        _check_places(name, f"environment.{key}", value)
    return dict(values)


def _directory(name: str, value: object) -> str:
    if not isinstance(value, str) or (
        value and not TODO.search(value) and not value.startswith("/")
    ):
        raise CatalogueError(f"images.{name}.directory must be an absolute path, not {value!r}")
    return value


def _check_places(name: str, key: str, value: str) -> None:
    for place in PLACE.findall(value):
        if place not in PLACES:
            known = ", ".join(f"{{{place}}}" for place in sorted(PLACES))
            raise CatalogueError(f"images.{name}.{key} has {{{place}}}, which is none of {known}")
