"""`rehearse load`: load of a scenario on any URL, with thresholds, and a verdict."""

import argparse
import os
import re
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import click

from chaos import suite
from chaos.errors import DrillError, UsageError
from chaos.loads.baseline import check_comparable, read_baseline
from chaos.loads.merge import MergeOrder, merge_loads, read_parts
from chaos.loads.runner import LoadOrder, name_load_folder, place_of_url, run_load
from chaos.loads.setup import STRESS, LoadSetup, RateStage
from chaos.loads.thresholds import choose_thresholds, parse_threshold
from chaos.options import SuiteOptions
from chaos.outcome import Outcome
from chaos.resolve import resolve
from chaos.target import Place, Target, TargetOptions
from loadtest.mixes import MIXES
from loadtest.settings import HEADERS, SettingsError, add_options, read_headers, read_settings
from loadtest.shapes import SCENARIOS, Shape, Stage
from rehearse.errors import USAGE, fail, ignore_signals, signals_interrupt
from rehearse.here import find_here

SECONDS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}


out_option = click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("runs"),
    show_default=True,
    help="Where the run folder goes.",
)


class Duration(click.ParamType[float, str]):
    """Real time, like 90s, 5m or 1h."""

    name = "duration"

    def convert(
        self, value: str, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        found = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", value)
        if found is None or float(found[1]) == 0:
            self.fail(f"{value!r} is no duration; hint: like 90s, 5m or 1h", param, ctx)
        return float(found[1]) * SECONDS[found[2]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the command line asks for."""

    scenario: str
    url: str | None
    rate: float | None
    duration: float | None
    processes: int
    fail_on: tuple[str, ...]
    keep_going: bool
    baseline: Path | None
    mix: str
    longest: float
    header: tuple[str, ...] = field(repr=False)
    ca: str | None
    seed: int
    time_scale: float
    target: str
    endpoint_url: str | None
    cluster: str
    region: str | None
    out: Path


@click.command()
@click.argument("scenario", type=click.Choice(list(SCENARIOS)))
@click.option("--url", help="Where to send load (default: the load balancer of the plane here).")
@click.option("--rate", type=click.FloatRange(0.01, 100_000), help="Arrivals/s at the peak.")
@click.option("--duration", type=Duration(), help="Real time of arrivals, like 90s or 5m.")
@click.option(
    "--processes",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
    help="Generators that share the arrivals.",
)
@click.option("--fail-on", multiple=True, metavar="EXPR", help="A threshold, like 'p99<250ms'.")
@click.option("--keep-going", is_flag=True, help="Do not end early when a threshold is lost.")
@click.option(
    "--baseline",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The run folder of an earlier load to compare with.",
)
@click.option(
    "--mix",
    type=click.Choice(sorted(MIXES)),
    default="mixed",
    show_default=True,
    help="Which requests.",
)
@click.option("--longest", type=float, default=15, show_default=True, help="Long exports' seconds.")
@click.option(
    "--header",
    multiple=True,
    help=f"'Name: value' to send; better in {HEADERS}, where none sees it.",
)
@click.option("--ca", help="PEM file with the CA to trust instead of the system's.")
@click.option(
    "--seed", type=int, default=1, show_default=True, help="Decides which request is what."
)
@click.option(
    "--time-scale",
    type=click.FloatRange(1, 20),
    default=1,
    show_default=True,
    help="With --url alone: what --longest is divided by. A cluster says its own.",
)
@click.option(
    "--target",
    type=click.Choice(["local", "aws"]),
    default="local",
    show_default=True,
    help="Where the services run; aws: watch their cluster, too.",
)
@click.option("--endpoint-url", help="The AWS endpoint (default: the plane that runs here).")
@click.option("--cluster", default="rehearsal", show_default=True, help="The ECS cluster.")
@click.option("--region", help="The AWS Region.")
@out_option
def load(**given: Any) -> None:  # noqa: ANN401 - click's
    """Put load on a service, and judge whether it kept its thresholds."""
    with signals_interrupt():
        sys.exit(_run(Wish(**given)))


def _run(wish: Wish) -> int:
    try:
        order = make_order(wish)
        folder = name_load_folder(wish.out, wish.scenario)
        folder.mkdir(parents=True)
    except (UsageError, SettingsError) as error:
        refuse(error)
    except (DrillError, OSError) as error:
        fail(str(error), code=Outcome.INVALID.exit_code)
    run_load(order, folder)
    ignore_signals()
    return show_verdict(folder)


def refuse(error: Exception) -> NoReturn:
    """The caller is wrong: exit code 64, with the error's sentence and its hint."""
    sentence, _, hint = str(error).replace("--host", "--url").partition("; hint: ")
    fail(sentence, code=USAGE, hint=hint or None)


def show_verdict(folder: Path) -> int:
    """Judge the run folder and print verdict and figures; the exit code."""
    width = shutil.get_terminal_size((100, 24)).columns
    code = suite.judge(folder, SuiteOptions(colour=sys.stdout.isatty(), width=width))
    click.echo(f"report: {folder / 'report.html'}", err=True)
    return code


def make_order(wish: Wish) -> LoadOrder:
    """What to run. Raises UsageError or SettingsError when the caller is wrong."""
    place, target = _find_place(wish)
    settings = read_settings(_load_options(wish, place))
    return LoadOrder(
        setup=_make_setup(wish, settings.shape),
        place=place,
        target=target,
        rate=settings.shape.peak,
        longest_seconds=wish.longest,
        seed=wish.seed,
        headers=settings.headers,
        environment={HEADERS: "\n".join(f"{k}: {v}" for k, v in settings.headers.items())},
        command=_command(wish),
        say=lambda text: click.echo(text, err=True),
    )


def _find_place(wish: Wish) -> tuple[Place, Target | None]:
    """A cluster where one is known, else the URL alone."""
    if wish.url and wish.target == "local" and wish.endpoint_url is None:
        return place_of_url(wish.url, wish.ca, wish.time_scale), None
    here = find_here()
    endpoint = wish.endpoint_url or (here["endpoint"] if here and wish.target == "local" else None)
    if wish.target == "local" and endpoint is None:
        raise UsageError("no plane runs here; hint: give --url, or start one with `rehearse up`")
    found = resolve(
        TargetOptions(
            kind=wish.target,
            endpoint_url=endpoint,
            cluster=wish.cluster,
            url=wish.url,
            ca_file=wish.ca,
            region=wish.region,
        )
    )
    return found.place, found


def _load_options(wish: Wish, place: Place) -> argparse.Namespace:
    """The options of `python -m loadtest`, so that it refuses here what it would refuse there."""
    parser = argparse.ArgumentParser()
    add_options(parser)  # what is not given here has its default
    given = {
        "host": place.url,
        "scenario": wish.scenario,
        "rate": wish.rate or 0.0,
        "duration": wish.duration or SCENARIOS[wish.scenario].seconds,
        "mix": wish.mix,
        "record": "",
        "time_scale": place.time_scale,
        "ca": place.ca_file or "",
        "longest": wish.longest,
        "seed": wish.seed,
        "header": list(wish.header),
    }
    return argparse.Namespace(**(vars(parser.parse_args([])) | given))


def _make_setup(wish: Wish, shape: Shape) -> LoadSetup:
    stress, baseline = wish.scenario == STRESS, wish.baseline
    thresholds = choose_thresholds(wish.fail_on, stress=stress, baseline=baseline is not None)
    _check_endpoints(thresholds, wish.mix)
    compared, earlier = read_baseline(baseline) if baseline else (None, None)
    setup = LoadSetup(
        scenario=wish.scenario,
        mix=wish.mix,
        stages=tuple(
            RateStage(seconds=s.seconds, first=s.first, last=s.last) for s in shape.stages
        ),
        thresholds=thresholds,
        processes=wish.processes,
        keep_going=wish.keep_going,
        baseline=compared,
    )
    if baseline is not None and earlier is not None:
        check_comparable(setup, earlier, baseline)
    return setup


def _stage(stage: Stage) -> RateStage:
    return RateStage(seconds=stage.seconds, first=stage.first, last=stage.last)


def _check_endpoints(thresholds: tuple[str, ...], mix: str) -> None:
    known = [kind.value for kind in MIXES[mix]]
    for text in thresholds:
        endpoint = parse_threshold(text).endpoint
        if endpoint is not None and endpoint not in known:
            raise UsageError(
                f"{text!r}: the mix {mix} sends nothing to {endpoint}; hint: it sends"
                f" {', '.join(known)}"
            )


def _command(wish: Wish) -> str:
    """How to run it again; without headers, which may be secret."""
    given: Mapping[str, object] = {
        "--url": wish.url,
        "--rate": wish.rate,
        "--duration": wish.duration,
        "--mix": wish.mix if wish.mix != "mixed" else None,
        "--processes": wish.processes if wish.processes > 1 else None,
        "--baseline": wish.baseline,
    }
    words = [f"{name}={value}" for name, value in given.items() if value is not None]
    words += [f"--fail-on={text}" for text in wish.fail_on]
    return shlex.join(["rehearse", "load", wish.scenario, *words])


@click.command()
@click.argument(
    "sources",
    nargs=-1,
    required=True,
    type=click.Path(exists=True, path_type=Path),
    metavar="RECORD...",
)
@click.option("--fail-on", multiple=True, metavar="EXPR", help="A threshold, like 'p99<250ms'.")
@click.option("--url", help="Where to ask for the orders (default: where the load was sent).")
@click.option("--ca", help="PEM file with the CA to trust instead of the system's.")
@click.option("--header", multiple=True, help=f"'Name: value' to send; or in {HEADERS}.")
@out_option
def merge(
    sources: tuple[Path, ...],
    fail_on: tuple[str, ...],
    url: str | None,
    ca: str | None,
    header: tuple[str, ...],
    out: Path,
) -> None:
    """Merge what the workers of one load recorded on several machines, and judge the whole."""
    try:
        scenario = read_parts(sources)[0].meta["scenario"]
        order = MergeOrder(
            sources=sources,
            thresholds=choose_thresholds(fail_on, stress=scenario == STRESS, baseline=False),
            url=url,
            ca_file=ca,
            headers=read_headers(header or os.environ.get(HEADERS, "").split("\n")),
        )
        folder = name_load_folder(out, scenario)
        merge_loads(order, folder)
    except (UsageError, SettingsError) as error:
        refuse(error)
    sys.exit(show_verdict(folder))
