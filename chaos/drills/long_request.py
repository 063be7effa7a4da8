"""A task stops while its longest requests are in flight. Do they get their answer?

Stopped by the scheduler, a request has the deregistration delay; stopped by StopTask, it has
stopTimeout, which the drain period comes out of too. The broken variant makes both too short.
"""

from chaos.causes import Cause
from chaos.checks.stops import LONG_IN_FLIGHT, STOP_SEEN
from chaos.drill import Drill, Variant
from chaos.drills.stopping import LOAD, PROBES, STOP_ONE, checks_of, delaying, deploying, stopped
from chaos.target import Revision

# Unscaled: both shorter than the longest request, and the first to end is stopTimeout.
DELAY_SECONDS = 10
STOP_TIMEOUT_SECONDS = 4

LONG_REQUEST = Drill(
    name="long-request",
    question="Does the longest request get its answer when its task is stopped?",
    offer=LOAD,
    probes=PROBES,
    steps={
        Variant.FIXED: (deploying(Revision(marker="")), STOP_ONE),
        Variant.BROKEN: (
            delaying(DELAY_SECONDS),
            deploying(Revision(marker="", stop_timeout=STOP_TIMEOUT_SECONDS)),
            STOP_ONE,
        ),
    },
    settled=stopped,
    checks=checks_of(STOP_SEEN, LONG_IN_FLIGHT),
    expected=Cause.KILLED_IN_FLIGHT,
    undo="the former revision is deployed again; the delay is put back",
    services=("order-api",),
)
