"""The drills, one file each."""

from chaos.drill import Drill
from chaos.drills.bad_image import BAD_IMAGE
from chaos.drills.crash_on_start import CRASH_ON_START
from chaos.drills.keep_alive import KEEP_ALIVE_DRILL
from chaos.drills.long_request import LONG_REQUEST
from chaos.drills.never_healthy import NEVER_HEALTHY
from chaos.drills.rolling_deploy import ROLLING_DEPLOY
from chaos.drills.scale_in import SCALE_IN
from chaos.drills.sg_chain_broken import SG_CHAIN_BROKEN
from chaos.drills.sigterm_ignored import SIGTERM_IGNORED
from chaos.drills.slow_start import SLOW_START
from chaos.drills.stop_task import STOP_TASK

CORE = (ROLLING_DEPLOY, SLOW_START, NEVER_HEALTHY, CRASH_ON_START, STOP_TASK, LONG_REQUEST)
OTHERS: tuple[Drill, ...] = (
    BAD_IMAGE,
    SIGTERM_IGNORED,
    SCALE_IN,
    KEEP_ALIVE_DRILL,
    SG_CHAIN_BROKEN,
)


def core_drills() -> tuple[Drill, ...]:
    """The drills that run when none is named, in this order."""
    return CORE


def all_drills() -> tuple[Drill, ...]:
    """All drills, the core set first."""
    return (*CORE, *OTHERS)
