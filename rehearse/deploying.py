"""`rehearse deploy`: a new revision of a service, and the truth about how its deployment ended."""

import json
import shlex
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import reduce
from typing import Any

import click

from chaos.errors import UsageError
from chaos.following.deploy import Answer, Wish
from chaos.following.deploy import deploy as carry_out
from chaos.following.facts import Fate
from chaos.following.follow import Pace
from chaos.following.place import locate
from chaos.following.revision import Change
from chaos.following.source import ServiceSource
from chaos.outcome import Outcome
from chaos.target import TargetOptions, revision_of
from rehearse.errors import USAGE, fail, ignore_signals
from rehearse.here import find_here
from rehearse.talking import Talk

LOCAL_INTERVAL_SECONDS = 0.3
AWS_INTERVAL_SECONDS = 3.0
Command = Callable[..., Any]  # click's decorators wrap any function

TARGET_OPTIONS = (
    click.option(
        "--target",
        type=click.Choice(["local", "aws"]),
        default="local",
        show_default=True,
        help="Where the service runs.",
    ),
    click.option("--endpoint-url", help="The AWS endpoint (default: the plane that runs here)."),
    click.option("--cluster", default="rehearsal", show_default=True, help="The ECS cluster."),
    click.option("--region", help="The AWS Region."),
)


timeout_option = click.option(
    "--timeout",
    type=click.FloatRange(min=1),
    default=1800,
    show_default=True,
    help="How long to follow it, in real seconds.",
)


def target_options(command: Command) -> Command:
    """The options that name a target, as `rehearse drill` has them."""
    return reduce(lambda made, option: option(made), reversed(TARGET_OPTIONS), command)


def find_options(
    target: str,
    endpoint_url: str | None,
    cluster: str,
    region: str | None,
    url: str | None = None,
    ca_file: str | None = None,
) -> TargetOptions:
    """The plane that runs here, if the caller names no endpoint and does not mean AWS."""
    here = find_here() if target == "local" and endpoint_url is None else None
    endpoint = endpoint_url or (here["endpoint"] if here else None)
    return TargetOptions(
        kind=target,
        endpoint_url=endpoint,
        cluster=cluster,
        region=region,
        url=url,
        ca_file=ca_file,
    )


@click.command()
@click.argument("service")
@click.option("--image", help="The image to run.")
@click.option(
    "--build", is_flag=True, help="Build the service's image from this checkout, and run that."
)
@click.option("--env", "env", multiple=True, metavar="K=V", help="A variable to set.")
@click.option("--command", help="The command to run, as a shell would split it.")
@click.option("--container", help="The container to change (default: the load balancer's).")
@click.option("--force", is_flag=True, help="A new deployment even if nothing is to change.")
@click.option(
    "--wait/--no-wait",
    default=True,
    show_default=True,
    help="Follow the deployment to its end; without, exit code 0 means only that it started.",
)
@timeout_option
@click.option(
    "--rollback-on-interrupt", is_flag=True, help="On Ctrl-C tell ECS to roll the deployment back."
)
@click.option("--json", "as_json", is_flag=True, help="The result as JSON.")
@target_options
def deploy(
    service: str,
    image: str | None,
    build: bool,
    env: tuple[str, ...],
    command: str | None,
    container: str | None,
    force: bool,
    wait: bool,
    timeout: float,
    rollback_on_interrupt: bool,
    as_json: bool,
    target: str,
    endpoint_url: str | None,
    cluster: str,
    region: str | None,
) -> None:
    """Deploy a new revision; exit code 0 only if that revision is what runs at the end."""
    if build and (image or target != "local"):
        raise click.UsageError("--build goes with the local plane, and without --image")
    change = Change(
        image=image,
        environment=dict(map(_pair, env)),
        command=None if command is None else tuple(shlex.split(command)),
        container=container or "",
    )
    options = find_options(target, endpoint_url, cluster, region)
    talk = Talk()
    pace = _pace(talk, target, timeout)
    source = _source(options, service)
    if build:
        change = replace(change, image=_built(source, change.container))
    wish = Wish(change=change, force=force, wait=wait, roll_back=rollback_on_interrupt)
    answer = carry_out(source, wish, pace)
    ignore_signals()
    talk.end()
    _tell(answer, options, as_json=as_json)
    sys.exit(answer.exit_code)


def _pace(talk: Talk, target: str, timeout: float) -> Pace:
    return Pace(
        interval_seconds=LOCAL_INTERVAL_SECONDS if target == "local" else AWS_INTERVAL_SECONDS,
        limit_seconds=timeout,
        say=talk.say,
        show=talk.show,
    )


def _source(options: TargetOptions, service: str) -> ServiceSource:
    try:
        clients, _ = locate(options)
    except UsageError as error:
        fail(str(error), code=USAGE)
    return ServiceSource(clients, options.cluster, service)


def _built(source: ServiceSource, container: str) -> str:
    """The image built for the service that runs on containers here."""
    from rehearse.building import build_next

    here = find_here()
    if here is not None and here.get("runtime") == "process":
        fail(
            "--build is for tasks in containers: here they run from this checkout as it is",
            hint=f"rehearse deploy {source.service} --force",
        )
    try:
        raw = source.raw_service()
        definition, _ = source.definition(raw["taskDefinition"])
    except UsageError as error:
        fail(str(error), code=USAGE)
    balanced = next((b["containerName"] for b in raw.get("loadBalancers", ())), "")
    return build_next(definition, container, balanced)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise click.BadParameter(f"{text!r} is not NAME=VALUE", param_hint="--env")
    return name, value


def _tell(answer: Answer, options: TargetOptions, *, as_json: bool) -> None:
    """Data on stdout; the reason, why, and what to do next on stderr."""
    if as_json:
        click.echo(json.dumps(answer.document(), indent=2))
    elif answer.deployment:
        word = answer.fate.value if answer.fate else "STARTED"
        click.echo(f"{word} {revision_of(answer.task_definition)} {answer.deployment}")
    good = answer.exit_code == Outcome.PASS.exit_code
    click.echo(
        f"{answer.service}: {answer.reason}" if good else f"rehearse: {answer.reason}", err=True
    )
    for sentence in answer.why:
        click.echo(f"  - {sentence}", err=True)
    if answer.deployment and answer.fate in (None, Fate.TIMED_OUT, Fate.NOT_KNOWN):
        click.echo(f"hint: to go on watching: {watch_command(answer.service, options)}", err=True)


def watch_command(service: str, options: TargetOptions) -> str:
    """The command that follows this service's deployment."""
    words = ["rehearse", "watch", service]
    if options.kind != "local":
        words += ["--target", options.kind]
    named = (("--endpoint-url", options.endpoint_url), ("--region", options.region))
    for name, value in (("--cluster", options.cluster), *named):
        if value and (name, value) != ("--cluster", "rehearsal"):
            words += [name, value]
    return shlex.join(words)
