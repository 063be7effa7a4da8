"""`rehearse import`: an existing service as settings that `rehearse up` accepts."""

import json
from pathlib import Path
from typing import Any

import click

from infra.checklist.documents import DocumentError
from infra.imports.notes import Kind, Note
from infra.imports.source import Source, read_files
from infra.imports.stack import Imported, convert
from infra.imports.written import IMAGES, SETTINGS, files
from rehearse.accounts import account
from rehearse.errors import USAGE, fail


@click.command("import")
@click.option(
    "--state",
    "states",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Terraform's state or plan: `terraform show -json`, or the raw state file.",
)
@click.option("--cluster", help="Ask AWS for this cluster, by read-only calls of boto3.")
@click.option("--service", "services", multiple=True, help="Only this service (default: all).")
@click.option("--endpoint-url", help="Ask this endpoint instead of AWS: a local plane, LocalStack.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("rehearsal"),
    show_default=True,
    help="Where the files go.",
)
@click.option("--force", is_flag=True, help="Overwrite files that are there and differ.")
@click.option("--json", "as_json", is_flag=True, help="What was imported, as JSON on stdout.")
def import_(
    states: tuple[Path, ...],
    cluster: str | None,
    services: tuple[str, ...],
    endpoint_url: str | None,
    out: Path,
    force: bool,
    as_json: bool,
) -> None:
    """Make settings and a catalogue of images of services that exist, to rehearse them here.

    Give --state (any number of times), or --cluster.
    """
    if bool(states) == (cluster is not None):
        fail(
            "give one of --state and --cluster",
            code=USAGE,
            hint="rehearse import --cluster shop --service web",
        )
    if states and endpoint_url:
        fail("--endpoint-url goes with --cluster", code=USAGE)
    try:
        source = read_files(states, services) if states else _ask(cluster, services, endpoint_url)
        imported = convert(source)
    except DocumentError as error:
        fail(str(error), code=USAGE, hint=error.hint)
    written = _write(imported, source.facts.source, out, force)
    _tell(imported, out)
    if as_json:
        click.echo(json.dumps(_document(imported, written), indent=2))


def _ask(cluster: str | None, services: tuple[str, ...], endpoint: str | None) -> Source:
    from infra.imports.live import read  # with boto3, which files need not wait for

    assert cluster is not None
    return read(account(endpoint), cluster, services)


def _write(imported: Imported, source: str, out: Path, force: bool) -> list[Path]:
    """Write all files, or none where one is there that says something else."""
    title = f"Rehearsing {', '.join(imported.settings['services'])}"
    texts = {out / name: text for name, text in files(imported, title, source, str(out)).items()}
    try:
        for path, text in texts.items():
            if path.exists() and not force and path.read_text(encoding="utf-8") != text:
                fail(
                    f"{path} is there already, and differs",
                    code=USAGE,
                    hint="--force overwrites it; --out takes another folder",
                )
        out.mkdir(parents=True, exist_ok=True)
        for path, text in texts.items():
            path.write_text(text, encoding="utf-8")
    except (OSError, ValueError) as error:
        fail(f"{out} cannot be written: {error}", code=USAGE, hint="give another --out")
    return list(texts)


def _tell(imported: Imported, out: Path) -> None:
    """What became of it on stderr, what is to be done last."""
    for kind in (Kind.LEFT, Kind.CHANGED, Kind.FILL):
        found = [one for one in imported.notes if one.kind is kind]
        if found:
            click.echo(f"{kind}:", err=True)
        for one in found:
            click.echo(f"  {one.text}", err=True)
    click.echo(f"imported {', '.join(imported.settings['services'])} into {out}", err=True)
    up = f"rehearse up --settings {out / SETTINGS}"
    click.echo(f"replace each TODO of {out / IMAGES}, then: {up} --images {out / IMAGES}", err=True)
    click.echo(f"or, where its images can be pulled: {up} --runtime docker", err=True)


def _document(imported: Imported, written: list[Path]) -> dict[str, Any]:
    return {
        "services": list(imported.settings["services"]),
        "files": [str(path) for path in written],
        "notes": [_note(one) for one in imported.notes],
    }


def _note(one: Note) -> dict[str, str]:
    return {
        "kind": one.kind.value,
        "service": one.service,
        "what": one.what,
        "why": one.why,
        "do": one.do,
    }
