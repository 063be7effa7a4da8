"""How a load ends by itself: when its duration is over, or when it fails as a harness."""

import sys

import gevent
from locust.env import Environment

HARNESS_FAILED = 2  # exit code; failed requests are no failure of the load


def end_load(environment: Environment) -> None:
    """Ask Locust to stop the users and exit, or, where its web page is open, just to stop."""
    runner, options = environment.runner, environment.parsed_options
    assert runner is not None
    assert options is not None
    alone = options.headless or options.worker
    gevent.spawn(runner.quit if alone else runner.stop)


def fail_load(environment: Environment, sentence: str) -> None:
    """End the load with exit code 2 and one sentence on stderr, once."""
    if environment.process_exit_code == HARNESS_FAILED:
        return
    environment.process_exit_code = HARNESS_FAILED
    sys.stderr.write(f"loadtest: {sentence}\n")
    end_load(environment)
