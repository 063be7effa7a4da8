"""Service Connect in the plane: makes each task's proxy and keeps its endpoints right."""

import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import anyio

from infra.local.connect import publication
from infra.local.connect.proxy import container, egress, ingress
from infra.local.proxy.admin import ask, is_live
from infra.local.proxy.configs.sidecar import ADMIN_PATH_BYTES, bootstrap
from infra.local.proxy.configs.sidecar_cluster import endpoints
from infra.local.proxy.configs.sidecar_model import Egress, Endpoint, Policy, Sidecar
from infra.local.proxy.files import read_json, write_atomically
from infra.local.runtime.protocol import ContainerSpec, Network
from infra.local.store import Alias, Store, Task
from infra.local.ways import OPEN, Ways

LOG_BYTES = 4 << 20  # an access log is cut at this size; one older piece is kept

_LOOK_EVERY_SECONDS = 0.02
_ID_CHARACTERS = 12  # of a task's id in paths: a socket's path has a limit


@dataclass(slots=True)
class _Prepared:
    """A proxy whose files exist, and the members last written for each alias."""

    task: Task
    folder: Path
    egress: dict[Alias, Egress]
    written: dict[Alias, tuple[Endpoint, ...]] = field(default_factory=dict)

    @property
    def admin(self) -> Path:
        return self.folder / "admin.sock"

    @property
    def access_log(self) -> Path:
        return self.folder / "egress.jsonl"


class ServiceConnect:
    """The proxies of all tasks. `directory` must be short, as it holds unix sockets.

    `scale` divides every modelled duration; `policy` is unscaled. `by_host` says that tasks reach
    their aliases through `http_proxy`, as names do not resolve in them: any alias's address then
    serves every alias, told apart by the Host header. `ways` lead a task's calls. All but `ready`
    and `drain` return at once.
    """

    def __init__(
        self,
        store: Store,
        *,
        directory: Path,
        scale: int,
        envoy: Path,
        policy: Policy | None = None,
        by_host: bool = False,
        ways: Ways = OPEN,
    ) -> None:
        _check_length(directory)
        self._store = store
        self._directory = directory
        self._scale = scale
        self._envoy = envoy
        self._policy = (policy or Policy()).scaled(scale)
        self._by_host = by_host
        self._ways = ways
        self._prepared: dict[str, _Prepared] = {}

    def aliases(self, task: Task) -> tuple[Alias, ...]:
        """The names that the task knows: those of its deployment's start, no newer ones (R6.6)."""
        made = publication.deployment(self._store, task)
        if made is None or not publication.connected(made):
            return ()
        return made.aliases

    def intercepted(self, task: Task) -> tuple[int, ...]:
        """The containerPorts that the task's proxy owns on its address.

        Empty when the proxy owns none: no Service Connect, a client only, an ingressPortOverride.
        """
        offers = publication.publications(self._store, task)
        return tuple(o.container_port for o in offers if o.intercepted)

    def prepare(self, task: Task, network: Network) -> ContainerSpec | None:
        """Write the files of the task's proxy; the container to start before all others (R6.10).

        None without Service Connect. Raises KeyError if `network` lacks one of `aliases(task)`.
        For a task of an earlier plane it is called anew: its proxy, if it runs, notices nothing.
        """
        if not publication.connected(publication.deployment(self._store, task)):
            return None
        folder = self._folder(task.id)
        folder.mkdir(parents=True, exist_ok=True)
        known = egress(self._store, self.aliases(task), network, folder, self._scale)
        prepared = self._prepared[task.id] = _Prepared(task, folder, known)
        self._push([prepared])
        write_atomically(folder / "envoy.json", bootstrap(self._sidecar(task, network, prepared)))
        return container(task, folder, self._envoy, self._scale)

    def proxy(self, task: Task, network: Network) -> str | None:
        """The URL for `http_proxy` where names do not resolve; None without an HTTP alias.

        It serves all of the task's names only with `by_host`.
        """
        known = egress(self._store, self.aliases(task), network, self._directory, self._scale)
        first = next((e for e in known.values() if e.protocol.http), None)
        return None if first is None else f"http://{first.address}:{first.port}"

    async def ready(self, task_id: str, limit_ms: int) -> bool:
        """Wait until the task's proxy is live; false if it is not within `limit_ms`."""
        prepared = self._prepared.get(task_id)
        if prepared is None:
            return False
        with anyio.move_on_after(limit_ms / 1000):
            while True:
                if await is_live(prepared.admin):
                    return True
                await anyio.sleep(_LOOK_EVERY_SECONDS)
        return False

    def refresh(self) -> None:
        """Bring every proxy's endpoints up to the records; call it on every change of a task.

        Writes only what differs. Envoy follows within some milliseconds; requests in flight to a
        member that leaves are finished.
        """
        self._push(list(self._prepared.values()))

    def trim_logs(self) -> None:
        """Keep the access logs small; call it now and then, as Envoy never rotates a file."""
        for prepared in self._prepared.values():
            _trim(prepared.access_log)

    async def drain(self, task_id: str) -> None:
        """Tell the proxy that its end is near, before it is stopped (R6.12). Never fails.

        Takes at most two seconds. Envoy then asks callers, more and more of them, to reconnect.
        """
        prepared = self._prepared.get(task_id)
        if prepared is not None:
            with suppress(OSError, TimeoutError):
                await ask(prepared.admin, "/drain_listeners?graceful", "POST")

    def forget(self, task_id: str) -> None:
        """Remove the files of a proxy that has ended. Nothing happens if there are none."""
        self._prepared.pop(task_id, None)
        shutil.rmtree(self._folder(task_id), ignore_errors=True)

    def _folder(self, task_id: str) -> Path:
        return self._directory / task_id[:_ID_CHARACTERS]

    def _push(self, proxies: Sequence[_Prepared]) -> None:
        members = publication.members(self._store, (a for p in proxies for a in p.egress))
        for prepared in proxies:
            for alias, known in prepared.egress.items():
                led = self._led(prepared.task, members[alias])
                if prepared.written.get(alias) != led:
                    _write(Path(known.endpoints), endpoints(known.cluster, led))
                    prepared.written[alias] = led

    def _led(self, task: Task, members: Sequence[Endpoint]) -> tuple[Endpoint, ...]:
        """The members as the task's connections reach them, or do not."""
        return tuple(
            Endpoint(*self._ways.from_task(task, (m.address, m.port)), m.zone) for m in members
        )

    def _sidecar(self, task: Task, network: Network, prepared: _Prepared) -> Sidecar:
        return Sidecar(
            task=task.id,
            service=str(task.service),
            admin=str(prepared.admin),
            access_log=str(prepared.access_log),
            policy=self._policy,
            by_host=self._by_host,
            ingress=ingress(self._store, task, network),
            egress=tuple(prepared.egress.values()),
        )


def _check_length(directory: Path) -> None:
    longest = directory / ("0" * _ID_CHARACTERS) / "admin.sock"
    excess = len(os.fsencode(longest)) - ADMIN_PATH_BYTES
    if excess > 0:
        raise ValueError(
            f"{directory} is too long for the sockets of the proxies:"
            f" choose a state directory at least {excess} bytes shorter"
        )


def _write(path: Path, document: dict[str, Any]) -> None:
    """Write what the file does not say yet: a proxy that an earlier plane left may watch it."""
    if read_json(path) != document:
        write_atomically(path, document)


def _trim(log: Path) -> None:
    """Move a big log's content aside in place: Envoy appends to the file that it has open."""
    if not log.exists() or log.stat().st_size < LOG_BYTES:
        return
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    os.truncate(log, 0)
