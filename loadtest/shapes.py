"""How the rate of arrivals changes over a load: scenarios as stages of a rate.

Pure: the due time of arrival n is arithmetic on n and the stages, so it cannot drift, and several
processes can share the arrivals of one shape.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

STRESS_STAGES = 10
SPIKE_BASE = 0.2  # of the spike's rate, before and after it
_WHOLE = 1e-9  # arrivals: what rounding may add to a whole number of them


@dataclass(frozen=True, slots=True)
class Stage:
    """A stretch of real `seconds` in which arrivals per second go evenly from `first` to `last`."""

    seconds: float
    first: float
    last: float

    @property
    def arrivals(self) -> float:
        return self.seconds * (self.first + self.last) / 2

    def due_s(self, arrivals: float) -> float:
        """When, from the stage's start, so many arrivals have come: `first t + slope t^2 / 2`."""
        if self.first == self.last:
            return arrivals / self.first
        slope = (self.last - self.first) / self.seconds
        root = math.sqrt(max(0.0, self.first**2 + 2 * slope * arrivals))
        return 2 * arrivals / (self.first + root) if arrivals else 0.0


@dataclass(frozen=True, slots=True)
class Shape:
    """Stages, one after the other; the last may have no end (`math.inf` seconds)."""

    stages: Sequence[Stage]
    _begun_s: Sequence[float] = field(init=False, repr=False, compare=False)
    _begun: Sequence[float] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        begun_s = tuple(accumulate((s.seconds for s in self.stages), initial=0.0))
        begun = tuple(accumulate((s.arrivals for s in self.stages), initial=0.0))
        object.__setattr__(self, "_begun_s", begun_s)
        object.__setattr__(self, "_begun", begun)

    @property
    def seconds(self) -> float:
        return self._begun_s[-1]

    @property
    def peak(self) -> float:
        """The highest rate, in arrivals per second."""
        return max(max(stage.first, stage.last) for stage in self.stages)

    @property
    def endless(self) -> bool:
        return math.isinf(self.seconds)

    def has(self, number: int) -> bool:
        """True if arrival `number`, from 0, is due before the end."""
        return number < self._begun[-1] - _WHOLE

    def offset_ms(self, number: int) -> float:
        """When arrival `number` is due, in real milliseconds from the start of the load."""
        index = bisect_right(self._begun, number, hi=len(self.stages)) - 1
        return 1000 * (self._begun_s[index] + self.stages[index].due_s(number - self._begun[index]))

    def __str__(self) -> str:
        """Like `30@20-200,60@200`: seconds at a rate, or from one rate to another."""
        return ",".join(map(_text, self.stages))


def _text(stage: Stage) -> str:
    rates = [stage.first] if stage.first == stage.last else [stage.first, stage.last]
    return f"{stage.seconds:g}@{'-'.join(f'{rate:g}' for rate in rates)}"


def constant(rate: float, seconds: float = math.inf) -> Shape:
    return Shape((Stage(seconds, rate, rate),))


def _ramp(rate: float, seconds: float) -> Shape:
    """Three quarters rising from nothing, one quarter at the rate."""
    return Shape((Stage(seconds * 0.75, 0, rate), Stage(seconds * 0.25, rate, rate)))


def _spike(rate: float, seconds: float) -> Shape:
    """Two fifths at the base, one fifth at the rate, at once, two fifths at the base again."""
    base = Stage(seconds * 0.4, rate * SPIKE_BASE, rate * SPIKE_BASE)
    return Shape((base, Stage(seconds * 0.2, rate, rate), base))


def _stress(rate: float, seconds: float) -> Shape:
    """Equal steps up to the rate."""
    rates = [rate * step / STRESS_STAGES for step in range(1, STRESS_STAGES + 1)]
    return Shape(tuple(Stage(seconds / STRESS_STAGES, each, each) for each in rates))


@dataclass(frozen=True, slots=True)
class Scenario:
    """A shape of load with the rate (arrivals per second, at its peak) and real time it has by
    default. `steady` ones have one rate and may go on without end.
    """

    purpose: str
    rate: float
    seconds: float
    make: Callable[[float, float], Shape] = constant

    @property
    def steady(self) -> bool:
        return self.make is constant


SCENARIOS: Mapping[str, Scenario] = {
    "smoke": Scenario("does it answer at all: a few requests", 5, 20),
    "steady": Scenario("one rate: what a release must hold", 100, 60),
    "ramp": Scenario("rising from nothing for three quarters, then held", 100, 120, _ramp),
    "spike": Scenario("a fifth of the rate, all of it at once, a fifth again", 200, 60, _spike),
    "soak": Scenario("one rate for long: leaks, full disks, rotating things", 50, 3600),
    "stress": Scenario(
        f"{STRESS_STAGES} equal steps up to the rate, until the service does not keep up",
        1000,
        150,
        _stress,
    ),
}


def make_shape(name: str, rate: float | None = None, seconds: float | None = None) -> Shape:
    """A scenario's shape; its own rate and time where none is given."""
    scenario = SCENARIOS[name]
    return scenario.make(rate or scenario.rate, seconds or scenario.seconds)
