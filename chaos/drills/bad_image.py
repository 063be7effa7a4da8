"""A revision whose image does not exist. Who ends the release?

No task of it ever runs, so nobody notices. Without a circuit breaker that is for ever.
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

FAULTY = deploying(Revision(marker="", image_tag="no-such-tag-of-a-drill"))

BAD_IMAGE = Drill(
    name="bad-image",
    question="Is a revision whose image does not exist rolled back, with nobody noticing?",
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
