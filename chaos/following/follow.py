"""Following one deployment until it has truly ended, or a limit."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from chaos.clock import Clock
from chaos.errors import TargetError, UsageError
from chaos.following.ending import find_ending, primary_of, what_is_amiss
from chaos.following.facts import Ending, Fate, Followed, Sight
from chaos.following.progress import Progress
from chaos.following.source import DENIED, error_code
from chaos.following.why import explain
from chaos.stop import Deadline, Stop

BLIND_MAX_SECONDS = 60.0  # no answer for longer than this: the end will not be known
AGREE_SECONDS = 60.0  # how long ECS may say SUCCESSFUL while something else runs


class Source(Protocol):
    """Where to look; see chaos.following.source."""

    def look(self, followed: Followed) -> Sight: ...


def _nothing(_text: str) -> None:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How often to look and for how long, in real seconds, and where to say what is seen.

    `say` takes lines, `show` the state as it is now.
    """

    interval_seconds: float = 2.0
    limit_seconds: float = 1800.0
    blind_seconds: float = BLIND_MAX_SECONDS
    agree_seconds: float = AGREE_SECONDS
    say: Callable[[str], None] = field(default=_nothing)
    show: Callable[[str], None] = field(default=_nothing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How it ended, and why, in sentences. `sight` is the last look, None if there was none."""

    ending: Ending
    why: tuple[str, ...] = ()
    sight: Sight | None = None
    seconds: float = 0.0


def follow(source: Source, followed: Followed, pace: Pace, clock: Clock, stop: Stop) -> Told:
    """Look again and again until the deployment has ended. Raises StoppedError on Ctrl-C."""
    begun_ms = clock.now_ms()
    watcher = _Follower(source, followed, pace, Progress(followed))
    limit = Deadline(pace.limit_seconds)
    while True:
        ending = watcher.look()
        if ending is None and limit.over:
            ending = watcher.out_of_time()
        if ending is not None:
            seconds = (clock.now_ms() - begun_ms) / 1000
            why = explain(followed, watcher.sight) if watcher.sight else ()
            return Told(
                ending=ending,
                why=why if ending.fate is not Fate.SUCCESSFUL else (),
                sight=watcher.sight,
                seconds=seconds,
            )
        stop.wait(min(pace.interval_seconds, max(0.0, limit.left_seconds)))


@dataclass(slots=True)
class _Follower:
    """One look after another, with how long ECS was silent or did not agree with itself."""

    source: Source
    followed: Followed
    pace: Pace
    progress: Progress
    sight: Sight | None = None
    _blind: Deadline | None = None
    _agree: Deadline | None = None

    def look(self) -> Ending | None:
        try:
            self.sight = self.source.look(self.followed)
        except UsageError as error:
            return Ending(Fate.NOT_KNOWN, f"the service is gone: {error}")
        except TargetError as error:
            return self._failed(error)
        self._blind = None
        for line in self.progress.lines(self.sight):
            self.pace.say(line)
        self.pace.show(self.progress.state(self.sight))
        return find_ending(self.followed, self.sight) or self._disagreement(self.sight)

    def _failed(self, error: TargetError) -> Ending | None:
        """Throttled or no answer: look again for a while. Denied: it will not get better."""
        self._blind = self._blind or Deadline(self.pace.blind_seconds)
        if error_code(error) in DENIED:
            return Ending(Fate.NOT_KNOWN, f"not allowed to look: {error}")
        if self._blind.over:
            seconds = self.pace.blind_seconds
            return Ending(Fate.NOT_KNOWN, f"no answer for {seconds:g} s: {error}")
        self.pace.show(f"no answer, looking again ({error})")
        return None

    def _disagreement(self, sight: Sight) -> Ending | None:
        """ECS says that it is done, and something else runs: wait a little for it to agree."""
        release, primary = sight.release_of(self.followed.deployment), primary_of(sight)
        rolling = primary is not None and primary.rollout == "IN_PROGRESS"
        if release is None or release.status != "SUCCESSFUL" or rolling:
            self._agree = None
            return None
        self._agree = self._agree or Deadline(self.pace.agree_seconds)
        if not self._agree.over:
            return None
        amiss = what_is_amiss(self.followed, sight)
        return Ending(Fate.NOT_KNOWN, f"ECS says SUCCESSFUL, but {amiss}")

    def out_of_time(self) -> Ending:
        state = self.progress.state(self.sight) if self.sight else "it was never seen"
        return Ending(
            Fate.TIMED_OUT, f"not done after {self.pace.limit_seconds:g} s and goes on: {state}"
        )
