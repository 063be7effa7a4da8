"""A task whose SIGTERM does not reach the application. How long does its stop take?

In shell form PID 1 is a shell, which passes no signal on: the application goes on serving until
SIGKILL at the end of stopTimeout. Every stop and every deployment waits for that, and whatever is
in flight then is lost.
"""

import shlex

from chaos.causes import Cause
from chaos.checks.stops import PID_ONE, STOP_SEEN
from chaos.drill import Drill, Stage, Variant
from chaos.drills.stopping import (
    LOAD,
    PROBES,
    STOP_ONE,
    UNDO,
    checks_of,
    deploying,
    stopped,
)
from chaos.errors import TargetError
from chaos.run import ServiceSetup
from chaos.target import Revision

OWN = {"order-api": ("python", "-m", "services.order_api")}  # where the image has the command


def shell_form(stage: Stage, setup: ServiceSetup) -> Revision:
    """The service's command in shell form. The shell stays, as something follows: it would be
    replaced by the command of `sh -c "python -m app"`."""
    command = stage.target.definition(setup.task_definition).command or OWN.get(setup.name)
    if not command:
        raise TargetError(
            f"the task definition of {setup.name} has neither entryPoint nor command to put into"
            " shell form: run the fixed variant"
        )
    # an empty entryPoint would not replace the old one
    return Revision(marker="", entry_point=("sh", "-c"), command=(f"{shlex.join(command)}; true",))


SIGTERM_IGNORED = Drill(
    name="sigterm-ignored",
    question="Does a task end when it is told to, or is it killed at the end of stopTimeout?",
    offer=LOAD,
    probes=PROBES,
    steps={
        Variant.FIXED: (STOP_ONE,),
        Variant.BROKEN: (
            deploying(shell_form, "command in shell form, as sh -c '...; true'"),
            STOP_ONE,
        ),
    },
    settled=stopped,
    checks=checks_of(STOP_SEEN, PID_ONE),
    expected=Cause.SIGTERM_IGNORED,
    undo=UNDO,
    services=("order-api",),
)
