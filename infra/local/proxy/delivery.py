"""Handing configuration to Envoy through files, and waiting until Envoy has taken it.

Order matters: endpoints before clusters, clusters before routes, routes before listeners, and a
cluster goes only when no route names it any more.
"""

from dataclasses import replace
from itertools import chain
from pathlib import Path

import anyio

from infra.local.proxy import admin
from infra.local.proxy.configs.snapshot import EMPTY, Resources, Snapshot, discovery, version
from infra.local.proxy.errors import EnvoyRejectedError
from infra.local.proxy.files import read_json, write_atomically
from infra.local.proxy.model import Places

ANSWER_LIMIT_S = 5.0
LOG_TAIL_BYTES = 16_384


class Delivery:
    """The files of one Envoy, and what was written last."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._last = EMPTY
        self._written: dict[Path, str] = {}

    def write(self, snapshot: Snapshot) -> None:
        """Write the files of a whole snapshot, for an Envoy that is not running yet."""
        self._write_clusters(snapshot)
        self._write_listeners(snapshot)
        self._last = snapshot

    def resume(self) -> None:
        """Go on from the files that are there: an Envoy runs on them."""
        self._last = Snapshot(
            endpoints={},
            clusters=self._read(self._places.clusters),
            routes={},
            listeners=self._read(self._places.listeners),
        )
        for pattern in ("eds-*.json", "rds-*.json"):
            for path in self._places.directory.glob(pattern):
                self._read(path)

    async def push(self, snapshot: Snapshot) -> None:
        """Write what changed and wait for Envoy's word; EnvoyRejectedError if that is a no."""
        try:
            await self._push(snapshot)
        except EnvoyRejectedError:
            self._written = dict.fromkeys(self._written, "")  # the next push writes all anew
            raise

    async def _push(self, snapshot: Snapshot) -> None:
        known = {c["name"] for c in snapshot.clusters}
        leaving = tuple(c for c in self._last.clusters if c["name"] not in known)
        both = replace(snapshot, clusters=snapshot.clusters + leaving)
        log_bytes = self._log_bytes()
        before = await self._refusals()
        self._last = both  # also if Envoy refuses: its files name these clusters now
        self._write_clusters(both)
        await self._wait(_cluster_versions(both), before, log_bytes)
        self._write_listeners(snapshot)
        await self._wait(_listener_versions(snapshot), before, log_bytes)
        if leaving:
            self._write_clusters(snapshot)
            await self._wait(_cluster_versions(snapshot), before, log_bytes)
        self._last = snapshot
        self._forget(snapshot)

    def last_words(self, since_bytes: int = 0) -> str:
        """Envoy's last warning in its log, from `since_bytes` on; a note if it said nothing."""
        lines = [x for x in self._log_tail(since_bytes).splitlines() if "[warning]" in x] or [
            x for x in self._log_tail(since_bytes).splitlines() if x.strip()
        ]
        return lines[-1] if lines else "(Envoy gave no reason)"

    def _write_clusters(self, snapshot: Snapshot) -> None:
        for name, resources in snapshot.endpoints.items():
            self._write(self._places.endpoints(name), resources)
        self._write(self._places.clusters, snapshot.clusters)

    def _write_listeners(self, snapshot: Snapshot) -> None:
        for name, resources in snapshot.routes.items():
            self._write(self._places.routes(name), resources)
        self._write(self._places.listeners, snapshot.listeners)

    def _write(self, path: Path, resources: Resources) -> None:
        if self._written.get(path) != version(resources):
            write_atomically(path, discovery(resources))
            self._written[path] = version(resources)

    def _read(self, path: Path) -> Resources:
        """The resources of a file of ours; of one that is not whole none, and it is overwritten."""
        found = read_json(path)
        resources = tuple(found["resources"]) if isinstance(found, dict) else ()
        if found == discovery(resources):
            self._written[path] = version(resources)
            return resources
        self._written[path] = ""
        return ()

    def _forget(self, snapshot: Snapshot) -> None:
        """Remove the files that nothing names any more."""
        used = {self._places.clusters, self._places.listeners}
        used |= {self._places.endpoints(name) for name in snapshot.endpoints}
        used |= {self._places.routes(name) for name in snapshot.routes}
        for path in self._written.keys() - used:
            path.unlink(missing_ok=True)
            del self._written[path]

    async def _refusals(self) -> dict[str, int]:
        try:
            return (await admin.read_updates(self._places.admin)).refusals
        except OSError:
            return {}

    async def _wait(self, wanted: dict[str, str], before: dict[str, int], log_bytes: int) -> None:
        """Poll until Envoy reports these versions. It may die and come back meanwhile."""
        pause_s = 0.001
        with anyio.move_on_after(ANSWER_LIMIT_S):
            while True:
                try:
                    now = await admin.read_updates(self._places.admin)
                except OSError:
                    before = {}
                else:
                    if wanted.items() <= now.versions.items():
                        return
                    if any(n > before.get(name, 0) for name, n in now.refusals.items()):
                        raise EnvoyRejectedError(f"Envoy refused: {self.last_words(log_bytes)}")
                await anyio.sleep(pause_s)
                pause_s = min(pause_s * 2, 0.05)
        raise EnvoyRejectedError(
            f"Envoy did not take its configuration in {ANSWER_LIMIT_S:.0f} s: "
            f"{self.last_words(log_bytes)}"
        )

    def _log_bytes(self) -> int:
        return self._places.log.stat().st_size if self._places.log.exists() else 0

    def _log_tail(self, since_bytes: int) -> str:
        if not self._places.log.exists():
            return ""
        with self._places.log.open("rb") as log:
            size = log.seek(0, 2)
            log.seek(max(since_bytes if since_bytes <= size else 0, size - LOG_TAIL_BYTES))
            return log.read().decode(errors="replace")


def _cluster_versions(snapshot: Snapshot) -> dict[str, str]:
    named = {c["name"] for c in snapshot.clusters}
    each = (
        (f"cluster.{name}.version_text", version(resources))
        for name, resources in snapshot.endpoints.items()
        if name in named
    )
    return dict(chain([("cluster_manager.cds.version_text", version(snapshot.clusters))], each))


def _listener_versions(snapshot: Snapshot) -> dict[str, str]:
    each = (
        (f"http.{name}.rds.{name}.version_text", version(resources))
        for name, resources in snapshot.routes.items()
    )
    all_of_them = ("listener_manager.lds.version_text", version(snapshot.listeners))
    return dict(chain([all_of_them], each))
