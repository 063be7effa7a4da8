"""A drill of a service that takes no orders: another load, and no check that asks for orders."""

import argparse
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from chaos.suite import judge_folder
from loadtest.mixes import Kind, Mix
from loadtest.settings import Settings, SettingsError, add_options, read_settings
from tests.chaos.builder import RunBuilder, deployment

ORDERS = "every acknowledged order exactly once"
DRAINED = "no request to a drained target"


def settings(*words: str) -> Settings:
    parser = argparse.ArgumentParser()
    add_options(parser)
    parser.add_argument("--host", default="http://127.0.0.1:8080")
    parser.add_argument("--header", action="append")
    return read_settings(parser.parse_args(words))


def test_every_arrival_asks_for_the_path() -> None:
    mix = Mix({Kind.OWN_PATH: 1}, 1, ("",), 0, settings("--path", "/cart/ann?full=1").path)
    calls = [mix.call(number, ()) for number in range(20)]
    assert {(one.method, one.path, one.write) for one in calls} == {
        ("GET", "/cart/ann?full=1", None)
    }
    assert {200, 204, 302} <= calls[0].expected
    assert not {404, 500, 503} & calls[0].expected


@pytest.mark.parametrize("path", ["cart", "/a b", "http://x/"])
def test_what_is_no_path_is_refused(path: str) -> None:
    with pytest.raises(SettingsError, match="--path is"):
        settings("--path", path)


def without_tasks(run: RunBuilder) -> None:
    run.requests = [replace(one, task=None) for one in run.requests]


@pytest.mark.parametrize(
    ("path", "change", "left_out"),
    [
        ("", lambda run: None, set()),
        ("/cart", lambda run: None, {ORDERS}),
        ("/cart", without_tasks, {ORDERS, DRAINED}),
    ],
)
def test_what_is_judged(
    path: str, change: Callable[[RunBuilder], None], left_out: set[str], tmp_path: Path
) -> None:
    run = deployment()
    run.run = replace(run.run, path=path)
    change(run)
    _, verdict = judge_folder(run.write(tmp_path / "run"))
    found = {one.check for one in verdict.findings}
    assert {ORDERS, DRAINED} - found == left_out
    assert "no request failed" in found
    assert verdict.outcome.value == "PASS", verdict.reason
