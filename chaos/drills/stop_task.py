"""StopTask, Fargate Spot and maintenance send SIGTERM while requests still come. Are they served?

StopTask does not wait for the deregistration delay (R1.21), and the load balancer's nodes need a
moment to hear of it (R4.32). An application that ends at once on SIGTERM refuses what comes in that
moment; one that serves on for its drain period loses nothing.
"""

from chaos.causes import Cause
from chaos.checks.stops import ROUTED, STOP_SEEN
from chaos.drill import Drill, Variant
from chaos.drills.stopping import LOAD, PROBES, STOP_ONE, UNDO, checks_of, deploying, stopped
from chaos.effect import DRAIN
from chaos.target import Revision

STOP_TASK = Drill(
    name="stop-task",
    question="Is anybody refused when a task is stopped while requests still come to it?",
    offer=LOAD,
    probes=PROBES,
    steps={
        Variant.FIXED: (STOP_ONE,),
        Variant.BROKEN: (deploying(Revision(marker="", environment={DRAIN: "0"})), STOP_ONE),
    },
    settled=stopped,
    checks=checks_of(STOP_SEEN, ROUTED),
    expected=Cause.STILL_ROUTED,
    undo=UNDO,
)
