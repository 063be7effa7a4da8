"""A revision that needs long until it listens. Is it given the time?

The load balancer's health check finds it unhealthy meanwhile; only the service's grace period keeps
the scheduler from replacing it (R2.8). The broken variant takes that away: tasks are stopped before
they ever listen. Whether the release then ends by the circuit breaker, or by a task that recovers
before its turn comes (R2.6), is luck; the cause is the same.
"""

from chaos.causes import Cause
from chaos.checks.rollout import ROLLOUT
from chaos.checks.startup import SLOWNESS
from chaos.drill import Drill, Variant
from chaos.drills.faulty import (
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
from chaos.target import Revision, ServiceChange

DELAY_SECONDS = 30  # unscaled: longer than unhealthy_threshold checks, shorter than a grace period
SLOW = deploying(
    Revision(
        marker="",
        environment={"FAULTS": "allow", "FAULT_START_DELAY_SECONDS": str(DELAY_SECONDS)},
    )
)

SLOW_START = Drill(
    name="slow-start",
    question="Does a revision that starts slowly come up, or is it killed while it starts?",
    offer=LOAD,
    probes=PROBES,
    steps={
        Variant.FIXED: (SLOW,),
        Variant.BROKEN: (
            changing("take the grace period away", ServiceChange(grace_seconds=0)),
            SLOW,
        ),
    },
    settled=ended,
    checks=checks_of(SLOWNESS, ROLLOUT),
    expected=Cause.GRACE_TOO_SHORT,
    undo=UNDO,
    limits=LIMITS,
    services=SERVICES,
)
