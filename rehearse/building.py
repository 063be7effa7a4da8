"""`rehearse deploy --build`: an image of a service as it is now, under a tag of its own."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import click

from infra.images import engine
from infra.images.build import BY_NAME, Wish, build_images, trusted_bundle
from infra.images.engine import ImagesError
from rehearse.errors import fail

BASE_LABEL = "org.opencontainers.image.base.name"


def build_next(definition: Mapping[str, Any], container: str, balanced: str) -> str:
    """Build the image that the task definition's container runs, from this checkout.

    On the base that the present image has, so that it also works where no registry is reachable.
    The reference of the new image; ends the command if there is none.
    """
    chosen = container or balanced
    images = {c["name"]: str(c["image"]) for c in definition["containerDefinitions"]}
    present = images.get(chosen) or next(iter(images.values()))
    name = present.rpartition("/")[2].partition(":")[0]
    if name not in BY_NAME:
        known = ", ".join(BY_NAME)
        fail(
            f"--build cannot build {present}: it is none of {known}",
            hint="build it yourself, then `rehearse deploy SERVICE --image IMAGE`",
        )
    tag = f"{datetime.now(UTC):%Y%m%d-%H%M%S}"
    wish = Wish((BY_NAME[name],), offline=False, tag=tag, base=engine.label(present, BASE_LABEL))
    try:
        engine.check_engine()
        build_images(wish, trusted_bundle(os.environ))
    except ImagesError as error:
        fail(str(error), hint=error.hint)
    click.echo(f"deploying {name}:{tag}", err=True)
    return f"{name}:{tag}"
