"""A revision that starts and listens, and whose health check never passes. Who ends the release?

With a circuit breaker and its rollback: ECS, at the documented failure, and nobody notices. Without
one tasks are replaced for ever, and the caller waits.
"""

from chaos.causes import Cause
from chaos.checks.offer import FAILING
from chaos.drill import Drill, Variant
from chaos.drills.faulty import (
    BREAKER_OFF,
    LIMITS,
    LOAD,
    PROBES,
    SERVICES,
    UNDO,
    changing,
    checks_of,
    deploying,
)
from chaos.settling import ended
from chaos.target import Revision

FAULTY = deploying(Revision(marker="", environment={"FAULTS": "allow", "FAULT_SICK_HEALTHZ": "1"}))

NEVER_HEALTHY = Drill(
    name="never-healthy",
    question="Is a revision that never turns healthy rolled back, with nobody noticing?",
    offer=LOAD,
    probes=PROBES,
    steps={
        Variant.FIXED: (FAULTY,),
        Variant.BROKEN: (changing("switch the circuit breaker off", BREAKER_OFF), FAULTY),
    },
    settled=ended,
    checks=checks_of(FAILING),
    expected=Cause.NO_BREAKER,
    undo=UNDO,
    limits=LIMITS,
    services=SERVICES,
)
