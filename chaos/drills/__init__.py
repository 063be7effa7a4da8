"""The drills, one file each."""

from chaos.drill import Drill
from chaos.drills.rolling_deploy import ROLLING_DEPLOY

CORE: tuple[Drill, ...] = (ROLLING_DEPLOY,)
OTHERS: tuple[Drill, ...] = ()


def core_drills() -> tuple[Drill, ...]:
    """The drills that run when none is named, in this order."""
    return CORE


def all_drills() -> tuple[Drill, ...]:
    """All drills, the core set first."""
    return (*CORE, *OTHERS)
