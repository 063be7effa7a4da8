"""From one look to an ending: every case of what ECS can say, in both ways of saying it."""

from dataclasses import replace

import pytest

from chaos.entries import DeploymentSeen
from chaos.following.ending import find_ending, what_is_amiss
from chaos.following.facts import Fate, Followed, Release, Sight, TaskFact
from chaos.target import Breaker, ServiceView

MINE, HOME, OTHER = "ecs-svc/2", "ecs-svc/1", "ecs-svc/3"
FOLLOWED = Followed(service="app", deployment=MINE, task_definition="arn:x/app:2", former=(HOME,))


def deployment(identity: str, rollout: str, status: str = "PRIMARY") -> DeploymentSeen:
    return DeploymentSeen(
        id=identity,
        status=status,
        task_definition=f"arn:x/app:{identity[-1]}",
        rollout=rollout,
        reason=f"{identity} is {rollout}",
    )


def task(deployment: str, status: str = "RUNNING", desired: str = "RUNNING") -> TaskFact:
    return TaskFact(
        task="a" * 32,
        deployment=deployment,
        task_definition=f"app:{deployment[-1:]}",
        status=status,
        desired=desired,
    )


def look(
    status: str | None,
    *deployments: DeploymentSeen,
    tasks: tuple[TaskFact, ...] = (task(MINE), task(MINE)),
    breaker: Breaker | None = None,
) -> Sight:
    """`status` None: this endpoint has no service deployments."""
    service = ServiceView(
        name="app",
        status="ACTIVE",
        task_definition="arn:x/app:2",
        desired=2,
        running=2,
        pending=0,
        minimum_healthy_percent=100,
        groups=(),
        deployments=deployments,
        breaker=breaker or Breaker(),
    )
    release = Release(arn="arn:r", deployment=MINE, status=status or "", created_ms=1.0)
    return Sight(service=service, releases=None if status is None else (release,), tasks=tasks)


DONE = deployment(MINE, "COMPLETED")
BUSY = deployment(MINE, "IN_PROGRESS")
LOST = deployment(MINE, "FAILED", "ACTIVE")
BACK = deployment(HOME, "COMPLETED")
GOING_BACK = deployment(HOME, "IN_PROGRESS")
OLD = deployment(HOME, "COMPLETED", "ACTIVE")
THEIRS = deployment(OTHER, "IN_PROGRESS")

CASES: list[tuple[str, Sight, Fate | None]] = [
    ("pending", look("PENDING", BUSY, OLD), None),
    ("in progress", look("IN_PROGRESS", BUSY, OLD), None),
    ("stop requested", look("STOP_REQUESTED", THEIRS, BUSY), None),
    ("rollback requested", look("ROLLBACK_REQUESTED", BUSY, OLD), None),
    ("rolling back", look("ROLLBACK_IN_PROGRESS", GOING_BACK, LOST), None),
    ("successful, and so it is", look("SUCCESSFUL", DONE), Fate.SUCCESSFUL),
    ("successful, but still listed beside another", look("SUCCESSFUL", DONE, OLD), None),
    ("successful, but not COMPLETED yet", look("SUCCESSFUL", BUSY), None),
    (
        "successful, but a task of another runs",
        look("SUCCESSFUL", DONE, tasks=(task(MINE), task(HOME))),
        None,
    ),
    (
        "successful, but only one is RUNNING",
        look("SUCCESSFUL", DONE, tasks=(task(MINE), task(MINE, "PENDING"))),
        None,
    ),
    (
        "successful, a task of another is ending",
        look("SUCCESSFUL", DONE, tasks=(task(MINE), task(MINE), task(HOME, desired="STOPPED"))),
        Fate.SUCCESSFUL,
    ),
    ("successful, and replaced since", look("SUCCESSFUL", THEIRS, DONE), Fate.SUPERSEDED),
    ("rolled back", look("ROLLBACK_SUCCESSFUL", BACK), Fate.ROLLED_BACK),
    ("the rollback failed", look("ROLLBACK_FAILED", GOING_BACK), Fate.ROLLBACK_FAILED),
    ("stopped by another", look("STOPPED", THEIRS, BUSY), Fate.SUPERSEDED),
    ("stopped, failed", look("STOPPED", deployment(MINE, "FAILED"), OLD), Fate.FAILED),
    ("stopped, by whoever", look("STOPPED", BUSY), Fate.STOPPED),
    ("no service deployments: in progress", look(None, BUSY, OLD), None),
    ("no service deployments: completed", look(None, DONE), Fate.SUCCESSFUL),
    ("no service deployments: completed, another listed", look(None, DONE, OLD), None),
    ("no service deployments: going back", look(None, GOING_BACK, LOST), None),
    ("no service deployments: went back", look(None, BACK), Fate.ROLLED_BACK),
    ("no service deployments: another", look(None, THEIRS, LOST), Fate.SUPERSEDED),
    ("no service deployments: failed", look(None, deployment(MINE, "FAILED"), OLD), Fate.FAILED),
    (
        "no service deployments: failed, and to be rolled back",
        look(None, deployment(MINE, "FAILED"), OLD, breaker=Breaker(enable=True, rollback=True)),
        None,
    ),
    (
        "no service deployments: failed, with nothing to go back to",
        look(None, deployment(MINE, "FAILED"), breaker=Breaker(enable=True, rollback=True)),
        Fate.FAILED,
    ),
    ("neither way of saying it", look(None, deployment(MINE, "")), Fate.NOT_KNOWN),
    ("no deployment at all", look(None), None),
]


@pytest.mark.parametrize(("sight", "fate"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
def test_one_look_one_ending(sight: Sight, fate: Fate | None) -> None:
    ending = find_ending(FOLLOWED, sight)
    assert (ending.fate if ending else None) == fate
    assert ending is None or ending.reason


def test_the_latest_service_deployment_of_a_deployment_counts() -> None:
    sight = look("SUCCESSFUL", BACK)
    assert sight.releases is not None
    newer = replace(sight.releases[0], status="ROLLBACK_SUCCESSFUL", created_ms=2.0)
    ending = find_ending(FOLLOWED, replace(sight, releases=(*sight.releases, newer)))
    assert ending is not None
    assert ending.fate is Fate.ROLLED_BACK


@pytest.mark.parametrize(
    ("sight", "said"),
    [
        (look(None), "no deployment is PRIMARY"),
        (look(None, BACK), "ecs-svc/1 is PRIMARY, not ecs-svc/2"),
        (look(None, replace(DONE, task_definition="arn:x/app:9")), "it deploys app:9"),
        (look(None, BUSY), "its rollout is IN_PROGRESS"),
        (look(None, DONE, OLD), "2 deployments are listed"),
        (look(None, DONE, tasks=(task(MINE), task(HOME))), "task aaaaaaaa of app:1 runs, too"),
        (look(None, DONE, tasks=(task(MINE),)), "1 of 2 tasks are RUNNING"),
    ],
)
def test_what_is_amiss_is_named(sight: Sight, said: str) -> None:
    assert what_is_amiss(FOLLOWED, sight) == said


def test_a_task_without_a_starter_is_told_by_its_revision() -> None:
    mine = replace(task(MINE), deployment="")
    assert what_is_amiss(FOLLOWED, look(None, DONE, tasks=(mine, mine))) is None
    assert what_is_amiss(FOLLOWED, look(None, DONE, tasks=(mine, task(HOME)))) is not None
