"""A task whose SIGTERM does not reach the application. How long does its stop take?

In shell form PID 1 is a shell, which passes no signal on: the application goes on serving until
SIGKILL at the end of stopTimeout. Every stop and every deployment waits for that, and whatever is
in flight then is lost.
"""

from chaos.causes import Cause
from chaos.checks.stops import PID_ONE, STOP_SEEN
from chaos.drill import Drill, Variant
from chaos.drills.stopping import (
    LOAD,
    PROBES,
    STOP_ONE,
    UNDO,
    checks_of,
    deploying,
    stopped,
)
from chaos.target import Revision

# The shell stays, as something follows: `sh -c "python -m app"` alone would be replaced by python.
SHELL_FORM = ("sh", "-c", "python -m services.order_api; true")

SIGTERM_IGNORED = Drill(
    name="sigterm-ignored",
    question="Does a task end when it is told to, or is it killed at the end of stopTimeout?",
    offer=LOAD,
    probes=PROBES,
    steps={
        Variant.FIXED: (STOP_ONE,),
        Variant.BROKEN: (deploying(Revision(marker="", command=SHELL_FORM)), STOP_ONE),
    },
    settled=stopped,
    checks=checks_of(STOP_SEEN, PID_ONE),
    expected=Cause.SIGTERM_IGNORED,
    undo=UNDO,
    services=("order-api",),
)
