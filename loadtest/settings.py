"""What a load is told: options for both commands, read once into `Settings`."""

import argparse
import math
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from loadtest.scenarios import SCENARIOS

WRONG_USAGE = 64  # exit code
REQUEST_LIMIT_S = 10.0  # real seconds a request may take beyond its intended length
DRAIN_LIMIT_S = 5.0  # real seconds that requests in flight get at the end, beyond the longest
EXPORT_LIMIT_S = 30.0  # the longest export that order-api serves
MOST_INFLIGHT = 4000  # connections one generator process keeps up with
MOST_TIME_SCALE = 20.0


class SettingsError(ValueError):
    """An option is wrong. The message is one sentence with a hint."""


@dataclass(frozen=True, slots=True)
class Settings:
    """One load. `duration_s` is real seconds, `longest_s` is divided by the time scale."""

    host: str
    rate: float
    record: Path | None
    time_scale: float
    duration_s: float | None
    ca: Path | None
    longest_s: float
    seed: int
    scenario: str

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
        return min(MOST_INFLIGHT, 100 + math.ceil(self.rate * (REQUEST_LIMIT_S + 1)))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options, with their defaults, on argparse's or Locust's parser."""
    add = parser.add_argument
    add("--rate", type=float, default=100.0, help="arrivals per real second, all kinds together")
    add("--record", default="", help="SQLite file to write one row per request to")
    add("--time-scale", type=float, default=1.0, help="what modelled durations are divided by")
    add("--duration", type=float, default=0.0, help="real seconds of arrivals; 0: no end")
    add("--ca", default="", help="PEM file with the CA to trust instead of the system's")
    add("--longest", type=float, default=15.0, help="unscaled seconds that long exports take")
    add("--seed", type=int, default=1, help="decides which arrival is what")
    add("--scenario", default="mixed", choices=sorted(SCENARIOS), help="which mix of requests")


def read_settings(options: argparse.Namespace | None) -> Settings:
    """Check the options. Raises SettingsError. Locust parses them before it runs anything."""
    assert options is not None
    settings = Settings(
        host=str(options.host or "").rstrip("/"),
        rate=float(options.rate),
        record=Path(options.record) if options.record else None,
        time_scale=float(options.time_scale),
        duration_s=float(options.duration) or None,
        ca=Path(options.ca) if options.ca else None,
        longest_s=float(options.longest),
        seed=int(options.seed),
        scenario=str(options.scenario),
    )
    _check_host(settings.host)
    _check_numbers(settings)
    _check_paths(settings)
    return settings


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
    _check_range("--rate", settings.rate, 0.01, 100_000)
    _check_range("--time-scale", settings.time_scale, 1, MOST_TIME_SCALE)
    _check_range("--longest", settings.longest_real_s * settings.time_scale, 0.01, 86_400)
    if settings.duration_s is not None:
        _check_range("--duration", settings.duration_s, 0.001, 604_800)
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
    if settings.ca is not None and not settings.ca.is_file():
        raise SettingsError(f"--ca {settings.ca} is not a file; hint: give a CA in PEM format")
    if settings.record is not None and not settings.record.parent.is_dir():
        raise SettingsError(
            f"--record {settings.record} is in no existing folder; hint: create the folder first"
        )
