"""What to run for a container, and with which environment: pure rules.

As Docker does it, with a catalogue image that has its `command` as CMD and no ENTRYPOINT: an
entry point of the task definition drops the image's command, a command of the task definition
replaces all of it.

An image listens on 0.0.0.0 in its container. Here the network is shared, so a literal 0.0.0.0 or
:: becomes the task's own address, and a health check's localhost too.
"""

import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

import infra
from infra.local.runtime.images import PLACE, Pulled
from infra.local.runtime.protocol import (
    CannotStartContainerError,
    ContainerSpec,
    Mount,
    Network,
)

ROOT = Path(infra.__file__).parents[1]  # holds the packages: a checkout or site-packages
PATH = f"{Path(sys.executable).parent}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
INHERITED = ("HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ")
# a network such as 0.0.0.0/0 stays, and so does C++'s and pytest's ::
ANY_ADDRESS = re.compile(r"(?<![\d.])0\.0\.0\.0(?![\d.]|/\d)|\[::\]|(?<![\w:.\])>])::(?![\w:.(<])")
LOCALHOST = re.compile(r"(?<![\w.-])(localhost|127\.0\.0\.1|\[::1\])(?![\w.-])")


@dataclass(frozen=True, slots=True)
class Invocation:
    command: tuple[str, ...]
    environment: Mapping[str, str]


def invocation(
    pulled: Pulled, spec: ContainerSpec, network: Network, *, data: Path, scale: float
) -> Invocation:
    """Put image, task definition, addresses, volumes and time scale together.

    `data` is the image's own directory. Raises CannotStartContainerError if the image wants a port
    and the container has none.
    """
    image = pulled.image
    places = {
        "python": sys.executable,
        "ip": network.inner_address,
        "port": str(spec.port),
        "tag": pulled.tag,
        "data": str(data),
    }
    given = (*(spec.entry_point or ()), *(spec.command or ()))
    if spec.port is None:
        _refuse_port(image.name, (*(() if given else image.command), *image.environment.values()))
    command = tuple(_localised(word, network, spec.mounts) for word in given)
    environment = {name: _filled(value, places) for name, value in image.environment.items()}
    for name, value in spec.environment.items():
        environment[name] = _localised(value, network, spec.mounts)
    for name in environment.keys() & set(image.durations):
        environment[name] = scaled(environment[name], scale)
    modules = [environment["PYTHONPATH"]] if "PYTHONPATH" in environment else []
    environment["PYTHONPATH"] = ":".join([*modules, str(ROOT)])
    words = command or tuple(_filled(word, places) for word in image.command)
    return Invocation(
        words if "PATH" in image.environment else interpreted(words), _surroundings() | environment
    )


def check(command: Sequence[str], network: Network) -> tuple[str, ...]:
    """A health check's command line from ECS's form; empty for NONE (R1.30)."""
    form, *words = command
    if form == "NONE":
        return ()
    if form == "CMD-SHELL":
        words = ["/bin/sh", "-c", " ".join(words)]
    elif form != "CMD":
        words = list(command)
    local = (LOCALHOST.sub(network.inner_address, word) for word in words)
    return interpreted(tuple(_localised(word, network, ()) for word in local))


def scaled(seconds: str, scale: float) -> str:
    """A duration variable divided by the time scale; what is no number stays for the app to refuse.

    >>> scaled("5", 10)
    '0.5'
    """
    try:
        value = float(seconds) / scale
    except ValueError:
        return seconds
    return seconds if scale == 1 else f"{value:.6f}".rstrip("0").rstrip(".")


def interpreted(command: tuple[str, ...]) -> tuple[str, ...]:
    """The command with this interpreter for `python`, as the images' own would be."""
    if command and command[0] in ("python", "python3"):
        return (sys.executable, *command[1:])
    return command


def names(aliases: Mapping[str, str], machine: str) -> str:
    """A task's hosts file: the loopback lines of the machine's, and each alias (R6.4)."""
    kept = [line for line in machine.splitlines() if _is_local(line, aliases)]
    return "\n".join([*kept, *(f"{ip} {name}" for name, ip in sorted(aliases.items())), ""])


def proxied(network: Network, proxy: str) -> dict[str, str]:
    """Variables that send plain HTTP to names through the egress proxy, and nothing else."""
    direct = ("127.0.0.1", "localhost", network.address, network.inner_address)
    return {"http_proxy": proxy, "no_proxy": ",".join(dict.fromkeys(direct))}


def _surroundings() -> dict[str, str]:
    """What an image would have set."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    return {"PATH": PATH} | inherited


def _refuse_port(image: str, values: Iterable[str]) -> None:
    if any("{port}" in value for value in values):
        raise CannotStartContainerError(
            f"the image {image} listens on a port, but the container has none:"
            " give it a portMappings entry"
        )


def _filled(value: str, places: Mapping[str, str]) -> str:
    return PLACE.sub(lambda match: places[match[1]], value)


def _localised(value: str, network: Network, mounts: Sequence[Mount]) -> str:
    for mount in mounts:
        path = rf"(?<![\w.-]){re.escape(mount.container_path)}(?![\w.-])"
        value = re.sub(path, str(mount.source).replace("\\", r"\\"), value)
    return ANY_ADDRESS.sub(network.inner_address, value)


def _is_local(line: str, aliases: Mapping[str, str]) -> bool:
    address, *rest = line.partition("#")[0].split() or [""]
    try:
        return ip_address(address).is_loopback and not aliases.keys() & set(rest)
    except ValueError:
        return False
