"""What was run: the contents of run.json."""

from dataclasses import dataclass

from chaos.loads.setup import LoadSetup

UNFINISHED = "UNFINISHED"  # run.json's ending while the runner works, and after kill -9


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSetup:
    """A service as it was before the drill. `stop_timeout` in seconds, unscaled."""

    name: str
    task_definition: str
    desired_count: int
    minimum_healthy_percent: int
    groups: tuple[str, ...]
    stop_timeout: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the judge holds the run to. Names end in their unit; `real` is not scaled.

    A load balancer may go on sending requests to a draining target for `propagation_seconds`
    (unscaled, R4.32) and, where its configuration takes real time to arrive, so much longer.
    """

    rate_percent: float = 5.0
    lag_p99_ms: float = 250.0
    propagation_seconds: float = 2.0
    propagation_real_seconds: float = 1.0
    error_share_percent: float = 50.0
    error_window_real_seconds: float = 5.0
    deadline_seconds: float = 900.0
    deadline_extra_real_seconds: float = 60.0

    def propagation_ms(self, time_scale: float) -> float:
        """Real milliseconds."""
        return self.propagation_seconds * 1000 / time_scale + self.propagation_real_seconds * 1000

    def deadline_real_seconds(self, time_scale: float) -> float:
        return self.deadline_seconds / time_scale + self.deadline_extra_real_seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """`ending` is UNFINISHED, JUDGED (look at the findings) or an outcome; `why` says it in words.

    Times are UTC epoch milliseconds; `rate` is arrivals per real second.
    """

    drill: str
    question: str
    variant: str
    started_ms: float
    time_scale: float
    rate: float
    arrivals: int
    seed: int
    target: str
    cluster: str
    url: str
    interval_ms: float
    services: tuple[ServiceSetup, ...]
    limits: Limits
    versions: tuple[str, ...] = ()
    not_emulated: tuple[str, ...] = ()
    not_observable: tuple[str, ...] = ()
    command: str = ""
    ended_ms: float | None = None
    ending: str = UNFINISHED
    why: str = ""
    undo_failures: tuple[str, ...] = ()
    load: LoadSetup | None = None  # only of `rehearse load`
    path: str = ""  # what was asked for in place of the drill's own requests


JUDGED = "JUDGED"
