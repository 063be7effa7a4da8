"""ECS's service event texts, made from carried-out steps (section 2.1: exact texts)."""

from collections.abc import Iterable, Sequence


def started(service: str, tasks: Sequence[str], *, unhealthy: bool) -> str:
    tail = f" Amazon ECS replaced {len(tasks)} tasks due to an unhealthy status."
    text = f"(service {service}) has started {len(tasks)} tasks: {_listed(tasks)}."
    return text + tail if unhealthy else text


def stopped(service: str, tasks: Sequence[str]) -> str:
    return f"(service {service}) has stopped {len(tasks)} running tasks: {_listed(tasks)}."


def stopped_pending(service: str, count: int) -> str:
    return f"(service {service}) stopped {count} pending tasks."


def registered(service: str, count: int, group: str) -> str:
    return f"(service {service}) registered {count} targets in (target-group {group})"


def deregistered(service: str, count: int, group: str) -> str:
    return f"(service {service}) deregistered {count} targets in (target-group {group})"


def draining(service: str, deployment: str, count: int) -> str:
    subject = f"(service {service}, taskSet {deployment})"
    return f"{subject} has begun draining connections on {count} tasks."


def unhealthy(service: str, task: str, port: int, group: str, reason: str) -> str:
    return (
        f"(service {service}) (task {task}) (port {port}) is unhealthy in "
        f"(target-group {group}) due to (reason {reason})."
    )


def failed_check(service: str, task: str) -> str:
    return f"(service {service}) (task {task}) failed container health checks."


def steady(service: str) -> str:
    return f"(service {service}) has reached a steady state."


def completed(service: str, deployment: str) -> str:
    return f"(service {service}) (deployment {deployment}) deployment completed."


def failed(service: str, deployment: str) -> str:
    """The same text when health checks were the cause (R3.6)."""
    return (
        f"(service {service}) (deployment {deployment}) deployment failed: tasks failed to start."
    )


def rolling_back(service: str, deployment: str) -> str:
    return f"(service {service}) rolling back to deployment {deployment}."


def stuck(service: str) -> str:
    return (
        f"(service {service}) was unable to stop or start tasks during a deployment because of the "
        "service deployment configuration. Update the minimumHealthyPercent or maximumPercent "
        "value and try again."
    )


def unplaced(service: str, reason: str) -> str:
    return f"(service {service}) was unable to place a task. Reason: {reason}."


def throttled(service: str) -> str:
    return f"(service {service}) is unable to consistently start tasks successfully."


def _listed(tasks: Iterable[str]) -> str:
    return " ".join(f"(task {task})" for task in tasks)
