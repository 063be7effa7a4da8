# mypy: untyped-calls-exclude=locust
"""The load as a locustfile: `locust -f loadtest/locustfile.py --host URL --rate 200`.

Locust's own options all work, its web page and its workers too. `--users` does not set the load,
`--rate` does: one user per process is the clock.
"""

import sys

from locust import events  # first: it patches the standard library for gevent
from locust.argument_parser import LocustArgumentParser
from locust.env import Environment

from loadtest.ending import HARNESS_FAILED
from loadtest.honest import DishonestError, check_honesty, forbid_retries
from loadtest.session import Session
from loadtest.settings import HEADER_HELP, WRONG_USAGE, SettingsError, add_options, read_settings
from loadtest.start import Starter
from loadtest.users import MixUser

__all__ = ["MixUser"]


def declare(parser: LocustArgumentParser) -> None:
    """Add our options to Locust's command line and page."""
    add_options(parser)
    parser.add_argument("--header", action="append", help=HEADER_HELP, include_in_web_ui=False)


def prepare(environment: Environment, **_: object) -> None:
    """Check options and client; the process ends with one sentence if they are wrong."""
    options = environment.parsed_options
    assert options is not None
    if options.master:
        options.num_users = max(options.num_users or 1, options.expect_workers)
        options.spawn_rate = options.num_users  # all workers begin together
    try:
        if options.headless and not options.worker:
            read_settings(options)
        forbid_retries()
        starter = MixUser.starter = Starter(environment)
        starter.attach()
        Session(environment).attach()  # first: a worker may be told to start while we test
        check_honesty()
    except (SettingsError, DishonestError) as error:
        sys.stderr.write(f"loadtest: {error}\n")
        wrong = isinstance(error, SettingsError)
        raise SystemExit(WRONG_USAGE if wrong else HARNESS_FAILED) from error


events.init_command_line_parser.add_listener(declare)
events.init.add_listener(prepare)
