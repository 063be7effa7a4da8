"""Looking at a running plane: `env`, `status`, `events`, `logs`."""

import json
import shlex
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
import httpx

from infra.local.runtime.logs import read
from rehearse.errors import fail
from rehearse.here import find_here
from rehearse.keys import access_key, secret_key
from rehearse.running import state_option


def find_plane(state_dir: Path) -> dict[str, Any]:
    """What the plane on the state directory published; ends the command if there is none."""
    plane = find_here(state_dir)
    if plane is None:
        fail(
            f"no plane runs on {state_dir}",
            hint="start one with `rehearse up --detach`, or `docker compose up --wait`",
        )
    return plane


def ask_status(state_dir: Path) -> dict[str, Any]:
    """The plane's status document."""
    plane = find_plane(state_dir)
    try:
        answer = httpx.get(f"{plane['endpoint']}/_rehearse/status", timeout=5)
    except httpx.HTTPError as error:
        fail(f"the plane at {plane['endpoint']} does not answer: {error}")
    found: dict[str, Any] = answer.json()
    return found


@click.command()
@state_option
def env(state_dir: Path) -> None:
    """Print shell exports that point AWS clients at the plane: `eval "$(rehearse env)"`."""
    plane = find_plane(state_dir)
    variables = {
        "AWS_ENDPOINT_URL": plane["endpoint"],
        "AWS_DEFAULT_REGION": plane["region"],
        "AWS_REGION": plane["region"],
        "AWS_ACCESS_KEY_ID": access_key(),
        "AWS_SECRET_ACCESS_KEY": secret_key(),
        "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
        "REHEARSE_URL": plane["url"],
    }
    if Path(plane["ca_file"]).exists():  # not that of a plane in a container
        variables["REHEARSE_CA_FILE"] = plane["ca_file"]
    for name, value in variables.items():
        click.echo(f"export {name}={shlex.quote(value)}")


@click.command()
@state_option
@click.option("--json", "as_json", is_flag=True, help="The whole status as JSON.")
def status(state_dir: Path, as_json: bool) -> None:
    """Show the services, their deployments and tasks."""
    found = ask_status(state_dir)
    if as_json:
        click.echo(json.dumps(found, indent=2))
        return
    for service in found["services"]:
        word = "steady" if service["steady"] else "not steady"
        click.echo(f"{service['name']}: {service['desired']} desired, {word}")
        for deployment in service["deployments"]:
            click.echo(f"  {deployment['task_definition']:<22} {deployment['rollout']}")
        last = service["last_deployment"]
        if last["status"] not in ("SUCCESSFUL", "IN_PROGRESS"):
            click.echo(f"  last deployment {last['status']}: {last['reason']}")
        for task in service["tasks"]:
            if task["status"] != "STOPPED":
                targets = ", ".join(task["targets"].values()) or "-"
                click.echo(
                    f"  {task['id'][:8]}  {task['status']:<14} {targets:<10} "
                    f"{task['task_definition']:<18} {task['zone']}  {task['address'] or '-'}"
                )


@click.command()
@click.argument("service")
@state_option
def events(service: str, state_dir: Path) -> None:
    """Show a service's last events, oldest first."""
    found = ask_status(state_dir)["services"]
    chosen = next((s for s in found if s["name"] == service), None)
    if chosen is None:
        names = ", ".join(s["name"] for s in found)
        fail(f"there is no service {service!r}", hint=f"there are: {names}")
    for event in reversed(chosen["events"]):
        at = datetime.fromtimestamp(event["at_ms"] / 1000, tz=UTC)
        click.echo(f"{at:%H:%M:%S.%f}"[:-3] + f"  {event['message']}")


@click.command()
@click.argument("task")
@state_option
@click.option("--container", default="app", show_default=True, help="The container's name.")
def logs(task: str, state_dir: Path, container: str) -> None:
    """Print what a task's container wrote; TASK is its id or the beginning of it."""
    plane = find_here(state_dir)
    if plane is not None and plane.get("composed"):
        from rehearse.tasklogs import composed_log

        lines = composed_log(plane, task, container)
    else:
        lines = _file_log(state_dir, task, container)
    for line in lines:
        click.echo(line)


def _file_log(state_dir: Path, task: str, container: str) -> Iterator[str]:
    root = state_dir / "logs"
    folders = sorted(p for p in root.glob(f"{task}*") if p.is_dir()) if root.is_dir() else []
    if len(folders) != 1:
        fail(f"{len(folders)} tasks begin with {task!r}", hint="`rehearse status` lists them")
    file = folders[0] / f"{container}.log"
    if not file.exists():
        names = ", ".join(sorted(p.stem for p in folders[0].glob("*.log")))
        fail(f"the task has no container {container!r}", hint=f"it has: {names}")
    return (line for _, line in read(file, limit=100_000))
