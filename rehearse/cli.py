"""The command `rehearse`: one click group, one module per family of commands."""

import sys

import click

from rehearse import drilling, lookups, running
from rehearse.errors import INTERRUPTED, USAGE, fail


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="ecs-rehearsal")
def cli() -> None:
    """Rehearse an ECS-on-Fargate release on this machine before AWS does it for real."""


COMMANDS = (
    running.up,
    running.down,
    lookups.env,
    lookups.status,
    lookups.events,
    lookups.logs,
    drilling.drill,
    drilling.judge,
    drilling.report,
)
for command in COMMANDS:
    cli.add_command(command)


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
