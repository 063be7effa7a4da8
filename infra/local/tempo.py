"""How slow the control plane is: named knobs, each a range in unscaled seconds.

`fast` has no artificial latency; `aws` is calibrated on real event traces (R1.4, R1.25, R2.4,
R2.13, R1.23; docs/not-like-aws.md lists which numbers are guesses). A file of the same form gives
a profile of one's own. Every service draws its values once, from the plane's seed.
"""

import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from infra.local.scheduler.model import Tempo

PROFILES = Path(__file__).parent / "tempos"


class WrongProfileError(Exception):
    """The profile file cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Ranges (low, high) in unscaled seconds."""

    provisioning: tuple[float, float]
    pull: tuple[float, float]
    register: tuple[float, float]
    stop_tick: tuple[float, float]
    stop_old: tuple[float, float]
    replace: tuple[float, float]
    terminate: tuple[float, float]
    complete: tuple[float, float]
    propagation: tuple[float, float]
    throttle: tuple[float, float]

    def draw(self, knob: str, seed: str, scale: int) -> int:
        """One value of a knob in scaled milliseconds; the same seed gives the same value."""
        low, high = getattr(self, knob)
        drawn = random.Random(f"{seed}/{knob}").uniform(low, high)  # noqa: S311 - not a secret
        return round(drawn * 1000 / scale)

    def tempo(self, seed: str, scale: int) -> Tempo:
        """The scheduler's latencies for one service."""
        drawn = {name: self.draw(name, seed, scale) for name in _SCHEDULER_KNOBS}
        return Tempo(
            **{f"{name}_ms": value for name, value in drawn.items()},
            unchecked_ms=40_000 // scale,
            throttle_max_ms=1_620_000 // scale,
        )


_SCHEDULER_KNOBS = (
    "stop_tick",
    "register",
    "stop_old",
    "replace",
    "terminate",
    "complete",
    "throttle",
)


def load_profile(name: str) -> Profile:
    """The profile `fast` or `aws`, or the one in the file of that name.

    Raises WrongProfileError when there is no such file, or a knob is missing, unknown or no range.
    """
    path = PROFILES / f"{name}.toml"
    if not path.exists():
        path = Path(name)
    try:
        document = tomllib.loads(path.read_text())
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WrongProfileError(
            f"tempo {name!r} is neither 'fast' nor 'aws' nor a readable profile: {error}"
        ) from error
    return _parse(document, path)


def _parse(document: Mapping[str, object], path: Path) -> Profile:
    knobs = [f.name for f in fields(Profile)]
    wrong = sorted(set(document) ^ set(knobs))
    if wrong:
        raise WrongProfileError(f"{path}: missing or unknown knob {wrong[0]!r}; known: {knobs}")
    return Profile(**{name: _range(document[name], name, path) for name in knobs})


def _range(value: object, name: str, path: Path) -> tuple[float, float]:
    match value:
        case [int() | float() as low, int() | float() as high] if 0 <= low <= high <= 3600:
            return float(low), float(high)
    raise WrongProfileError(f"{path}: {name} is {value!r}; give [low, high] seconds, 0 to 3600")
