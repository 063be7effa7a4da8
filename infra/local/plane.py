"""The local Fargate, put together: this file reads as the list of its parts.

One process and one event loop hold the records, the API, the service schedulers, the load
balancers and the runtime. Everything it starts dies with it.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup
from starlette.applications import Starlette

from infra.local import page, settings
from infra.local.api.app import build_app
from infra.local.api.fallback import Fallback, MotoFallback, UrlFallback
from infra.local.api.guard import Guard
from infra.local.api.metadata import metadata_routes
from infra.local.balancing.balancer import Balancers
from infra.local.connect.controller import ServiceConnect
from infra.local.control.agent import Agent
from infra.local.control.context import Context
from infra.local.control.environment import SpecMaker
from infra.local.control.scheduling import Scheduling
from infra.local.edge.local import LocalEdge
from infra.local.edge.remote import RemoteEdge
from infra.local.folder import StateFolder
from infra.local.guarded import Guarded
from infra.local.journal import Journal
from infra.local.options import Options, WrongOptionError
from infra.local.records.opening import Opened, mark, open_kept, open_unkept
from infra.local.runtime import images
from infra.local.runtime.launch import launch_plain
from infra.local.scheduler.model import StopOrder
from infra.local.secrets import SecretReader
from infra.local.server import bind, check_free, serve
from infra.local.site import Site, find_site
from infra.local.store import Store
from infra.local.tasklogs import TaskLogs
from infra.local.tempo import load_profile
from infra.local.terraform.answering import first_answer, requests, trust
from infra.local.terraform.bringing import bring_up
from infra.local.terraform.root import Root
from infra.local.terraform.running import Terraform, check_installed
from infra.local.topology import task_permits
from infra.local.ways import OPEN, GuardedWays, Ways
from infra.network.permits import Permit

SETTLE_LIMIT_S = 60  # `up` says it is ready after this long even if a service is not
SWEEP_EVERY_S = 60
FOLLOW_EVERY_S = 2
ANYWHERE = "0.0.0.0"  # in a container: what is published decides who reaches it


class ApplyError(Exception):
    """The settings could not be applied; the message is the API's."""


class _Signals:
    """`store.Signals`: from the API to the controllers."""

    def __init__(
        self, scheduling: Scheduling, balancers: Balancers, security_changed: Callable[[], None]
    ) -> None:
        self.service_changed = scheduling.service_changed
        self.task_changed = scheduling.task_changed
        self.balancer_changed = balancers.balancer_changed
        self.security_changed = security_changed
        self._scheduling = scheduling
        self._balancers = balancers

    def group_changed(self, target_group_arn: str) -> None:
        self._balancers.group_changed(target_group_arn)
        self._scheduling.group_changed(target_group_arn)


def _edges(options: Options, store: Store, site: Site) -> tuple[Guard, Fallback]:
    """Who may call, and who answers what the plane does not. Raises WrongOptionError."""
    try:
        hosts = frozenset((*options.hosts, site.address))  # by its address its tasks call it
        guard = Guard.for_bind(options.host, os.environ, hosts)
        given = options.fallback
        return guard, UrlFallback(given) if given else MotoFallback(store.account)
    except ValueError as error:
        raise WrongOptionError(str(error)) from error


def _open(options: Options, chosen: settings.Settings) -> Opened:
    """The records: an earlier plane's with --adopt, if there are any. Raises WrongOptionError."""
    if not options.adopt:
        return open_unkept(chosen)
    if options.runtime == "process":
        raise WrongOptionError(
            "--adopt cannot be used with --runtime process: its tasks die with their plane, so "
            "there is nothing to go on with; leave it out"
        )
    return open_kept(options.state_dir, chosen, options.scale)


class Plane:
    """The parts of one plane, wired. `tasks` runs whatever the parts start."""

    def __init__(self, options: Options, tasks: TaskGroup) -> None:
        self.options = options
        chosen = settings.load(options.settings)
        profile = load_profile(options.tempo)
        zones = tuple(chosen.availability_zones)
        state = options.state_dir
        self.settings_mark = mark(chosen)
        self.opened = _open(options, chosen)
        self.store, self.clock, self.book = self.opened.store, self.opened.clock, self.opened.book
        self.journal = Journal(state / "journal.jsonl", self.clock)
        self.site = find_site(options, zones, images.load(options.images), self._permits)
        self._sources = self.site.find_sources()
        self.runtime = self.site.runtime
        self.ways = self._find_ways()
        self._context = Context(
            records=self.store,
            clock=self.clock,
            scale=options.scale,
            profile=profile,
            seed=options.seed,
            stop_order=StopOrder(options.stop_task_order),
            note=self._note,
            spawn=Guarded(tasks, self._note),
            group_changed=lambda arn: self.balancers.group_changed(arn),
            count_exits=options.count_exits,
            after_commit=self.book.after_commit,
        )
        self.scheduling = Scheduling(self._context)
        self.balancers = Balancers(
            self.store,
            self.clock,
            scale=options.scale,
            edge=RemoteEdge(options.edge) if options.edge else LocalEdge(launch_plain),
            directory=self.site.run_dir / "alb",
            certificates=state / "certificates",
            ports={80: options.http_port, 443: options.https_port},
            bind=ANYWHERE if options.edge else options.host,
            journal=self._note,
            on_target_change=self.scheduling.group_changed,
            propagation_ms=profile.draw("propagation", options.seed, options.scale),
            ways=self.ways,
        )
        self.connect = ServiceConnect(
            self.store,
            directory=self.site.run_dir / "sc",
            scale=options.scale,
            envoy=self.site.envoy,
            by_host=self.site.by_host,
            ways=self.ways,
        )
        guard, self.fallback = _edges(options, self.store, self.site)
        secrets = SecretReader(self.fallback, chosen.region)
        metadata = f"http://{self.site.address}:{options.port}"
        specs = SpecMaker(self.store, metadata, state / "logs", state / "volumes", secrets)
        self.agent = Agent(self._context, self.runtime, self.connect, specs, self.scheduling.wake)
        self.scheduling.use(self.agent)
        self.app = build_app(
            self.store,
            self.clock,
            _Signals(self.scheduling, self.balancers, self._security_changed),
            logs=TaskLogs(self.store, specs),
            fallback=self.fallback,
            guard=guard,
            extra_routes=page.routes(self.store, self.balancers, self.facts),
            commit=self._commit,
        )

    def _find_ways(self) -> Ways:
        """Containers have iptables; processes share one network, so the plane itself says no."""
        if self.site.name != "process":
            return OPEN
        return GuardedWays(self.store, self._sources, self.site.network, self.journal.write)

    def _permits(self, task_id: str) -> Sequence[Permit] | None:
        """What the task's security groups let in; None: everything."""
        task = next((t for t in self.store.tasks.values() if t.id == task_id), None)
        if task is None:
            return None
        return task_permits(self.store, task, self._sources, self.site.network)

    def _security_changed(self) -> None:
        """A security group or one of its rules changed: everybody acts on it now."""
        self.ways.security_changed()
        self.balancers.security_changed()
        self.connect.refresh()
        self._context.spawn(self.runtime.enforce)

    def _note(self, kind: str, fields: Mapping[str, object]) -> None:
        """What is worth a line in the journal is a change of the records."""
        self.journal.write(kind, fields)
        self.book.changed()

    def _commit(self) -> None:
        self.book.changed()
        self.book.commit()

    async def adopt(self) -> None:
        """Go on with what an earlier plane left; where nothing is to be, remove what is there."""
        if self.options.adopt:
            await self.agent.adopt()
            self.scheduling.resume()

    def facts(self) -> dict[str, Any]:
        """What callers need to know of this plane."""
        options = self.options
        return {
            "endpoint": options.endpoint,
            "url": options.http_url,
            "https_url": options.https_url,
            "ca_file": str(self.balancers.ca_file.absolute()),
            "region": self.store.region,
            "time_scale": options.scale,
            "tempo": options.tempo,
            "seed": options.seed,
            "stop_task_order": options.stop_task_order,
            "runtime": self.site.name,
            "terraform": options.terraform and str(options.terraform.resolve()),
            "composed": self.site.composed,
            "unsteady": [s.name for s in self.store.services.values() if not s.steady],
            "notices": self._notices(),
            "limits": [*self.runtime.limits, *self.balancers.limits],
        }

    def _notices(self) -> list[str]:
        """What of an earlier plane the user should know."""
        opened = self.opened
        if opened.notice is not None:
            return [opened.notice]
        if opened.applied is None:
            return []
        told = "went on with the records of the plane before, so the settings were not applied"
        if opened.applied == self.settings_mark:
            return [told]
        command = f"python -m infra.local.apply --settings {self.options.settings}"
        address = f"--endpoint-url {self.options.endpoint} --time-scale {self.options.scale}"
        return [f"{told}; they have changed since: apply them with `{command} {address}`"]

    def serve_metadata(self, tasks: TaskGroup) -> None:
        """Let tasks reach their metadata where the plane's own address is not theirs to reach."""
        if self.site.address != self.options.caller_host and self.options.host != ANYWHERE:
            app = Starlette(routes=metadata_routes(self.store))
            tasks.start_soon(serve, app, bind(self.site.address, self.options.port))

    def failure(self) -> str | None:
        """Why a load balancer cannot work, if one cannot."""
        return next((b.name for b in self.store.balancers.values() if b.state == "failed"), None)

    def is_settled(self) -> bool:
        return all(service.steady for service in self.store.services.values())

    async def sweep(self) -> None:
        """Keep what grows small, for as long as the plane runs."""
        while True:
            await anyio.sleep(SWEEP_EVERY_S)
            self.scheduling.forget_old()
            self.connect.trim_logs()

    async def follow_balancer(self) -> None:
        """Let tasks hear it when the load balancer's container is at another address."""
        while self.site.composed:
            await anyio.sleep(FOLLOW_EVERY_S)
            with suppress(OSError):  # it is away, or its name is not known yet
                found = await anyio.to_thread.run_sync(self.site.find_sources)
                if found != self._sources:
                    self._sources = found
                    self.journal.write("sources", {"addresses": list(found)})
                    self._security_changed()

    async def close(self) -> None:
        """End every task and remove what only this run needed."""
        self.book.end()
        with anyio.CancelScope(shield=True):
            await self.fallback.close()
            await self.runtime.close()
            await anyio.to_thread.run_sync(self.site.end)
        shutil.rmtree(self.site.run_dir, ignore_errors=True)
        self.journal.close()


async def run(
    options: Options, ready: Callable[[dict[str, Any]], None], tell: Callable[[str], None]
) -> None:
    """Run a plane until cancelled; `ready` is called once the services are up.

    `tell` takes lines on what Terraform does until then.
    """
    root = _root(options)
    folder = StateFolder(options.state_dir)
    try:
        sock = bind(options.host, options.port)
        for port in () if options.edge else (options.http_port, options.https_port):
            check_free(options.host, port)
        async with anyio.create_task_group() as tasks:
            plane = Plane(options, tasks)
            try:
                await plane.adopt()
                await tasks.start(plane.balancers.run)
                tasks.start_soon(plane.book.run)
                tasks.start_soon(serve, plane.app, sock)
                plane.serve_metadata(tasks)
                tasks.start_soon(plane.sweep)
                tasks.start_soon(plane.follow_balancer)
                if plane.opened.applied is None:
                    await (apply(options) if root is None else by_terraform(plane, root, tell))
                    plane.book.note_applied(plane.settings_mark)
                applied = time.monotonic()
                await settle(plane)
                if root is not None:
                    await answered(plane, tell, applied)
                folder.publish(plane.facts())
                ready(plane.facts())
                await anyio.sleep_forever()
            finally:
                await plane.close()
    finally:
        folder.close()


def _root(options: Options) -> Root | None:
    """The Terraform root that makes the services. Raises NoRootError, TerraformError."""
    if options.terraform is None:
        return None
    check_installed()
    return Root(options.terraform, options.state_dir)


async def by_terraform(plane: Plane, root: Root, tell: Callable[[str], None]) -> None:
    """Let Terraform make what the settings would. Raises TerraformError."""
    options = plane.options
    root.forget()
    terraform = Terraform(root, options.endpoint, plane.store.region, options.scale)
    await bring_up(terraform, plane.store, options.state_dir / "logs" / "terraform.log", tell)


async def answered(plane: Plane, tell: Callable[[str], None], applied: float) -> None:
    """Wait until a request through a load balancer is answered, at most SETTLE_LIMIT_S.

    `applied` is when Terraform had ended, on the monotonic clock.
    """
    addresses = {80: plane.options.http_url, 443: plane.options.https_url}
    wanted = requests(plane.store, addresses)
    answer = await first_answer(wanted, trust(plane.balancers.ca_file), SETTLE_LIMIT_S)
    if answer is not None:
        took = time.monotonic() - applied
        tell(f"steady, and the first answer came, {took:.1f} s after that: {answer}")
    elif wanted:
        tell(f"{wanted[0].url} was not answered within {SETTLE_LIMIT_S} s")


async def apply(options: Options) -> None:
    """Apply the settings by the public API, in a process of its own. Raises ApplyError."""
    command = [sys.executable, "-m", "infra.local.apply"]
    command += ["--settings", str(options.settings.absolute())]
    command += ["--endpoint-url", options.endpoint, "--time-scale", str(options.scale)]
    environment = {**os.environ, "AWS_DISABLE_HOST_PREFIX_INJECTION": "true"}
    done = await anyio.run_process(
        command, check=False, env=environment, cwd=settings.INFRA.parent, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        raise ApplyError(f"the settings could not be applied: {done.stderr.decode().strip()}")


async def settle(plane: Plane) -> None:
    """Wait until every service is steady, at most SETTLE_LIMIT_S. Raises ApplyError."""
    deadline = time.monotonic() + SETTLE_LIMIT_S
    while not plane.is_settled() and time.monotonic() < deadline:
        if plane.failure():
            raise ApplyError(f"load balancer {plane.failure()} could not start; see its log")
        await anyio.sleep(0.02)
