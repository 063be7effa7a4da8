"""The Docker engine by its command line, as the API has no build secrets."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ANSWER_LIMIT_S = 20
BUILD_LIMIT_S = 1800
LINES_SHOWN = 15
UNREACHABLE = (
    "failed to resolve source metadata",
    "failed to do request",
    "pull access denied",
    "error getting credentials",
)
_BASE = re.compile(r"^ARG BASE=(\S+)$", re.MULTILINE)


class ImagesError(Exception):
    """No images. The message is one sentence about what is wrong, `hint` what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Build:
    """One `docker build`. `secrets` are files by id; `labels` and `arguments` values by name."""

    tag: str
    dockerfile: Path
    context: Path
    arguments: Mapping[str, str]
    secrets: Mapping[str, Path] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def base(self) -> str:
        """The base, given or else the Dockerfile's default; empty if it has none."""
        found = _BASE.search(self.dockerfile.read_text(encoding="utf-8"))
        return self.arguments.get("BASE") or (found[1] if found else "")

    def command(self) -> list[str]:
        words = ["docker", "build", "--progress=plain", "--tag", self.tag]
        words += ["--file", str(self.dockerfile)]
        for name, value in self.arguments.items():
            words += ["--build-arg", f"{name}={value}"]
        for name, value in self.labels.items():
            words += ["--label", f"{name}={value}"]
        for name, path in self.secrets.items():
            words += ["--secret", f"id={name},src={path}"]
        return [*words, str(self.context)]


def check_engine() -> None:
    """Raise ImagesError if no Docker engine answers this user."""
    if shutil.which("docker") is None:
        raise ImagesError(
            "the command `docker` is missing", "install Docker, or docker.io on Debian"
        )
    done = _run(["docker", "version", "--format", "{{.Server.Version}}"], ANSWER_LIMIT_S)
    if done.returncode == 0:
        return
    said = done.stderr.strip()
    if "permission denied" in said.lower():
        raise ImagesError(
            "Docker's socket is closed to this user",
            "add the user to the group docker and log in again, or run this as root",
        )
    where = os.environ.get("DOCKER_HOST", "its usual socket")
    raise ImagesError(
        f"no Docker engine answers at {where}: {last_lines(said, 1)}",
        "start Docker, or set DOCKER_HOST",
    )


def build(wanted: Build) -> None:
    """Build and tag one image. Raises ImagesError with the end of the build's log."""
    done = _run(wanted.command(), BUILD_LIMIT_S, {"DOCKER_BUILDKIT": "1"})
    if done.returncode != 0:
        raise _explained(wanted, done.stdout + done.stderr)


def inspect(tag: str) -> Mapping[str, object] | None:
    """What the engine says about an image, or None if it has none of that name."""
    done = _run(["docker", "image", "inspect", tag], ANSWER_LIMIT_S)
    if done.returncode != 0:
        return None
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found[0]


def label(tag: str, name: str) -> str | None:
    """An image's label, or None without the image or the label."""
    config = (inspect(tag) or {}).get("Config")
    labels = config.get("Labels") if isinstance(config, dict) else None
    value = labels.get(name) if isinstance(labels, dict) else None
    return value if isinstance(value, str) else None


def size_mb(tag: str) -> float | None:
    """An image's size with its base, in megabytes of a million bytes; None if it is not there."""
    size = (inspect(tag) or {}).get("Size")
    return size / 1e6 if isinstance(size, int) else None


def first_line(text: str) -> str:
    """The first line of `text`, or nothing."""
    return text.strip().partition("\n")[0]


def last_lines(text: str, count: int) -> str:
    """The last lines of `text` that are not empty."""
    lines = [line for line in text.splitlines() if line.strip()]
    return "\n".join(lines[-count:])


def _explained(wanted: Build, log: str) -> ImagesError:
    base = wanted.base
    lowered = log.lower()
    if any(sign in lowered for sign in UNREACHABLE):
        return ImagesError(
            f"{wanted.tag} cannot be built, as {base} cannot be pulled: {_cause(log)}",
            "where no registry is reachable, --offline makes the bases from Debian packages",
        )
    if "buildx component is missing" in lowered:
        return ImagesError("Docker's build plugin is missing", "install docker-buildx (buildx)")
    if "certificate" in lowered:
        return ImagesError(
            f"{wanted.tag} cannot be built: a certificate is not trusted: {last_lines(log, 1)}",
            "name the bundle with your network's CA in SSL_CERT_FILE",
        )
    return ImagesError(
        f"{wanted.tag} cannot be built:\n{last_lines(log, LINES_SHOWN)}", "the log's end is above"
    )


def _cause(log: str) -> str:
    """The end of the last line: BuildKit puts many contexts before the cause."""
    return last_lines(log, 1).rpartition("failed to do request: ")[2]


def _run(
    command: Sequence[str], limit_s: int, more: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **(more or {})}
    try:
        return subprocess.run(
            command, capture_output=True, text=True, timeout=limit_s, env=environment, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ImagesError(
            f"`{' '.join(command[:2])}` did not end within {limit_s} s",
            "look at what the Docker engine does: `docker info`",
        ) from error
