"""What accounts answered once, to be asked again in no time: moto's shop, and our own plane."""

import json
from collections.abc import Callable
from functools import cache

import boto3

from infra.checklist.asking import Account
from infra.checklist.known import Maybe
from infra.checklist.live import facts_of
from infra.local import settings as settings_file
from infra.local.apply import Stack
from tests.api.plane import Plane, Switch, serving
from tests.checklist.account import REGION, Shop, mocked

Answers = dict[tuple[str, ...], Maybe]


class Recorder(Account):
    """Asks, and keeps what was answered."""

    answers: Answers

    def ask(self, service: str, operation: str, key: str, **given: object) -> Maybe:
        return self._kept(
            _name(service, operation, key, given),
            lambda: super(Recorder, self).ask(service, operation, key, **given),
        )

    def one(self, service: str, operation: str, **given: object) -> Maybe:
        return self._kept(
            _name(service, operation, "", given),
            lambda: super(Recorder, self).one(service, operation, **given),
        )

    def _kept(self, name: tuple[str, ...], ask: Callable[[], Maybe]) -> Maybe:
        self.answers[name] = ask()
        return self.answers[name]


class Replayed(Account):
    """Answers from memory. What was never asked is an error: no check asks for more."""

    def __init__(self, answers: Answers) -> None:
        self.source = "memory"
        self._answers = answers

    def but(self, operation: str, **values: object) -> "Replayed":
        """The same with other values in everything that the operation answers."""
        changed = dict(self._answers)
        for name, answer in self._answers.items():
            if name[1] == operation:
                listed = isinstance(answer, list)
                changed[name] = [a | values for a in answer] if listed else _known(answer, values)
        return Replayed(changed)

    def ask(self, service: str, operation: str, key: str, **given: object) -> Maybe:
        return self._answers[_name(service, operation, key, given)]

    def one(self, service: str, operation: str, **given: object) -> Maybe:
        return self._answers[_name(service, operation, "", given)]


def _known(answer: dict[str, object], values: dict[str, object]) -> dict[str, object]:
    """Only what the answer has."""
    return answer | {name: value for name, value in values.items() if name in answer}


def _name(service: str, operation: str, key: str, given: dict[str, object]) -> tuple[str, ...]:
    return service, operation, key, json.dumps(given, sort_keys=True)


def _recorded(session: boto3.Session, endpoint: str | None = None) -> Replayed:
    recorder = Recorder(session, endpoint)
    recorder.answers = {}
    facts_of(recorder)
    return Replayed(recorder.answers)


@cache
def shop() -> Replayed:
    """Moto's account with an NLB before its load balancer, and one NAT gateway for two zones."""
    with mocked() as session:
        Shop(session, nats=1).put_in_front()
        return _recorded(session)


@cache
def plane() -> Replayed:
    """The local plane with our own settings."""
    switch = Switch()
    with serving(switch) as url:
        switch.app = Plane(url).app()
        Stack(settings_file.load(), url, 20).apply()
        return _recorded(boto3.Session("test", "test", region_name=REGION), url)
