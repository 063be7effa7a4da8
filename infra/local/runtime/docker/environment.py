"""What an image gets besides the task definition's own words: the catalogue's part, for containers.

An image brings its command along, so of the catalogue only environment and durations count here.
An image that the catalogue does not know runs as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from infra.local.runtime.images import PLACE, Catalogue, parse_reference
from infra.local.runtime.invocation import scaled
from infra.local.runtime.protocol import ContainerSpec, Mount

DATA = "/data"
DATA_FAMILY = Path(".data")  # no family of task definitions has a dot in its name


class Environments:
    """Completes container specifications.

    scale: divides the duration variables of images. given: variables by image name that replace
    the catalogue's, and yield to the task definition's. proxy_image: the plane's own name for the
    Service Connect proxy.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        scale: float,
        given: Mapping[str, Mapping[str, str]],
        proxy_image: str,
    ) -> None:
        self._catalogue = catalogue
        self._scale = scale
        self._given = given
        self._proxy_image = proxy_image

    def is_proxy(self, image: str) -> bool:
        return image == self._proxy_image

    def complete(self, spec: ContainerSpec) -> ContainerSpec:
        """The specification with all variables, and with a volume for the image's data."""
        name, tag, _ = parse_reference(spec.image)
        image = self._catalogue.images.get(name)
        own = {**(image.environment if image else {}), **self._given.get(name, {})}
        places = {"python": "python", "ip": "0.0.0.0", "port": spec.port, "tag": tag, "data": DATA}
        wanted = {place for value in own.values() for place in PLACE.findall(value)}
        if spec.port is None:
            own = {key: value for key, value in own.items() if "{port}" not in value}
        environment = {key: _filled(value, places) for key, value in own.items()}
        environment |= spec.environment
        for key in environment.keys() & set(image.durations if image else ()):
            environment[key] = scaled(environment[key], self._scale)
        if any(mount.container_path == DATA for mount in spec.mounts):
            wanted.discard("data")  # the task definition has a volume of its own there
        data = (Mount(DATA_FAMILY / name.replace("/", "-"), DATA),) if "data" in wanted else ()
        return replace(spec, environment=environment, mounts=(*spec.mounts, *data))


def check(command: Sequence[str]) -> tuple[str, ...]:
    """A health check's command line from ECS's form; empty for NONE (R1.30)."""
    form, *words = command
    if form == "NONE":
        return ()
    if form == "CMD-SHELL":
        return ("/bin/sh", "-c", " ".join(words))
    return tuple(words if form == "CMD" else command)


def _filled(value: str, places: Mapping[str, object]) -> str:
    return PLACE.sub(lambda match: str(places.get(match[1], match[0])), value)
