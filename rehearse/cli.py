"""The command `rehearse`: one click group, one module per family of commands.

A command's module is imported when it is called: `up` must start fast and stay small, and needs
nothing of what drills need.
"""

import sys
from importlib import import_module
from keyword import iskeyword

import click

from rehearse.errors import INTERRUPTED, USAGE, fail

MODULES = {
    "up": "running",
    "down": "running",
    "terraform": "terraforming",
    "env": "lookups",
    "status": "lookups",
    "events": "lookups",
    "logs": "lookups",
    "deploy": "deploying",
    "watch": "watching",
    "check": "checking",
    "import": "importing",
    "drill": "drilling",
    "load": "loading",
    "merge": "loading",
    "judge": "drilling",
    "report": "drilling",
}


class Commands(click.Group):
    """The commands of MODULES, in that order."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in MODULES:
            return None
        return _load(cmd_name)


def all_commands() -> dict[str, click.Command]:
    """Every command by its name; imports all of them."""
    return {name: _load(name) for name in MODULES}


def _load(name: str) -> click.Command:
    """The function of that name; one that Python keeps for itself has a _ behind it."""
    module = import_module(f"rehearse.{MODULES[name]}")
    command: click.Command = getattr(module, f"{name}_" if iskeyword(name) else name)
    return command


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ecs-rehearsal")
def cli() -> None:
    """Rehearse an ECS-on-Fargate release on this machine before AWS does it for real."""


def main() -> None:
    """Run the command line. Wrong usage is exit code 64; Ctrl-C is 130."""
    try:
        sys.exit(cli.main(standalone_mode=False) or 0)
    except click.UsageError as error:
        error.show()
        sys.exit(USAGE)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        fail("interrupted", code=INTERRUPTED)
