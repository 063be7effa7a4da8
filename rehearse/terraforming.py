"""`rehearse terraform`: the root that a plane was brought up from, changed and applied again."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import click

from infra.local.runtime.launcher import die_with_parent
from infra.local.terraform.errors import NoRootError, TerraformError
from infra.local.terraform.root import Root
from infra.local.terraform.running import Terraform, check_installed
from rehearse.errors import INTERRUPTED, USAGE, fail
from rehearse.lookups import ask_status
from rehearse.running import state_option

GOOD_OR_GOING = ("SUCCESSFUL", "IN_PROGRESS", "PENDING")
Status = Mapping[str, Any]


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@state_option
@click.argument("arguments", nargs=-1, required=True, type=click.UNPROCESSED)
def terraform(state_dir: Path, arguments: tuple[str, ...]) -> None:
    """Run terraform on the root that `up --terraform` applied: `rehearse terraform apply`.

    ARGUMENTS are terraform's own. State, backend and AWS are the plane's: nothing is written to
    the root's directory and nothing leaves this machine. The exit code is terraform's; after a
    failure the deployments that did not end well are named.
    """
    before = ask_status(state_dir)
    run = _find(state_dir, before)
    words = [*run.init(), *arguments[1:]] if arguments[0] == "init" else ["terraform", *arguments]
    code = _run(words, run.root.work, run.environment(arguments[0]))
    if code:
        for line in _failures(before, ask_status(state_dir)):
            click.echo(line, err=True)
    sys.exit(code)


def _find(state_dir: Path, facts: Status) -> Terraform:
    directory = facts.get("terraform")
    if not directory:
        fail(
            "this plane was brought up from a settings file, not by Terraform",
            code=USAGE,
            hint="start one with `rehearse up --terraform DIR`",
        )
    try:
        check_installed()
        root = Root(Path(directory), state_dir)
    except NoRootError as error:
        fail(str(error), code=USAGE)
    except TerraformError as error:
        fail(str(error), hint=error.hint)
    found = Terraform(root, facts["endpoint"], facts["region"], facts["time_scale"])
    found.prepare()
    return found


def _run(words: list[str], directory: Path, environment: Mapping[str, str]) -> int:
    """Run terraform on this terminal; Ctrl-C, SIGTERM and our end let it end what it is at."""
    interrupted = partial(die_with_parent, signal.SIGINT) if sys.platform == "linux" else None
    child = subprocess.Popen(words, cwd=directory, env=dict(environment), preexec_fn=interrupted)
    with _signals_for(child) as came:
        code = child.wait()
    if came:
        return INTERRUPTED
    return code if code >= 0 else 128 - code


@contextmanager
def _signals_for(child: "subprocess.Popen[bytes]") -> Iterator[list[int]]:
    """Pass SIGTERM on as the interrupt that terraform knows; a terminal's Ctrl-C it gets itself."""
    came: list[int] = []

    def take(number: int, frame: FrameType | None) -> None:
        came.append(number)
        if number == signal.SIGTERM:
            child.send_signal(signal.SIGINT)

    old = {number: signal.signal(number, take) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)


def _failures(before: Status, after: Status) -> Iterator[str]:
    """The deployments that began since and did not end well, each with why a task of it stopped."""
    known = {service["name"]: service["last_deployment"]["at_ms"] for service in before["services"]}
    for service in after["services"]:
        last = service["last_deployment"]
        if last["at_ms"] == known.get(service["name"]) or last["status"] in GOOD_OR_GOING:
            continue
        reasons = [
            (task["since_ms"], task["stopped_reason"])
            for task in service["tasks"]
            if task["stopped_reason"] and task["since_ms"] >= last["at_ms"]
        ]
        why = f" The first of its tasks that stopped: {min(reasons)[1]}" if reasons else ""
        yield f"{service['name']}: {last['status']}: {last['reason']}{why}"
