"""What load was asked for: the part of run.json that only loads have."""

from collections.abc import Iterator
from dataclasses import dataclass

STRESS = "stress"
ALL = "all"  # stands for all endpoints together


@dataclass(frozen=True, slots=True, kw_only=True)
class RateStage:
    """Arrivals per second go evenly from `first` to `last` over so many real seconds."""

    seconds: float
    first: float
    last: float

    @property
    def arrivals(self) -> float:
        return self.seconds * (self.first + self.last) / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What was measured of one endpoint, or of all; None where no good request says it.

    Latencies are of good requests, in real milliseconds from the scheduled time; `rps` is good
    answers per real second.
    """

    requests: int
    good: int
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    errors_percent: float | None
    rps: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointMeasures:
    """One endpoint over the whole run, and in equal parts of it, one after the other."""

    endpoint: str
    whole: Measure
    parts: tuple[Measure, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """An earlier run to compare with; `folder` is its name."""

    folder: str
    endpoints: tuple[EndpointMeasures, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadSetup:
    """`thresholds` are expressions; `keep_going`: not ended early when one cannot be met."""

    scenario: str
    mix: str
    stages: tuple[RateStage, ...]
    thresholds: tuple[str, ...]
    processes: int = 1
    keep_going: bool = False
    baseline: Baseline | None = None

    @property
    def seconds(self) -> float:
        return sum(stage.seconds for stage in self.stages)

    @property
    def arrivals(self) -> int:
        return int(sum(stage.arrivals for stage in self.stages) + 1e-6)

    def spans(self) -> Iterator[tuple[RateStage, float, float]]:
        """Each stage with its begin and end, in real milliseconds from the start of the load."""
        begin_ms = 0.0
        for stage in self.stages:
            end_ms = begin_ms + stage.seconds * 1000
            yield stage, begin_ms, end_ms
            begin_ms = end_ms
