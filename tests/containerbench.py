"""`python -m tests.containerbench`: what tasks in containers cost, printed. Fails nothing.

Needs a Docker engine with the project's images, and no stack of docker-compose.yml running.
"""

import statistics
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from infra.images.build import BY_NAME, Wish
from infra.images.engine import inspect, label, size_mb
from infra.local.runtime.docker import acts, firewall, labels
from infra.local.runtime.docker.engine import connect
from tests import composestack
from tests.bench import Figure
from tests.plane.up import Up, wait_for

BASE_LABEL = "org.opencontainers.image.base.name"
STARTS = 4
LIMIT_S = 60
RULES = 20
MIB = 1024 * 1024
CLUSTER = "rehearsal"
SERVICE = {"cluster": CLUSTER, "service": "order-api"}


def measure() -> list[Figure]:
    return [*sizes(), *tasks(), *stack()]


def sizes() -> list[Figure]:
    """Of the images that are there, above the base that each was built on."""
    figures = []
    for name, image in BY_NAME.items():
        tag = Wish((image,), offline=False).build(image, None).tag
        base = label(tag, BASE_LABEL)
        whole, below = size_mb(tag), size_mb(base) if base else None
        if inspect(tag) is None or whole is None:
            continue
        figures.append(Figure(f"image {name}", whole, "MB"))
        if below is not None:
            limit = 70 if name in ("order-api", "inventory-api") else None
            figures.append(Figure(f"image {name} above its base", whole - below, "MB", limit))
    return figures


def tasks() -> list[Figure]:
    """A plane on this host: how long a task takes to be healthy, what it weighs besides the app."""
    with tempfile.TemporaryDirectory(prefix="rehearse-bench-") as folder:
        plane = Up(Path(folder) / "state", "--runtime", "docker", "--pull", "never", scale=20)
        plane.start()
        try:
            healthy, bare = start_times(plane), bare_times(plane)
            return [
                Figure("task: image there to healthy", statistics.median(healthy), "s", 1.0),
                Figure("task: the slowest of these", max(healthy), "s"),
                Figure(
                    "task without a proxy: image there to healthy", statistics.median(bare), "s"
                ),
                *weights(plane),
            ]
        finally:
            plane.stop()


def start_times(plane: Up) -> list[float]:
    """Seconds from the end of a new task's pull to its first 200, of one task after the other."""
    ecs = plane.client("ecs")
    taken = []
    for _ in range(STARTS):
        before = set(running(ecs))
        ecs.update_service(**SERVICE, desiredCount=3)
        wait_for(lambda: set(running(ecs)) - before, LIMIT_S)  # noqa: B023 - called at once
        (new,) = set(running(ecs)) - before
        wait_for(partial(answers, ecs, new), LIMIT_S)
        answered = time.time()
        pulled = ecs.describe_tasks(cluster=CLUSTER, tasks=[new])["tasks"][0]["pullStoppedAt"]
        taken.append(answered - pulled.timestamp())
        ecs.update_service(**SERVICE, desiredCount=2)
        limits = {"Delay": 1, "MaxAttempts": 90}
        waiter = ecs.get_waiter("services_stable")
        waiter.wait(cluster=CLUSTER, services=[SERVICE["service"]], WaiterConfig=limits)
    return taken


def bare_times(plane: Up) -> list[float]:
    """The same for RunTask: a pause container and the application, no Service Connect."""
    ecs = plane.client("ecs")
    described = ecs.describe_services(cluster=CLUSTER, services=[SERVICE["service"]])["services"][0]
    taken = []
    for _ in range(STARTS):
        made = ecs.run_task(
            cluster=CLUSTER,
            taskDefinition=described["taskDefinition"],
            launchType="FARGATE",
            networkConfiguration=described["networkConfiguration"],
        )
        task = made["tasks"][0]["taskArn"]
        wait_for(partial(answers, ecs, task), LIMIT_S)
        answered = time.time()
        pulled = ecs.describe_tasks(cluster=CLUSTER, tasks=[task])["tasks"][0]["pullStoppedAt"]
        taken.append(answered - pulled.timestamp())
        ecs.stop_task(cluster=CLUSTER, task=task)
    return taken


def running(ecs: Any) -> list[str]:
    listed: list[str] = ecs.list_tasks(cluster=CLUSTER, serviceName=SERVICE["service"])["taskArns"]
    return listed


def answers(ecs: Any, task: str) -> bool:
    """Whether the task has an address and its application answers there."""
    (found,) = ecs.describe_tasks(cluster=CLUSTER, tasks=[task])["tasks"]
    details = {d["name"]: d["value"] for a in found["attachments"] for d in a["details"]}
    if "privateIPv4Address" not in details:
        return False
    try:
        url = f"http://{details['privateIPv4Address']}:8080/healthz"
        return httpx.get(url, timeout=1).status_code == 200
    except httpx.HTTPError:
        return False


def weights(plane: Up) -> list[Figure]:
    """Memory of what a task has besides its application, and how long new rules take."""
    client = connect()
    try:
        mine = {arn.rpartition("/")[2] for arn in running(plane.client("ecs"))}
        ours = [c for c in client.containers() if c["Labels"].get(labels.TASK) in mine]
        beyond = [c for c in ours if c["Labels"].get(labels.CONTAINER) != "app"]
        used = sum(client.stats(c["Id"], stream=False)["memory_stats"]["usage"] for c in beyond)
        pause = next(c["Id"] for c in ours if labels.ZONE in c["Labels"])
        before = time.monotonic()
        for _ in range(RULES):
            acts.set_rules(client, pause, firewall.groups_rules(None))
        took = (time.monotonic() - before) / RULES
    finally:
        client.close()
    return [
        Figure("task: memory besides the application", used / len(mine) / MIB, "MiB", 80),
        Figure("security groups: new rules for a task", took * 1000, "ms"),
    ]


def stack() -> list[Figure]:
    composestack.down()
    up = composestack.up()
    down = composestack.down()
    return [
        Figure("compose up to the first answer", up, "s", 20),
        Figure("compose down", down, "s", 15),
    ]


if __name__ == "__main__":
    for figure in measure():
        print(figure)
