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
from infra.checklist.facts import Facts
from infra.checklist.report import Report, as_document, as_text
from infra.checklist.rules import RULES
from infra.checklist.waivers import WaiverFile, read_waivers
from rehearse.accounts import account
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
@click.option("--live", is_flag=True, help="Ask AWS, by read-only calls of boto3.")
@click.option("--endpoint-url", help="Ask this endpoint instead: a local plane, LocalStack.")
@click.option("--cluster", help="Only this cluster's services; with --live or --endpoint-url.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default="table", help="What goes to stdout."
)
@click.option("--waivers", type=FILE, help="TOML: findings that are let be, and what to expect.")
@click.option("--strict", is_flag=True, help="Exit code 2 if anything is unknown.")
def check(
    states: tuple[Path, ...],
    plans: tuple[Path, ...],
    live: bool,
    endpoint_url: str | None,
    cluster: str | None,
    form: str,
    waivers: Path | None,
    strict: bool,
) -> None:
    """Check a design before it is released: exit code 1 if a rule of severity error is broken.

    Give one of --state, --plan (each any number of times), --live and --endpoint-url.
    """
    given = [bool(states), bool(plans), live, endpoint_url is not None]
    if sum(given) != 1:
        fail(
            "give one of --state, --plan, --live and --endpoint-url",
            code=USAGE,
            hint="terraform show -json > state.json && rehearse check --state state.json",
        )
    if cluster and not (live or endpoint_url):
        fail("--cluster goes with --live or --endpoint-url", code=USAGE)
    try:
        said = read_waivers(waivers, [one.id for one in RULES]) if waivers else WaiverFile()
        facts = _facts(states, plans, endpoint_url, cluster)
    except DocumentError as error:
        fail(str(error), code=USAGE, hint=error.hint)
    report = judge(facts, said, datetime.now(UTC).date())
    _print(report, form)
    if report.errors:
        sys.exit(FAILED)
    if strict and report.unknown:
        sys.exit(UNKNOWN)


def _facts(
    states: tuple[Path, ...], plans: tuple[Path, ...], endpoint: str | None, cluster: str | None
) -> Facts:
    if states or plans:
        return read_files(states or plans, Kind.STATE if states else Kind.PLAN)
    from infra.checklist.live import facts_of  # with boto3, which files need not wait for

    return facts_of(account(endpoint), cluster)


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
