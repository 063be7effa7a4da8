"""`rehearse up` and `rehearse down`."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click

from infra.local.folder import find_pid
from infra.local.options import SCALE_MAX, Options
from infra.local.scheduler.model import StopOrder
from rehearse import composed
from rehearse.errors import INTERRUPTED, fail
from rehearse.here import STATE_DIR

RUNTIMES = ("process", "docker")
READY_LIMIT_S = 120
TERRAFORM_LIMIT_S = 3600  # it has limits of its own, 20 minutes for a service
LOOK_EVERY_S = 0.5
DOWN_LIMIT_S = 15

state_option = click.option(
    "--state-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=STATE_DIR,
    show_default=True,
    help="Where the plane keeps its journal, logs and data.",
)

stop_order_option = click.option(
    "--stop-task-order",
    type=click.Choice([order.value for order in StopOrder]),
    default=StopOrder.DEREGISTER_FIRST.value,
    show_default=True,
    help="What StopTask does first to a service's task: reports about AWS disagree (R1.21).",
)


@click.command()
@click.option(
    "--runtime",
    type=click.Choice(RUNTIMES),
    default="process",
    show_default=True,
    help="What a task is: a process here, or containers on a Docker engine.",
)
@click.option("--tempo", default="fast", show_default=True, help="fast, aws or a profile file.")
@click.option(
    "--time-scale",
    "scale",
    type=click.IntRange(1, SCALE_MAX),
    default=1,
    show_default=True,
    help="Divide modelled durations by this.",
)
@click.option("--settings", type=click.Path(path_type=Path), help="Another app.tfvars.json.")
@click.option(
    "--terraform",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Apply this Terraform root instead of the settings file; DIR is only read.",
)
@click.option("--images", type=click.Path(path_type=Path), help="Another images.toml.")
@state_option
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=4566, show_default=True, help="The AWS endpoint's port.")
@click.option("--http-port", default=8080, show_default=True, help="Serves listener port 80.")
@click.option("--https-port", default=8443, show_default=True, help="Serves listener port 443.")
@click.option("--seed", default="0", show_default=True, help="Decides what the tempo draws.")
@click.option(
    "--pull",
    type=click.Choice(["never", "missing", "always"]),
    default="missing",
    show_default=True,
    help="With docker: when to ask the registry for a task's image.",
)
@click.option("--cap-cpu", is_flag=True, help="With docker: a task's CPU is a limit, not a weight.")
@click.option(
    "--image-env",
    multiple=True,
    metavar="IMAGE:NAME=VALUE",
    help="With docker: a variable for every container of an image. Repeatable.",
)
@click.option("--fallback", help="URL that answers every other AWS API (default: moto).")
@stop_order_option
@click.option(
    "--count-exits/--no-count-exits",
    default=True,
    show_default=True,
    help="Whether the circuit breaker counts tasks that were RUNNING and ended by themselves.",
)
@click.option(
    "--edge",
    type=click.Path(path_type=Path),
    help="The load balancers run in the process at this socket (see docker-compose.yml).",
)
@click.option(
    "--adopt",
    is_flag=True,
    help="Keep the records, and go on with what a plane that was killed left (with docker).",
)
@click.option(
    "--balancer",
    help="With docker, for a plane in a container: the host name of the load balancers' process.",
)
@click.option(
    "--plane-image",
    default="ecs-rehearsal:latest",
    show_default=True,
    help="With docker, for a plane on a host: the image of proxies and pause containers.",
)
@click.option(
    "--compose",
    is_flag=True,
    help="Bring up docker-compose.yml instead, with its own settings; no other option counts.",
)
@click.option("--detach", is_flag=True, help="Return when ready; `rehearse down` stops it.")
@click.option("--lifeline", is_flag=True, hidden=True, help="Stop when stdin is closed.")
@click.option("--ready-fd", type=int, hidden=True, help="Where to write `ready`.")
def up(compose: bool, detach: bool, lifeline: bool, ready_fd: int | None, **given: Any) -> None:  # noqa: ANN401 - click's
    """Start the local Fargate and bring up the services of the settings file."""
    if compose:
        composed.bring_up()
        return
    options = Options(**{name: value for name, value in given.items() if value not in (None, "")})
    if detach:
        _detach(options.state_dir, TERRAFORM_LIMIT_S if options.terraform else READY_LIMIT_S)
    else:
        sys.exit(_foreground(options, lifeline, ready_fd))


def _foreground(options: Options, lifeline: bool, ready_fd: int | None) -> int:
    from rehearse.foreground import run_foreground

    return run_foreground(options, lifeline=lifeline, ready_fd=ready_fd)


def _detach(state_dir: Path, limit_s: int) -> None:
    """Run this very command again without --detach, show what it says and wait for its word."""
    arguments = [a for a in sys.argv[1:] if a != "--detach"]
    state_dir.mkdir(parents=True, exist_ok=True)
    read_end, write_end = os.pipe()
    with (state_dir / "up.log").open("w") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "rehearse", *arguments, "--ready-fd", str(write_end)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(write_end,),
            start_new_session=True,
        )
    os.close(write_end)
    try:
        ready = _await_word(read_end, state_dir / "up.log", limit_s)
    except KeyboardInterrupt:
        child.terminate()
        child.wait(DOWN_LIMIT_S)
        fail("interrupted", code=INTERRUPTED)
    if ready is None:
        child.terminate()
        fail(f"the plane was not ready within {limit_s} s; see {state_dir / 'up.log'}")
    if not ready:
        sys.exit(child.wait(DOWN_LIMIT_S) or 1)


def _await_word(read_end: int, log: Path, limit_s: int) -> bool | None:
    """Show the log as it grows: true when the plane is ready, false when it ended, None: late."""
    deadline = time.monotonic() + limit_s
    with log.open() as said:
        while time.monotonic() < deadline:
            told, _, _ = select.select([read_end], [], [], LOOK_EVERY_S)
            word = bool(told) and bool(os.read(read_end, 16))
            click.echo(said.read(), err=True, nl=False)
            if told:
                return word
    return None


@click.command()
@state_option
def down(state_dir: Path) -> None:
    """Stop the local Fargate; nothing of it is left.

    With no plane on the default state directory, that is the one of `docker compose`, with its
    volumes.
    """
    pid = find_pid(state_dir)
    if pid is None:
        if state_dir != STATE_DIR or not composed.remove():
            click.echo(f"no plane runs on {state_dir}, nor in containers", err=True)
        return
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + DOWN_LIMIT_S
    while find_pid(state_dir) is not None:
        if time.monotonic() > deadline:
            fail(f"pid {pid} did not stop within {DOWN_LIMIT_S} s", hint="kill it")
        time.sleep(0.02)
    click.echo("stopped", err=True)
