"""Builds the project's images: `python -m infra.images.build [IMAGE ...]`, or `make images`.

Names and tags are those of infra/app.tfvars.json and docker-compose.yml. Docker's cache keeps what
is up to date. With --offline the bases are made of Debian packages (infra/images/offline.py), and
so is what stands in for PostgreSQL. Exit codes: 0 built, 1 not built, 64 wrong usage.
"""

import argparse
import os
import ssl
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.images import offline
from infra.images.engine import Build, ImagesError, build, check_engine, size_mb

ROOT = Path(__file__).parents[2]
FAILED = 1
WRONG_USAGE = 64
BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


@dataclass(frozen=True, slots=True)
class Image:
    """One image: its usual tag, its Dockerfile, its base where no registry is reachable."""

    name: str
    tag: str
    dockerfile: str
    offline_base: str
    context: str = "."


IMAGES = (
    Image("order-api", "1", "services/order_api/Dockerfile", offline.PYTHON.tag),
    Image("inventory-api", "1", "services/inventory_api/Dockerfile", offline.PYTHON.tag),
    Image("ecs-rehearsal", "latest", "infra/images/Dockerfile", offline.PLANE.tag),
    Image("rehearsal-locust", "latest", "infra/images/loadtest.Dockerfile", offline.PYTHON.tag),
)
POSTGRES = Image(
    "rehearsal-postgres",
    "15",
    "infra/images/postgres/Dockerfile",
    offline.SERVER.tag,
    "infra/images/postgres",
)
BY_NAME = {image.name: image for image in (*IMAGES, POSTGRES)}


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be built: `tag` and `base` in place of the images' own."""

    images: tuple[Image, ...]
    offline: bool
    tag: str | None = None
    base: str | None = None

    def build(self, image: Image, bundle: Path | None) -> Build:
        """How to build one of the images; `bundle` are the CAs to trust meanwhile."""
        tag = self.tag or image.tag
        base = self.base or (image.offline_base if self.offline else None)
        return Build(
            tag=f"{image.name}:{tag}",
            dockerfile=ROOT / image.dockerfile,
            context=ROOT / image.context,
            arguments={"VERSION": tag} | ({"BASE": base} if base else {}),
            secrets={"ca": bundle} if bundle else {},
        )


def read_wish(options: argparse.Namespace) -> Wish:
    """The options' meaning. Raises ValueError with a sentence about the first that is wrong."""
    unknown = [name for name in options.image if name not in BY_NAME]
    if unknown:
        raise ValueError(f"there is no image {unknown[0]!r}; there are: {', '.join(BY_NAME)}")
    if POSTGRES.name in options.image and not options.offline:
        raise ValueError(f"{POSTGRES.name} is built with --offline only; elsewhere use postgres")
    everything = (*IMAGES, POSTGRES) if options.offline else IMAGES
    images = tuple(BY_NAME[name] for name in dict.fromkeys(options.image)) or everything
    return Wish(images, options.offline, options.tag, options.base)


def trusted_bundle(environ: Mapping[str, str]) -> Path | None:
    """The CA bundle that this machine trusts: a build must trust it too, where a proxy signs."""
    for path in (environ.get("SSL_CERT_FILE"), ssl.get_default_verify_paths().cafile, *BUNDLES):
        if path and Path(path).is_file():
            return Path(path)
    return None


def build_images(wish: Wish, bundle: Path | None) -> None:
    """Build and say so, image by image. Raises ImagesError at the first that fails."""
    for image in wish.images:
        wanted = wish.build(image, bundle)
        started = time.monotonic()
        build(wanted)
        _say(f"built {wanted.tag} in {time.monotonic() - started:.1f} s")


def sizes(wish: Wish) -> str:
    """A table of what was built: megabytes (of a million bytes) in all, and above the base."""
    rows = []
    for image in wish.images:
        wanted = wish.build(image, None)
        whole, base = size_mb(wanted.tag), size_mb(wanted.base or "")
        above = "" if whole is None or base is None else f"{whole - base:6.0f} MB above its base"
        rows.append(f"{wanted.tag:<26}{whole or 0:6.0f} MB{above}\n")
    return "".join(rows)


def main() -> int:
    """The command; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m infra.images.build", description=__doc__)
    parser.add_argument("image", nargs="*", help=f"{', '.join(BY_NAME)} (default: all)")
    parser.add_argument("--offline", action="store_true", help="bases from Debian packages")
    parser.add_argument("--tag", help="a tag for all, in place of their own")
    parser.add_argument("--base", help="a base for all, in place of their own")
    offline.add_options(parser)
    options = parser.parse_args()
    try:
        wish = read_wish(options)
    except ValueError as error:
        _say(f"images: {error}")
        return WRONG_USAGE
    try:
        check_engine()
        if wish.offline and wish.base is None:
            offline.make_bases(options.mirror, options.renew, _say)
        build_images(wish, trusted_bundle(os.environ))
    except ImagesError as error:
        _say(f"images: {error}\nhint: {error.hint}")
        return FAILED
    sys.stdout.write(sizes(wish))
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


if __name__ == "__main__":
    sys.exit(main())
