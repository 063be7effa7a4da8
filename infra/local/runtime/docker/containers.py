"""What the engine is asked to create: from our nouns to its API's documents. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.runtime.docker import labels
from infra.local.runtime.docker.labels import Ports
from infra.local.runtime.protocol import ContainerSpec, Mount, Network

Document = dict[str, Any]

SHARES_PER_VCPU = 1024
PERIOD_US = 100_000
QUOTA_MIN_US = 1000  # the kernel's
MIB = 1024 * 1024
LOG_FILE = {"Type": "json-file", "Config": {"max-size": "8m", "max-file": "2"}}
GUARDED = "guarded"  # what a pause container says once its rules stand
PAUSE = f'printf %s "$RULES" | iptables-restore --noflush && echo {GUARDED} && exec sleep infinity'


@dataclass(frozen=True, slots=True)
class Place:
    """Where a plane's containers are.

    project: the label of all that is ours. network: the engine's network that is the VPC. image:
    the plane's own image, for pause containers and proxies. user: who runs the proxies, as they
    share files with the plane. shared: the engine's binds that put the plane's run directory at
    the same path in a proxy. cap_cpu: a task's CPU is a limit, else a weight.
    """

    project: str
    network: str
    image: str
    user: str
    shared: tuple[str, ...]
    cap_cpu: bool = False

    def container_name(self, task: str, name: str = "eni") -> str:
        return f"{self.project}-{task[:12]}-{name}"

    def volume_name(self, source: Path) -> str:
        """The named volume for a task volume of a family, or for an image's data.

        Neither a project nor a family has a dot, so no two of them have one volume.
        """
        return f"{self.project}.{source.parent.name}.{source.name}"


def pause(
    place: Place, task: str, zone: str, ports: Ports, network: Network, rules: str
) -> Document:
    """The container that owns the task's network: it sets the rules, then sleeps."""
    hosts = [f"{name}:{address}" for name, address in sorted(network.aliases.items())]
    return {
        "Image": place.image,
        "Entrypoint": ["/bin/sh", "-c", PAUSE],
        "Cmd": [],
        "Env": [f"RULES={rules}"],
        "User": "0",
        "Hostname": "ip-" + network.address.replace(".", "-"),
        "Labels": labels.of_network(place.project, task, zone, ports),
        "StopSignal": "SIGKILL",
        "HostConfig": {
            "NetworkMode": place.network,
            "CapDrop": ["ALL"],
            "CapAdd": ["NET_ADMIN"],
            "ExtraHosts": hosts,
            "ReadonlyRootfs": True,
            "Tmpfs": {"/run": "rw,noexec,nosuid,size=1m"},
            "LogConfig": LOG_FILE,
        },
        "NetworkingConfig": {
            "EndpointsConfig": {place.network: {"IPAMConfig": {"IPv4Address": network.address}}}
        },
    }


def proxy(place: Place, task: str, spec: ContainerSpec, pause_id: str) -> Document:
    """The Service Connect proxy, which reads its files in the plane's run directory."""
    words = list(spec.command or ())
    return {
        **_common(place, task, spec, pause_id),
        "Image": place.image,
        "Entrypoint": words[:1],
        "Cmd": words[1:],
        "User": place.user,
        "HostConfig": {
            **_host(pause_id),
            "CapDrop": ["ALL"],
            "ReadonlyRootfs": True,
            "Binds": list(place.shared),
        },
    }


def application(
    place: Place, task: str, spec: ContainerSpec, pause_id: str, environment: Mapping[str, str]
) -> Document:
    """A container of the task definition. `environment` replaces the specification's."""
    document = {
        **_common(place, task, spec, pause_id),
        "Image": spec.image,
        "Env": [f"{name}={value}" for name, value in sorted(environment.items())],
        "HostConfig": {
            **_host(pause_id),
            **_limits(place, spec),
            "ReadonlyRootfs": spec.read_only_root,
            "Init": spec.init_process,
            "Binds": [_bind(place, mount) for mount in spec.mounts],
        },
    }
    if spec.entry_point is not None:
        document["Entrypoint"] = list(spec.entry_point)
    if spec.command is not None:
        document["Cmd"] = list(spec.command)
    if spec.user is not None:
        document["User"] = spec.user
    if spec.working_directory is not None:
        document["WorkingDir"] = spec.working_directory
    return document


def _common(place: Place, task: str, spec: ContainerSpec, pause_id: str) -> Document:
    return {
        "Labels": labels.of_container(place.project, task, spec.name, spec.log),
        "Healthcheck": {"Test": ["NONE"]},  # the image's is ignored (R1.30)
    }


def _host(pause_id: str) -> Document:
    return {"NetworkMode": f"container:{pause_id}", "LogConfig": LOG_FILE}


def _limits(place: Place, spec: ContainerSpec) -> Document:
    """Memory is a limit without swap, as on Fargate."""
    document: Document = {}
    cpu, memory = spec.resources.cpu, spec.resources.memory
    if memory is not None:
        document |= {"Memory": memory * MIB, "MemorySwap": memory * MIB}
    if cpu is not None:
        document["CpuShares"] = max(2, cpu)
        if place.cap_cpu:
            quota = max(QUOTA_MIN_US, PERIOD_US * cpu // SHARES_PER_VCPU)
            document |= {"CpuPeriod": PERIOD_US, "CpuQuota": quota}
    return document


def _bind(place: Place, mount: Mount) -> str:
    mode = "ro" if mount.read_only else "rw"
    return f"{place.volume_name(mount.source)}:{mount.container_path}:{mode}"
