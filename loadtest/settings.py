"""What a load is told: options for both commands, read once into `Settings`."""

import argparse
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from loadtest.mixes import MIXES
from loadtest.shapes import SCENARIOS, Shape, constant, make_shape

WRONG_USAGE = 64  # exit code
REQUEST_LIMIT_S = 10.0  # real seconds a request may take beyond its intended length
DRAIN_LIMIT_S = 5.0  # real seconds that requests in flight get at the end, beyond the longest
EXPORT_LIMIT_S = 30.0  # the longest export that order-api serves
MOST_INFLIGHT = 4000  # connections one generator process keeps up with
MOST_TIME_SCALE = 20.0
HEADERS = "LOAD_HEADERS"  # environment variable: like --header, one header a line
HEADER_HELP = f"'Name: value' to send, any number of times; or in {HEADERS}, one a line"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_OURS = ("x-request-id", "idempotency-key", "content-type", "content-length", "connection")


class SettingsError(ValueError):
    """An option is wrong. The message is one sentence with a hint."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One load. `longest_s` is divided by the time scale; the shape is in real seconds.

    `headers` go with every request; they may hold a secret, and are never recorded or printed.
    """

    host: str
    scenario: str
    shape: Shape
    record: Path | None
    time_scale: float
    ca: Path | None
    longest_s: float
    seed: int
    mix: str
    path: str  # empty: the mix's requests
    headers: Mapping[str, str] = field(repr=False)

    @property
    def longest_real_s(self) -> float:
        return self.longest_s / self.time_scale

    @property
    def drain_s(self) -> float:
        """How long requests in flight may take once arrivals have stopped, in real seconds."""
        return self.longest_real_s + DRAIN_LIMIT_S

    @property
    def inflight_limit(self) -> int:
        """Enough slots for every arrival to wait until its timeout, within reason."""
        return min(MOST_INFLIGHT, 100 + math.ceil(self.shape.peak * (REQUEST_LIMIT_S + 1)))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options, with their defaults, on argparse's or Locust's parser.

    `--header` is declared by the caller: Locust's page must not show it.
    """
    add = parser.add_argument
    add("--scenario", default="steady", choices=list(SCENARIOS), help="how the rate changes")
    add("--rate", type=float, default=0.0, help="arrivals per real second at the peak")
    add("--duration", type=float, default=0.0, help="real seconds of arrivals")
    add("--mix", default="mixed", choices=sorted(MIXES), help="which requests")
    add("--path", default="", help="GET this path of your own instead of the mix's requests")
    add("--record", default="", help="SQLite file to write one row per request to")
    add("--time-scale", type=float, default=1.0, help="what modelled durations are divided by")
    add("--ca", default="", help="PEM file with the CA to trust instead of the system's")
    add("--longest", type=float, default=15.0, help="unscaled seconds that long exports take")
    add("--seed", type=int, default=1, help="decides which arrival is what")


def read_settings(options: argparse.Namespace | None, host: str | None = None) -> Settings:
    """Check the options. Raises SettingsError. Locust parses them before it runs anything.

    `host` is what Locust's page or master says, which goes before the option.
    """
    assert options is not None
    settings = Settings(
        host=str(host or options.host or "").rstrip("/"),
        scenario=str(options.scenario),
        shape=_read_shape(options),
        record=Path(options.record) if options.record else None,
        time_scale=float(options.time_scale),
        ca=Path(options.ca) if options.ca else None,
        longest_s=float(options.longest),
        seed=int(options.seed),
        mix=str(options.mix),
        path=str(options.path),
        headers=read_headers(options.header or os.environ.get(HEADERS, "").split("\n")),
    )
    _check_host(settings.host)
    _check_numbers(settings)
    _check_paths(settings)
    return settings


def _read_shape(options: argparse.Namespace) -> Shape:
    """0 is the scenario's own rate; a duration of 0 its own time or, of a steady one, no end."""
    scenario, rate, seconds = SCENARIOS[options.scenario], options.rate, options.duration
    if rate != 0:
        _check_range("--rate", float(rate), 0.01, 100_000)
    if seconds != 0:
        _check_range("--duration", float(seconds), 0.001, 604_800)
    elif scenario.steady:
        return constant(float(rate or scenario.rate))
    return make_shape(options.scenario, rate, seconds)


def read_headers(given: Sequence[str]) -> dict[str, str]:
    """Headers by name. Raises SettingsError, which never shows a value."""
    found = {}
    for number, text in enumerate(filter(None, given), start=1):
        name, colon, value = text.partition(":")
        if not (colon and _TOKEN.fullmatch(name) and value.strip().isprintable() and value.strip()):
            raise SettingsError(
                f"header {number} is no header; hint: write it as 'Authorization: Bearer ...'"
            )
        if name.lower() in _OURS:
            raise SettingsError(f"--header {name} is set by the load itself; hint: leave it out")
        found[name.lower()] = value.strip()
    return found


def _check_host(host: str) -> None:
    try:
        parts = urlsplit(host)
        known = parts.scheme in ("http", "https") and parts.port != 0
    except ValueError:
        parts, known = urlsplit(""), False
    if not (known and parts.hostname):
        raise SettingsError(
            f"--host is {host!r}, not a URL; hint: give one like http://127.0.0.1:8080"
        )


def _check_numbers(settings: Settings) -> None:
    _check_range("--time-scale", settings.time_scale, 1, MOST_TIME_SCALE)
    _check_range("--longest", settings.longest_real_s * settings.time_scale, 0.01, 86_400)
    if settings.longest_real_s > EXPORT_LIMIT_S:
        raise SettingsError(
            f"--longest {settings.longest_s:g} at --time-scale {settings.time_scale:g} asks for an "
            f"export of {settings.longest_real_s:g} s; hint: order-api serves at most "
            f"{EXPORT_LIMIT_S:g} s"
        )


def _check_range(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise SettingsError(f"{name} is {value:g}; hint: it must be {least:g} to {most:g}")


def _check_paths(settings: Settings) -> None:
    if settings.path and not re.fullmatch(r"/[!-~]*", settings.path):
        raise SettingsError(f"--path is {settings.path!r}; hint: give one like /cart/1?full=1")
    if settings.ca is not None and not settings.ca.is_file():
        raise SettingsError(f"--ca {settings.ca} is not a file; hint: give a CA in PEM format")
    if settings.record is not None and not settings.record.parent.is_dir():
        raise SettingsError(
            f"--record {settings.record} is in no existing folder; hint: create the folder first"
        )
