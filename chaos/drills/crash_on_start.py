"""A revision whose application exits at once. Who ends the release?

The broken variant has a circuit breaker that does not roll back: the deployment fails, and the
service stays on it, until somebody looks.
"""

from chaos.causes import Cause
from chaos.checks.offer import FAILING
from chaos.drill import Drill, Variant
from chaos.drills.faulty import (
    LIMITS,
    LOAD,
    PROBES,
    ROLLBACK_OFF,
    SERVICES,
    UNDO,
    changing,
    checks_of,
    deploying,
)
from chaos.settling import ended
from chaos.target import Revision

FAULTY = deploying(
    Revision(marker="", entry_point=("sh", "-c"), command=("echo crash-on-start; exit 1",))
)

CRASH_ON_START = Drill(
    name="crash-on-start",
    question="Is a revision that exits at once rolled back, with nobody noticing?",
    offer=LOAD,
    probes=PROBES,
    steps={
        Variant.FIXED: (FAULTY,),
        Variant.BROKEN: (changing("switch the rollback off", ROLLBACK_OFF), FAULTY),
    },
    settled=ended,
    checks=checks_of(FAILING),
    expected=Cause.NO_ROLLBACK,
    undo=UNDO,
    limits=LIMITS,
    services=SERVICES,
)
