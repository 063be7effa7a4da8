"""`rehearse drill`, `rehearse judge` and `rehearse report`."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import click

from chaos import suite
from chaos.drills import all_drills, core_drills
from chaos.options import SuiteOptions
from chaos.target import TargetOptions
from infra.local.options import SCALE_MAX
from rehearse.errors import signals_interrupt
from rehearse.here import find_here
from rehearse.ownplane import OwnPlane, own_plane
from rehearse.running import RUNTIMES, stop_order_option

OWN_SCALE = 10


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--list",
    "listed",
    is_flag=True,
    help="List the drills, one per line; those of the core set run when none is named.",
)
@click.option(
    "--variant",
    type=click.Choice(suite.VARIANTS),
    default="fixed",
    show_default=True,
    help="both: broken must FAIL for its cause and fixed must PASS.",
)
@click.option(
    "--target",
    type=click.Choice(["local", "aws"]),
    default="local",
    show_default=True,
    help="Where the services run.",
)
@click.option("--endpoint-url", help="The AWS endpoint (default: the plane that runs here).")
@click.option("--cluster", default="rehearsal", show_default=True, help="The ECS cluster.")
@click.option("--service", "services", multiple=True, help="A service to drill (default: all).")
@click.option("--url", help="Where to send load (default: the services' load balancer).")
@click.option("--path", default="", help="GET this path of your own service as the load.")
@click.option("--region", help="The AWS Region.")
@click.option("--rate", type=click.FloatRange(min=1), help="Arrivals per real second.")
@click.option("--arrivals", type=click.IntRange(min=1), help="At least this many arrivals.")
@click.option(
    "--time-scale", type=click.IntRange(1, SCALE_MAX), help="Of the drill's own plane (default 10)."
)
@click.option("--tempo", default="fast", show_default=True, help="Of the drill's own plane.")
@click.option(
    "--runtime",
    type=click.Choice(RUNTIMES),
    default="process",
    show_default=True,
    help="Of the drill's own plane: what a task is.",
)
@stop_order_option
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Decides which request is what."
)
@click.option("--plan", is_flag=True, help="Print targets and steps; act on nothing.")
@click.option("--allow-settings", is_flag=True, help="On AWS: allow changes of settings.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Where run folders and the report go.",
)
def drill(
    names: tuple[str, ...],
    listed: bool,
    variant: str,
    target: str,
    endpoint_url: str | None,
    cluster: str,
    services: tuple[str, ...],
    url: str | None,
    path: str,
    region: str | None,
    rate: float | None,
    arrivals: int | None,
    time_scale: int | None,
    tempo: str,
    runtime: str,
    stop_task_order: str,
    seed: int,
    plan: bool,
    allow_settings: bool,
    out: Path,
) -> None:
    """Rehearse: break something under load, judge what happened, undo it."""
    if listed:
        for each in all_drills():
            mark = "core" if each in core_drills() else ""
            click.echo(f"{each.name:<16} {mark:<5} {each.question}")
        return
    options = SuiteOptions(
        out=out,
        rate=rate,
        arrivals=arrivals,
        seed=seed,
        path=path,
        colour=sys.stdout.isatty(),
        width=shutil.get_terminal_size((100, 24)).columns,
    )

    def run(endpoint: str | None) -> int:
        chosen = TargetOptions(
            kind=target,
            endpoint_url=endpoint,
            cluster=cluster,
            services=services,
            url=url,
            region=region,
            allow_settings=allow_settings,
        )
        return suite.run_suite(names, variant, chosen, plan_only=plan, options=options)

    with signals_interrupt():
        own = OwnPlane(time_scale or OWN_SCALE, tempo, stop_task_order, runtime)
        sys.exit(_with_plane(target, endpoint_url, own, run))


@click.command()
@click.argument("run_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
def judge(run_dir: Path) -> None:
    """Judge a recorded run again, from its folder alone."""
    sys.exit(suite.judge(run_dir))


@click.command()
@click.argument("run_dir", type=click.Path(exists=True, file_okay=False, path_type=Path))
def report(run_dir: Path) -> None:
    """Draw a recorded run's report again, from its folder alone."""
    sys.exit(suite.report(run_dir))


def _with_plane(
    target: str, endpoint: str | None, own: OwnPlane, run: Callable[[str | None], int]
) -> int:
    """Run on the endpoint given, on the plane that runs here, or on one of the drill's own."""
    here = find_here()
    if target == "aws" or endpoint is not None or here is not None:
        return run(endpoint or (here["endpoint"] if here and target == "local" else None))
    click.echo("starting a plane of the drill's own", err=True)
    with own_plane(own) as started:
        return run(started)
