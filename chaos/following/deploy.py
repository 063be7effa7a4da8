"""`rehearse deploy`: a new revision, the update, and the truth about how it ended."""

from dataclasses import dataclass
from typing import Any

from chaos.clock import Clock
from chaos.errors import DrillError, StoppedError, TargetError, UsageError
from chaos.following.facts import Fate, Followed
from chaos.following.follow import Pace, Told, follow
from chaos.following.revision import Change, differences, find_container, next_definition
from chaos.following.source import ServiceSource
from chaos.outcome import USAGE_EXIT_CODE, Outcome
from chaos.stop import Stop, signals_stop
from chaos.target import revision_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to deploy. `force`: a new deployment even if nothing is other than now.

    `wait`: follow it to its end. `roll_back`: on Ctrl-C tell ECS to go back.
    """

    change: Change
    force: bool = False
    wait: bool = True
    roll_back: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to tell the caller. `fate` is None while it is not known: not waited for."""

    service: str
    cluster: str
    exit_code: int
    reason: str
    task_definition: str = ""
    deployment: str = ""
    service_deployment: str = ""
    fate: Fate | None = None
    changes: tuple[str, ...] = ()
    why: tuple[str, ...] = ()
    running: int | None = None
    desired: int | None = None
    seconds: float | None = None

    def document(self) -> dict[str, Any]:
        """For --json. Any: JSON."""
        return {
            "service": self.service,
            "cluster": self.cluster,
            "outcome": self.fate.value if self.fate else None,
            "exit_code": self.exit_code,
            "reason": self.reason,
            "why": list(self.why),
            "task_definition": self.task_definition,
            "deployment": self.deployment,
            "service_deployment": self.service_deployment,
            "changes": list(self.changes),
            "running": self.running,
            "desired": self.desired,
            "seconds": None if self.seconds is None else round(self.seconds, 1),
        }


def deploy(source: ServiceSource, wish: Wish, pace: Pace, clock: Clock | None = None) -> Answer:
    """Deploy and, unless told otherwise, follow it. Never raises for what the world does."""
    stop, run = Stop(), _Deploy(source, wish, pace, clock or Clock())
    with signals_stop(stop):
        try:
            return run.play(stop)
        except UsageError as error:
            return run.answer(USAGE_EXIT_CODE, str(error))
        except StoppedError as error:
            return run.interrupted(error)
        except DrillError as error:
            return run.answer(Outcome.FAIL.exit_code, str(error))


class _Deploy:
    """One deploy, with what is known of it so far."""

    def __init__(self, source: ServiceSource, wish: Wish, pace: Pace, clock: Clock) -> None:
        self._source, self._wish, self._pace, self._clock = source, wish, pace, clock
        self._changes: tuple[str, ...] = ()
        self._followed: Followed | None = None

    def play(self, stop: Stop) -> Answer:
        self._source.check_controller()
        raw, view = self._source.raw_service(), self._source.describe()
        definition, tags = self._source.definition(view.task_definition)
        container = find_container(definition, self._wish.change.container, _balanced(raw))
        self._changes = differences(definition, container, self._wish.change)
        chosen = view.task_definition
        stop.check()
        if not self._changes and not self._wish.force:
            return self._as_it_is(raw, chosen, stop)
        self._source.forget_past()
        if self._changes:
            request = next_definition(definition, tags, container, self._wish.change)
            chosen = self._source.register(request)
            self._pace.say(f"registered {revision_of(chosen)}: {'; '.join(self._changes)}")
        self._update(chosen, raw, stop)
        if not self._wish.wait:
            return self.answer(Outcome.PASS.exit_code, "started, and not waited for")
        return self._follow(stop)

    def _as_it_is(self, raw: Any, chosen: str, stop: Stop) -> Answer:  # noqa: ANN401 - boto3's
        """Nothing to change: no deployment is started, and what is there is followed."""
        if self._wish.change == Change(container=self._wish.change.container):
            raise UsageError("nothing to deploy: say --image, --env or --command, or --force")
        self._followed = Followed(
            service=self._source.service,
            deployment=_primary_id(raw),
            task_definition=chosen,
            since_ms=self._clock.now_ms(),
        )
        self._pace.say(
            f"nothing would change: {self._source.service} is to run {revision_of(chosen)} already"
        )
        if not self._wish.wait:
            return self.answer(Outcome.PASS.exit_code, "nothing would change")
        return self._follow(stop)

    def _follow(self, stop: Stop) -> Answer:
        assert self._followed is not None
        return self._tell(follow(self._source, self._followed, self._pace, self._clock, stop))

    def _update(self, chosen: str, raw: Any, stop: Stop) -> None:  # noqa: ANN401 - boto3's
        stop.check()
        former = tuple(str(d["id"]) for d in raw.get("deployments", []))
        since_ms = self._clock.now_ms()
        deployed = self._source.update(chosen, force=not self._changes)
        if deployed.deployment in former:
            raise TargetError(
                f"UpdateService was accepted and started no deployment: {deployed.deployment} is"
                " still PRIMARY; how this ends cannot be known here"
            )
        self._followed = Followed(
            service=self._source.service,
            deployment=deployed.deployment,
            task_definition=chosen,
            former=former,
            since_ms=since_ms - 1000,  # ECS's clock and ours may differ a little
        )
        self._pace.say(f"{deployed.deployment} deploys {revision_of(chosen)}")

    def _tell(self, told: Told) -> Answer:
        if self._source.note:
            self._pace.say(self._source.note)
        good = told.ending.fate is Fate.SUCCESSFUL
        code = Outcome.PASS.exit_code if good else Outcome.FAIL.exit_code
        return self.answer(code, told.ending.reason, told)

    def interrupted(self, error: StoppedError) -> Answer:
        """Ctrl-C: the deployment goes on, unless asked to go back."""
        followed = self._followed
        if followed is None:
            return self.answer(error.outcome.exit_code, f"{error.reason}: nothing was deployed")
        reason = f"{error.reason}: the deployment goes on"
        if self._wish.roll_back:
            reason = f"{error.reason}: {self._roll_back(followed)}"
        return self.answer(error.outcome.exit_code, reason)

    def _roll_back(self, followed: Followed) -> str:
        try:
            release = self._source.look(followed).release_of(followed.deployment)
            if release is None:
                return "the deployment goes on: it is not among the service deployments"
            self._source.roll_back(release.arn)
        except DrillError as error:
            return f"the deployment goes on: {error}"
        return "ECS was told to roll back"

    def answer(self, code: int, reason: str, told: Told | None = None) -> Answer:
        followed, sight = self._followed, told.sight if told else None
        release = sight.release_of(followed.deployment) if sight and followed else None
        return Answer(
            service=self._source.service,
            cluster=self._source.cluster,
            exit_code=code,
            reason=reason,
            task_definition=followed.task_definition if followed else "",
            deployment=followed.deployment if followed else "",
            service_deployment=release.arn if release else "",
            fate=told.ending.fate if told else None,
            changes=self._changes,
            why=told.why if told else (),
            running=sight.service.running if sight else None,
            desired=sight.service.desired if sight else None,
            seconds=told.seconds if told else None,
        )


# Any below: boto3's answer, with botocore's member names
def _balanced(raw: Any) -> str:  # noqa: ANN401
    """The container that the load balancer sends requests to."""
    return next(
        (b["containerName"] for b in raw.get("loadBalancers", []) if "containerName" in b), ""
    )


def _primary_id(raw: Any) -> str:  # noqa: ANN401
    found = [d["id"] for d in raw.get("deployments", []) if d["status"] == "PRIMARY"]
    return str(found[0]) if found else ""
