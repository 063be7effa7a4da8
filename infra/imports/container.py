"""A task definition's application container as settings."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.checklist.documents import DocumentError
from infra.checklist.facts import Alias, Container, ContainerCheck, Service, TaskDefinition
from infra.imports.masking import PLACEHOLDER, looks_secret, masked_words
from infra.imports.notes import Note, changed, fill, left
from infra.imports.source import Shape, known, needed, of, plain
from infra.local.runtime.images import parse_reference
from infra.local.settings import Container as Running

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
IMAGE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9./_:@-]*")
LOOKS = "a word of it looks like a credential"
PORT = 8080  # of a service that listens on none
CHECK_PATTERN = ("curl", "wget", "nc", "grpc_health_probe")


@dataclass(slots=True)
class Part:
    """What becomes of a part of a service: settings, and notes on the rest."""

    settings: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


def application(service: Service, containers: tuple[Container, ...]) -> Container:
    """The container that requests go to, or else the one that looks most like the application."""
    wanted = {of(one, "container", "") for one in of(service, "targets", ())}
    published = set(_published(service))

    def rank(one: Container) -> tuple[bool, ...]:
        ports = of(one, "ports", ())
        return (
            of(one, "name", "") not in wanted,
            not any(of(port, "name", "") in published for port in ports),
            not of(one, "essential", True),
            not ports,
        )

    if not containers:
        raise DocumentError(
            f"the service {plain(service, 'name')} has no containers",
            "is its task definition in the file?",
        )
    return min(containers, key=rank)


def convert(name: str, service: Service, found: Container, document: Shape) -> Part:
    """Image, port, environment, stop timeout, check and command of the application's container."""
    part = Part()
    part.settings["image"] = _image(name, found, part)
    part.settings["container_port"] = _port(name, service, found, part)
    part.settings["environment"] = dict(sorted(_environment(name, document, part)))
    part.settings["stop_timeout"] = of(found, "stop_timeout", 30)
    part.settings["container_health_check"] = _check(name, found, part)
    if (running := _running(name, found, part)) is not None:
        part.settings["container"] = running
    return part


def sidecars(name: str, containers: tuple[Container, ...], app: Container) -> Iterator[Note]:
    """The task's other containers."""
    for one in containers:
        if one is not app:
            image = parse_reference(of(one, "image", "?"))[0]
            yield left(
                name,
                f"container {of(one, 'name', '?')} ({image})",
                "a task here has one container",
                "a log router or agent is not missed; where the application calls it on localhost,"
                " start it on this machine, or make it a service of its own",
            )


def size(name: str, definition: TaskDefinition, containers: list[Shape], part: Part) -> None:
    """CPU and memory: the next larger size that Fargate has (R7.3)."""
    from infra.local.api.ecs.sizes import MEMORY_MIB

    cpu = _amount(of(definition, "cpu", "")) or _sum(containers, "cpu")
    memory = _amount(of(definition, "memory", "")) or _sum(containers, "memory")
    sizes = [(c, m) for c, amounts in sorted(MEMORY_MIB.items()) for m in sorted(amounts)]
    fitting = next((one for one in sizes if one[0] >= cpu and one[1] >= memory), sizes[-1])
    part.settings["cpu"], part.settings["memory"] = fitting
    if fitting != (cpu, memory):
        part.notes.append(
            changed(
                name,
                f"size {cpu} CPU units, {memory} MiB",
                "Fargate has no such size",
                f"it is {fitting[0]} and {fitting[1]} here",
            )
        )


def _amount(text: str) -> int:
    from infra.local.api.ecs.sizes import read_amount
    from infra.local.api.errors import ApiError

    for kind in ("cpu", "memory"):
        try:
            return read_amount(text, kind)
        except (ApiError, ValueError, OverflowError):
            continue
    return 0


def _sum(containers: list[Shape], key: str) -> int:
    values = [one.get(key) or one.get("memoryReservation") or 0 for one in containers]
    return sum(int(v) for v in values if isinstance(v, (int, float)) and 0 < v < 1_000_000)


def _image(name: str, found: Container, part: Part) -> str:
    """The image with a tag: a digest stands for nothing in the catalogue."""
    image = needed(lambda: found.image, f"the image of {name}").strip()
    if not IMAGE.fullmatch(image):
        raise DocumentError(
            f"the image of {name} is {image!r}, which is no image",
            "is the state of a mocked apply?",
        )
    rest, at, _ = image.partition("@")
    if not at:
        return image
    tag = parse_reference(rest)[1]
    kept = rest if ":" in rest.rpartition("/")[2] and tag else f"{rest.rstrip(':')}:imported"
    part.notes.append(
        changed(
            name,
            f"image {image}",
            "the catalogue of images has tags and no such digest",
            f"it is {kept} here; with --runtime docker, write the digest again",
        )
    )
    return kept


def _port(name: str, service: Service, found: Container, part: Part) -> int:
    ports = of(found, "ports", ())
    targets = [
        one
        for one in of(service, "targets", ())
        if of(one, "container", "") == of(found, "name", "")
    ]
    published = _published(service)
    wanted = [of(targets[0], "port", 0)] if targets else []
    wanted += [of(one, "container_port", 0) for one in ports if of(one, "name", "") in published]
    wanted += [of(one, "container_port", 0) for one in ports]
    wanted = [one for one in wanted if 0 < one < 65_536]
    if not wanted:
        part.notes.append(
            changed(
                name,
                "no port",
                "a service needs one in the settings",
                f"{PORT} stands there; nothing is sent to it",
            )
        )
        return PORT
    for one in ports:
        if of(one, "container_port", 0) != wanted[0]:
            part.notes.append(
                left(
                    name,
                    f"port {of(one, 'container_port', '?')}",
                    "a service has one port here",
                    f"only {wanted[0]} is called",
                )
            )
    return int(wanted[0])


def _published(service: Service) -> list[str]:
    """Names of the ports that Service Connect publishes."""
    aliases = of(of(service, "connect", None), "aliases", ())
    return [name for one in aliases if (name := of(one, "port_name", ""))]


def _environment(name: str, document: Shape, part: Part) -> Iterator[tuple[str, str]]:
    for one in _pairs(document, "environment"):
        key, value = str(one.get("name", "")), str(one.get("value") or "")
        if not VARIABLE.fullmatch(key):
            part.notes.append(
                left(
                    name,
                    f"environment {key}",
                    "the settings take letters, digits and _ alone",
                    "set it in images.toml: environment",
                )
            )
        elif looks_secret(key, value):
            part.notes.append(_to_fill(name, f"environment {key}", "it looks like a credential"))
            yield key, PLACEHOLDER
        else:
            yield key, value
    for one in _pairs(document, "secrets"):
        key, place = str(one.get("name", "")), str(one.get("valueFrom", ""))
        if VARIABLE.fullmatch(key):
            part.notes.append(_to_fill(name, f"secret {key}", f"{place} is not read"))
            yield key, PLACEHOLDER


def _to_fill(name: str, what: str, why: str, where: str = "environment") -> Note:
    return fill(name, what, why, f"put a value for the rehearsal into its {where}")


def _pairs(document: Shape, key: str) -> list[Mapping[str, Any]]:
    found = document.get(key)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list) else []


def _check(name: str, found: Container, part: Part) -> dict[str, Any] | None:
    check: ContainerCheck | None = of(found, "check", None)
    words = list(of(check, "command", ()))
    if check is None or len(words) < 2:
        return None
    words, masked = masked_words(words)
    if masked:
        part.notes.append(_to_fill(name, "health check", LOOKS, "container_health_check"))
    part.notes += [
        changed(
            name,
            f"health check by {program}",
            "it is run on this machine, or in the image",
            f"see that {program} is there",
        )
        for program in CHECK_PATTERN
        if any(re.search(rf"\b{program}\b", word) for word in words)
    ]
    return {
        "command": words,
        "interval": of(check, "interval", 30),
        "timeout": of(check, "timeout", 5),
        "retries": of(check, "retries", 3),
        "start_period": of(check, "start_period", 0),
    }


def _running(name: str, found: Container, part: Part) -> dict[str, Any] | None:
    """How the container runs; None where that is as the settings have it anyway."""
    words = {}
    for key, read in (
        ("entry_point", lambda: found.entry_point),
        ("command", lambda: found.command),
    ):
        given, masked = masked_words(known(read, ()))
        words[key] = given or None
        if masked:
            part.notes.append(_to_fill(name, key, LOOKS, f"container.{key}"))
    running = Running(
        **words,
        user=of(found, "user", "") or None,
        read_only_root_filesystem=of(found, "read_only", False),
        drop_capabilities=of(found, "drops_all", False),
    )
    if running == Running():
        return None
    return {key: getattr(running, key) for key in Running.__dataclass_fields__}


def alias(one: Alias | None) -> str:
    """What clients call, without the namespace that ECS adds where no DNS name is given."""
    names = (of(one, name, "") for name in ("dns_name", "discovery_name", "port_name"))
    return next(filter(None, names), "")


def aliases(service: Service) -> list[str]:
    """Names under which others call it by Service Connect."""
    found = map(alias, of(of(service, "connect", None), "aliases", ()))
    return [name for name in found if name]
