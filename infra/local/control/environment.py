"""A container's environment on Fargate, and where its output goes (R7.5)."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from infra.local import store
from infra.local.runtime.protocol import ContainerSpec, Mount, Network, Resources

ReadSecret = Callable[[str], Awaitable[str]]


class SpecMaker:
    """Makes container specs.

    `endpoint` is the plane's own URL, `logs` the directory of the containers' output, `volumes`
    that of the task volumes; `read_secret` returns a secret's value by its `valueFrom` and raises
    CannotInitializeError.
    """

    def __init__(
        self,
        records: store.Store,
        endpoint: str,
        logs: Path,
        volumes: Path,
        read_secret: ReadSecret,
    ) -> None:
        self._records = records
        self._endpoint = endpoint
        self._logs = logs
        self._volumes = volumes
        self._read_secret = read_secret

    async def make(
        self, task: store.Task, container: store.Container, network: Network, proxy: str | None
    ) -> ContainerSpec:
        """The container with overrides applied; `proxy` is the URL of the task's egress proxy."""
        state = next(c for c in task.containers if c.name == container.name)
        override = _override(task, container.name)
        environment = {
            **self._fargate(state),
            **container.environment,
            **{name: await self._read_secret(ref) for name, ref in container.secrets.items()},
            **{pair["name"]: pair["value"] for pair in override.get("environment", ())},
        }
        command = override.get("command")
        log = self.log_path(task.id, container.name)
        log.parent.mkdir(parents=True, exist_ok=True)
        return ContainerSpec(
            name=container.name,
            image=container.image,
            log=log,
            command=container.command if command is None else tuple(command),
            entry_point=container.entry_point,
            environment=environment,
            mounts=self._mounts(task, container),
            proxy=proxy,
            port=next((p.container_port for p in container.ports), None),
            **self._privileges(task, container),
        )

    def _privileges(self, task: store.Task, container: store.Container) -> dict[str, Any]:
        """What the definition says of memory and the like; a task's memory is its containers'."""
        definition = self._records.definitions[task.task_definition]
        documents = definition.document["containerDefinitions"]
        own: store.Document = next(d for d in documents if d["name"] == container.name)
        whole_cpu, whole_memory = (
            int(definition.document["cpu"]),
            int(definition.document["memory"]),
        )
        return {
            "resources": Resources(
                cpu=own.get("cpu") or whole_cpu,
                memory=min(own.get("memory") or whole_memory, whole_memory),
            ),
            "read_only_root": own.get("readonlyRootFilesystem", False),
            "user": own.get("user"),
            "working_directory": own.get("workingDirectory"),
            "init_process": own.get("linuxParameters", {}).get("initProcessEnabled", False),
        }

    def log_path(self, task_id: str, container: str) -> Path:
        return self._logs / task_id / f"{container}.log"

    def _fargate(self, state: store.ContainerState) -> dict[str, str]:
        metadata = f"{self._endpoint}/_ecs/v4/{state.runtime_id}"
        return {
            "ECS_CONTAINER_METADATA_URI_V4": metadata,
            "AWS_EXECUTION_ENV": "AWS_ECS_FARGATE",
            "AWS_REGION": self._records.region,
            "AWS_DEFAULT_REGION": self._records.region,
        }

    def _mounts(self, task: store.Task, container: store.Container) -> tuple[Mount, ...]:
        definition = self._records.definitions[task.task_definition]
        folder = self._volumes / definition.family
        return tuple(
            Mount(folder / volume, path, read_only) for volume, path, read_only in container.mounts
        )


def _override(task: store.Task, container: str) -> store.Document:
    found = task.overrides.get("containerOverrides", ())
    return next((o for o in found if o.get("name") == container), {})
