"""The reference pages, one function each."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
from typing import Any

import click

from docs.operations import operations
from docs.table import code, table
from infra.local.runtime import images as catalogue
from infra.local.settings import DEFAULT, INFRA, Container
from infra.local.tempo import PROFILES, Profile, load_profile
from rehearse.cli import all_commands
from rehearse.cli import cli as cli_group

WORDS = {"integer": "a number", "float": "a number", "path": "a path", "directory": "a folder"}

__all__ = ["cli", "images", "operations", "settings", "tempo"]


def cli() -> str:
    """The page on `rehearse`."""
    parts = [
        "# Commands",
        cli_group.help or "",
        "Data goes to stdout, talk to stderr. An error is one sentence, often with a `hint:`."
        " Wrong usage is exit code 64. `rehearse --version` prints the version; `-h` or `--help`"
        " works on every command. The load has commands of its own: see"
        " [loadtest](../../loadtest/README.md).",
    ]
    parts += [_command(name, command) for name, command in all_commands().items()]
    return "\n\n".join(parts)


def _command(name: str, command: click.Command) -> str:
    shown = [p for p in command.params if not getattr(p, "hidden", False)]
    options = [p for p in shown if isinstance(p, click.Option)]
    usage = " ".join(["rehearse", name, *(["[OPTIONS]"] if options else []), *_arguments(command)])
    parts = [f"## {name}", command.help or "", f"    {usage}"]
    if options:
        parts.append(table(("option", "takes", "default", "meaning"), map(_option, options)))
    return "\n\n".join(parts)


def _arguments(command: click.Command) -> list[str]:
    context = click.Context(command)
    return [p.make_metavar(context) for p in command.params if isinstance(p, click.Argument)]


def _option(option: click.Option) -> tuple[str, str, str, str]:
    default = option.default if isinstance(option.default, (str, int)) else None
    known = default is not None and not option.is_flag
    repeated = " (any number of times)" if option.multiple else ""
    return (
        ", ".join(map(code, option.opts)),
        "-" if option.is_flag else _taken(option.type) + repeated,
        code(str(default)) if known else _path_default(option),
        option.help or "",
    )


def _taken(kind: click.ParamType[Any, Any]) -> str:
    if isinstance(kind, click.Choice):
        return " or ".join(code(str(choice)) for choice in kind.choices)
    if isinstance(kind, (click.IntRange, click.FloatRange)):
        words = [f"from {kind.min}" if kind.min is not None else ""]
        words.append(f"to {kind.max}" if kind.max is not None else "")
        return " ".join(["a number", *filter(None, words)])
    return WORDS.get(kind.name, "text")


def _path_default(option: click.Option) -> str:
    shown = option.show_default and option.default is not None and not option.is_flag
    return code(str(option.default)) if shown else "-"


def settings() -> str:
    """The page on the settings file, from its schema and the file as it is."""
    schema = json.loads((INFRA / "app.schema.json").read_text())
    values = json.loads(DEFAULT.read_text())
    service = next(iter(values["services"]))
    parts = [
        "# Settings",
        "`infra/app.tfvars.json` describes the whole stack; `rehearse up` applies it through the"
        " AWS APIs. `infra/app.schema.json` is its schema, and a file that does not follow it is"
        " refused with the place and the reason. `rehearse up --settings FILE` takes another file."
        " Every setting but `container` is required: nothing has a hidden default. Durations are"
        " unscaled seconds. R4.20 and the like are [rules of AWS](aws-rules.md).",
        _settings_table("The stack", _leaves(schema, schema, values)),
        _settings_table(
            f"A service, here {code(service)} (below `services.{service}`)",
            _leaves(schema["$defs"]["service"], schema, values["services"][service]),
        ),
    ]
    return "\n\n".join(parts)


def _settings_table(title: str, rows: Iterator[tuple[str, str, str, str]]) -> str:
    return f"## {title}\n\n" + table(("setting", "takes", "value", "meaning"), rows)


def _leaves(
    node: Mapping[str, Any], schema: Mapping[str, Any], value: object, path: str = ""
) -> Iterator[tuple[str, str, str, str]]:
    for name, child in node.get("properties", {}).items():
        here, now = f"{path}{name}", value.get(name) if isinstance(value, dict) else None
        inner = next((c for c in child.get("anyOf", ()) if "properties" in c), child)
        if "properties" in inner:
            if inner is not child:
                yield code(here), "an object, or null for none", "-", child.get("description", "")
            elif name == "container":
                yield code(here), "an object", "left out", child["description"]
                now = asdict(Container())
            yield from _leaves(inner, schema, now, f"{here}.")
        elif name != "services":
            yield code(here), _kind(child), code(json.dumps(now)), child.get("description", "")


def _kind(node: Mapping[str, Any]) -> str:
    if "enum" in node:
        return "one of " + ", ".join(code(str(choice)) for choice in node["enum"])
    if "const" in node:
        return code(str(node["const"]))
    if "anyOf" in node:
        return " or ".join(_kind(choice) for choice in node["anyOf"])
    if "maximum" in node:
        return f"{node['minimum']} to {node['maximum']}"
    if node["type"] == "array":
        return f"a list of {node['items']['type']}s"
    return {"boolean": "true or false", "object": "names and texts"}.get(node["type"], "text")


def images() -> str:
    """The page on the image catalogue."""
    path = INFRA / "images.toml"
    header = [line[1:].strip() for line in path.read_text().splitlines() if line.startswith("#")]
    found = catalogue.load(path).images.values()
    rows = (
        (
            code(image.name),
            ", ".join(map(code, image.tags)),
            code(" ".join(image.command)),
            ", ".join(map(code, image.durations)),
            ", ".join(code(f"{k}={v}") for k, v in image.environment.items()),
        )
        for image in found
    )
    parts = [
        "# Images",
        "`infra/images.toml` stands in for a registry in the process runtime. Its own words:",
        "```text\n" + "\n".join(header) + "\n```",
        "`rehearse up --images FILE` takes another catalogue. A registry before the name"
        " (`123456789012.dkr.ecr.eu-central-1.amazonaws.com/order-api:1`) is left out of account;"
        " a digest is made from name and tag.",
        table(("image", "tags", "command", "durations", "environment"), rows),
    ]
    return "\n\n".join(parts)


def tempo() -> str:
    """The page on the latency profiles, from the profiles themselves."""
    comments = _comments((PROFILES / "aws.toml").read_text())
    fast, aws = load_profile("fast"), load_profile("aws")
    rows = (
        (code(f.name), _range(fast, f.name), _range(aws, f.name), comments.get(f.name, ""))
        for f in fields(Profile)
    )
    parts = [
        "# Tempo profiles",
        "How slow the control plane itself is, in unscaled seconds. `rehearse up --tempo NAME`"
        " takes `fast`, `aws` or a file of the same form as `infra/local/tempos/aws.toml`. A value"
        " is drawn from each range by `--seed`: once per service for what the scheduler waits for,"
        " once per task for `provisioning` and `pull`, once per plane for `propagation`.",
        table(("knob", "fast", "aws", "meaning"), rows),
        "The ranges of `aws` are what a handful of published traces show, not guarantees:"
        " see [not like AWS](../not-like-aws.md#calibrated-guesses).",
    ]
    return "\n\n".join(parts)


def _comments(text: str) -> dict[str, str]:
    tomllib.loads(text)  # a profile that cannot be read fails here, not as an empty column
    rows = (line.partition("#") for line in text.splitlines() if "=" in line)
    return {before.partition("=")[0].strip(): after.strip() for before, _, after in rows}


def _range(profile: Profile, knob: str) -> str:
    low, high = getattr(profile, knob)
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"
