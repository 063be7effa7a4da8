"""The drills, one file each."""

from chaos.drill import Drill
from chaos.drills.bad_image import BAD_IMAGE
from chaos.drills.crash_on_start import CRASH_ON_START
from chaos.drills.never_healthy import NEVER_HEALTHY
from chaos.drills.rolling_deploy import ROLLING_DEPLOY
from chaos.drills.slow_start import SLOW_START

CORE = (ROLLING_DEPLOY, SLOW_START, NEVER_HEALTHY, CRASH_ON_START)
OTHERS: tuple[Drill, ...] = (BAD_IMAGE,)


def core_drills() -> tuple[Drill, ...]:
    """The drills that run when none is named, in this order."""
    return CORE


def all_drills() -> tuple[Drill, ...]:
    """All drills, the core set first."""
    return (*CORE, *OTHERS)
