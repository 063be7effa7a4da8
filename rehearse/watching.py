"""`rehearse watch`: follow a deployment that somebody else started, by reading only."""

import json
import shlex
import shutil
import sys
from pathlib import Path

import click

from chaos.account import Account
from chaos.errors import DrillError, UsageError
from chaos.following.live import LiveLanes
from chaos.following.place import locate
from chaos.following.readonly import refuse_writes
from chaos.following.source import ServiceSource
from chaos.following.watcher import Vigil
from chaos.following.watcher import watch as keep_watch
from chaos.outcome import Outcome
from chaos.suite import judge_folder, make_folder
from chaos.table import render_table
from chaos.target import TargetOptions
from chaos.textlanes import draw_text_lanes
from chaos.verdict import to_document
from chaos.watch import Observed
from rehearse.deploying import find_options, target_options, timeout_option
from rehearse.errors import USAGE, fail, ignore_signals
from rehearse.talking import Talk


def _checked_url(
    _context: click.Context, _parameter: click.Parameter, url: str | None
) -> str | None:
    if url is not None and not url.startswith(("http://", "https://")):
        raise click.BadParameter(f"{url!r} does not begin with http:// or https://")
    return url


@click.command()
@click.argument("service")
@click.option(
    "--url", callback=_checked_url, help="Probe this URL, too: a GET, a few times a second."
)
@click.option(
    "--probe-rate",
    type=click.FloatRange(min=0.1, max=50),
    default=5,
    show_default=True,
    help="Probes per real second.",
)
@click.option("--ca-file", help="The authority behind an HTTPS URL.")
@click.option(
    "--wait-for",
    type=click.FloatRange(min=0),
    default=600,
    show_default=True,
    help="How long to wait for a deployment if none is under way, in real seconds.",
)
@timeout_option
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Where the run folder goes.",
)
@click.option("--json", "as_json", is_flag=True, help="The verdict as JSON.")
@target_options
def watch(
    service: str,
    url: str | None,
    probe_rate: float,
    ca_file: str | None,
    wait_for: float,
    timeout: float,
    out: Path,
    as_json: bool,
    target: str,
    endpoint_url: str | None,
    cluster: str,
    region: str | None,
) -> None:
    """Follow a deployment that anybody started; changes nothing, judges what it did."""
    options = find_options(target, endpoint_url, cluster, region, url, ca_file)
    talk, lanes = Talk(), LiveLanes()

    def show(observed: Observed) -> None:
        talk.show(*lanes.look(observed))

    vigil = Vigil(
        next_seconds=wait_for,
        limit_seconds=timeout,
        probe_url=url or "",
        probe_rate=probe_rate,
        lanes=talk.live,
        command=shlex.join(["rehearse", *sys.argv[1:]]),
        say=talk.say,
        show=show,
    )
    folder = _watch(service, options, vigil, out)
    ignore_signals()
    talk.end()
    sys.exit(_judge(folder, talk, as_json=as_json))


def _watch(service: str, options: TargetOptions, vigil: Vigil, out: Path) -> Path:
    """Watch into a new run folder; ends the command if there is nothing to watch."""
    try:
        clients, place = locate(options)
        account = Account(refuse_writes(clients), place, (service,))
        ServiceSource(clients, options.cluster, service).check_controller()
        folder = make_folder(out, "watch", service)
        vigil.say(f"watching {service}: {folder}")
        keep_watch(account, vigil, folder)
    except UsageError as error:
        fail(str(error), code=USAGE)
    except (DrillError, OSError) as error:
        fail(f"not observed: {error}", code=Outcome.INVALID.exit_code)
    return folder


def _judge(folder: Path, talk: Talk, *, as_json: bool) -> int:
    """Judge the run folder as `rehearse judge` does; the exit code."""
    history, verdict = judge_folder(folder)
    lanes = draw_text_lanes(history)
    if as_json:
        click.echo(json.dumps(to_document(verdict), indent=2))
    else:
        width = shutil.get_terminal_size((100, 24)).columns
        click.echo(render_table(verdict, colour=sys.stdout.isatty(), width=width))
    if lanes:
        talk.say(lanes)
    talk.say(f"report: {folder / 'report.html'}")
    return verdict.outcome.exit_code
