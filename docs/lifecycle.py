"""The task state diagram, from the scheduler's own table."""

from infra.local.scheduler.lifecycle import TRANSITIONS
from infra.local.scheduler.model import TaskStatus


def diagram() -> str:
    """A mermaid state diagram of every transition."""
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {TaskStatus.PROVISIONING}"]
    for (status, event), result in TRANSITIONS.items():
        lines.append(f"    {status} --> {result}: {event}")
    lines += [f"    {TaskStatus.STOPPED} --> [*]", "```"]
    return "\n".join(lines)
