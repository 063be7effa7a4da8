"""`rehearse check`: the design checklist as a command."""

import json
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import click

from infra.checklist.check import check as judge
from infra.checklist.check import read_files
from infra.checklist.documents import DocumentError, Kind
from infra.checklist.exchange import as_junit, as_sarif
from infra.checklist.report import Report, as_document, as_text
from infra.checklist.rules import RULES
from infra.checklist.waivers import WaiverFile, read_waivers
from rehearse.errors import USAGE, fail

FILE = click.Path(path_type=Path)
FORMATS = ("table", "json", "sarif", "junit")
FAILED, UNKNOWN = 1, 2


@click.command()
@click.option(
    "--state",
    "states",
    type=FILE,
    multiple=True,
    help="A state: `terraform show -json`, or the raw file.",
)
@click.option(
    "--plan", "plans", type=FILE, multiple=True, help="A plan: `terraform show -json PLAN`."
)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", help="What goes to stdout."
)
@click.option("--waivers", type=FILE, help="TOML: findings that are let be, and what to expect.")
@click.option("--strict", is_flag=True, help="Exit code 2 if anything is unknown.")
def check(
    states: tuple[Path, ...],
    plans: tuple[Path, ...],
    form: str,
    waivers: Path | None,
    strict: bool,
) -> None:
    """Check a design before it is released: exit code 1 if a rule of severity error is broken.

    Give --state or --plan, any number of times: the network may have a state of its own.
    """
    if bool(states) == bool(plans):
        fail(
            "give either --state or --plan",
            code=USAGE,
            hint="terraform show -json > state.json && rehearse check --state state.json",
        )
    try:
        said = read_waivers(waivers, [one.id for one in RULES]) if waivers else WaiverFile()
        facts = read_files(states or plans, Kind.STATE if states else Kind.PLAN)
    except DocumentError as error:
        fail(str(error), code=USAGE, hint=error.hint)
    report = judge(facts, said, datetime.now(UTC).date())
    _print(report, form)
    if report.errors:
        sys.exit(FAILED)
    if strict and report.unknown:
        sys.exit(UNKNOWN)


def _print(report: Report, form: str) -> None:
    """The report on stdout; in other formats than the table, the summary and notes on stderr."""
    if form == "table":
        click.echo(as_text(report))
        return
    if form == "junit":
        click.echo(as_junit(report), nl=False)
    elif form == "sarif":
        click.echo(json.dumps(as_sarif(report, version("ecs-rehearsal"), RULES), indent=2))
    else:
        click.echo(json.dumps(as_document(report), indent=2))
    for note in report.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(f"{report.source}: {report.summary}", err=True)
