"""The drills, one file each."""

from chaos.drill import Drill
from chaos.drills.rolling_deploy import ROLLING_DEPLOY


def all_drills() -> tuple[Drill, ...]:
    """All drills, the core set first."""
    return (ROLLING_DEPLOY,)
