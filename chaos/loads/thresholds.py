"""What a load is held to: `p99<250ms`, `errors<0.1%`, `GET /orders p95<=baseline+20%`.

    [METHOD PATH] FIGURE COMPARISON LIMIT

| figure | of | limit |
|---|---|---|
| `p50`, `p99.9`, `mean`, `max` | good requests' latency from the scheduled time | `250ms`, `1.5s` |
| `errors` | requests that failed, were dropped too | `0.1%` |
| `rps` | good answers per real second | `500` |
| `knee` | the highest rate of a stress load that the service kept up with | `400` |

A limit may be `baseline`, `baseline+20%` or `baseline+50ms` of the run that `--baseline` names.
"""

import operator
import re
from collections.abc import Sequence
from dataclasses import dataclass

from chaos.errors import UsageError
from chaos.loads.setup import ALL, Baseline

PATTERN = re.compile(
    r"(?:(?P<endpoint>[A-Z]+ /\S*)\s+)?(?P<figure>[a-z][a-z0-9.]*)\s*(?P<comparison><=|>=|<|>)"
    r"\s*(?P<baseline>baseline)?\s*(?P<sign>[+-])?\s*(?P<number>\d+(?:\.\d+)?)?\s*"
    r"(?P<unit>ms|s|%|/s)?"
)
COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
UNITS = {"latency": {"ms": 1.0, "s": 1000.0}, "errors": {"%": 1.0}, "rate": {"": 1.0, "/s": 1.0}}
SHOWN = {"latency": "250ms", "errors": "0.1%", "rate": "500"}
WORDS = {"errors": "errors", "rps": "rate", "knee": "rate", "mean": "latency", "max": "latency"}
OF_BASELINE = ("p50", "p95", "p99", "errors", "rps")
HINT = "hint: write it like 'p99<250ms', 'errors<0.1%', 'rps>=500' or 'GET /orders p95<1s'"
DEFAULT_ERRORS = "errors<0.1%"
DEFAULTS = (DEFAULT_ERRORS, "p99<1s")


@dataclass(frozen=True, slots=True)
class Limit:
    """A number, or a baseline's figure times `factor` plus `number`. Milliseconds, percent, 1/s."""

    number: float
    of_baseline: bool = False
    factor: float = 1.0

    def value(self, baseline: float | None) -> float | None:
        """The limit as a number; None if it needs a figure that the baseline does not have."""
        if not self.of_baseline:
            return self.number
        return None if baseline is None else baseline * self.factor + self.number


@dataclass(frozen=True, slots=True)
class Threshold:
    """One expression. `endpoint` None: all requests. `kind` is latency, errors or rate."""

    text: str
    endpoint: str | None
    figure: str
    kind: str
    comparison: str
    limit: Limit

    @property
    def percent(self) -> float:
        """Of a latency: which percentile. The maximum is the last of them."""
        return 100.0 if self.figure == "max" else float(self.figure[1:])

    def baseline_figure(self, baseline: Baseline | None) -> float | None:
        """The baseline's value of the same figure; None if it has none."""
        wanted = self.endpoint or ALL
        endpoints = baseline.endpoints if baseline else ()
        whole = next((e.whole for e in endpoints if e.endpoint == wanted), None)
        name = {"errors": "errors_percent", "rps": "rps"}.get(self.figure, f"{self.figure}_ms")
        value: float | None = getattr(whole, name, None)
        return value

    def holds(self, value: float, limit: float) -> bool:
        return bool(COMPARE[self.comparison](value, limit))


def parse_threshold(text: str) -> Threshold:
    """Read one expression. UsageError says what is wrong with it, in one sentence with a hint."""
    found = PATTERN.fullmatch(text.strip())
    if found is None:
        raise UsageError(f"{text!r} is no threshold; {HINT}")
    figure, comparison = found["figure"], found["comparison"]
    kind = _kind(text, figure)
    wanted = ">" if kind == "rate" else "<"
    if not comparison.startswith(wanted):
        flipped = text.replace(comparison, wanted + comparison[1:])
        raise UsageError(f"{text!r} would demand a bad figure; hint: did you mean {flipped!r}?")
    if figure == "knee" and found["endpoint"]:
        raise UsageError(f"{text!r}: a knee is one of all requests; hint: leave out the endpoint")
    limit = _limit(text, found, kind)
    return Threshold(text.strip(), found["endpoint"], figure, kind, comparison, limit)


def _kind(text: str, figure: str) -> str:
    if figure in WORDS:
        return WORDS[figure]
    if re.fullmatch(r"p\d{1,2}(\.\d+)?", figure) and 0 < float(figure[1:]) < 100:
        return "latency"
    known = "p50, p99.9 (any percentile), mean, max, errors, rps, knee"
    raise UsageError(f"{text!r}: there is no figure {figure!r}; hint: there are {known}")


def _limit(text: str, found: "re.Match[str]", kind: str) -> Limit:
    number, unit = found["number"], found["unit"] or ""
    if found["baseline"]:
        return _baseline_limit(text, found, kind)
    if number is None or found["sign"] or unit not in UNITS[kind]:
        raise UsageError(
            f"{text!r}: the limit has no number or not its unit; hint: like"
            f" {found['figure']}{found['comparison']}{SHOWN[kind]}"
        )
    return Limit(float(number) * UNITS[kind][unit])


def _baseline_limit(text: str, found: "re.Match[str]", kind: str) -> Limit:
    number, unit, sign = found["number"], found["unit"] or "", found["sign"]
    if found["figure"] not in OF_BASELINE:
        known = ", ".join(OF_BASELINE)
        raise UsageError(f"{text!r}: a baseline has no such figure; hint: it has {known}")
    if number is None and sign is None and not unit:
        return Limit(0.0, of_baseline=True)
    if number is None or sign is None or unit not in {"%", *UNITS[kind]}:
        raise UsageError(f"{text!r} is no limit of a baseline; hint: like baseline+20%")
    amount = float(number) * (1 if sign == "+" else -1)
    if unit == "%" and kind != "errors":
        return Limit(0.0, of_baseline=True, factor=1 + amount / 100)
    return Limit(amount * UNITS[kind][unit], of_baseline=True)


def choose_thresholds(texts: Sequence[str], *, stress: bool, baseline: bool) -> tuple[str, ...]:
    """What a load is held to when this was asked: the defaults for nothing.

    Unless something was said about the errors of all requests, there may be next to none: the
    latency of good requests says nothing about those that failed. A stress load is to find where
    failures begin, so it is held only to what was asked. Raises UsageError.
    """
    asked = [parse_threshold(text) for text in texts]
    for threshold in asked:
        if threshold.figure == "knee" and not stress:
            raise UsageError(f"{threshold.text!r} needs a knee; hint: only a stress load has one")
        if threshold.limit.of_baseline and not baseline:
            raise UsageError(f"{threshold.text!r} needs a baseline; hint: --baseline RUN_DIR")
    given = tuple(dict.fromkeys(threshold.text for threshold in asked))
    if stress:
        return given
    if not given:
        return DEFAULTS
    overall = any(t.figure == "errors" and t.endpoint is None for t in asked)
    return given if overall else (*given, DEFAULT_ERRORS)
