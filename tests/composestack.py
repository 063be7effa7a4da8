"""The stack of docker-compose.yml for benchmarks and `make accept-4`: up, down, what is left."""

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import boto3
import httpx

from infra.local.runtime.docker import labels
from infra.local.runtime.docker.engine import connect

ROOT = Path(__file__).parents[1]
PROJECT = "ecs-rehearsal"
LIMIT_S = 180
ENDPOINT = "http://127.0.0.1:4566"
URL = "http://127.0.0.1:8080"
CLUSTER = "rehearsal"


def environment() -> dict[str, str]:
    """What Compose is told: our images only, PostgreSQL's stand-in where there is no other."""
    client = connect()
    try:
        present = {tag for image in client.images() for tag in image["RepoTags"] or ()}
    finally:
        client.close()
    chosen = {"REHEARSE_TIME_SCALE": "10", "REHEARSE_PULL": "never"}
    if "rehearsal-postgres:15" in present:
        chosen["REHEARSE_POSTGRES"] = "rehearsal-postgres:15"
    return {**os.environ, **chosen}


def compose(*words: str, limit_s: float = LIMIT_S) -> str:
    """`docker compose`; what it said. Fails if its exit code is not 0."""
    done = subprocess.run(
        ["docker", "compose", "--file", str(ROOT / "docker-compose.yml"), *words],
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def up() -> float:
    """Bring the stack up; seconds until the load balancer answers a request with 200."""
    began = time.monotonic()
    compose("up", "--wait")
    assert httpx.get(f"{URL}/orders", timeout=10).status_code == 200
    return time.monotonic() - began


def down() -> float:
    """Take the stack down; seconds. Fails if anything is left."""
    began = time.monotonic()
    compose("down", "--volumes")
    took = time.monotonic() - began
    assert left() == []
    return took


def left() -> list[str]:
    """Containers, networks and volumes of the project, by Compose's label or by ours."""
    client = connect()
    try:
        found: list[str] = []
        for label in (labels.COMPOSE, labels.PROJECT):
            chosen = labels.filters(PROJECT, label)
            found += [c["Names"][0] for c in client.containers(all=True, filters=chosen)]
            found += [n["Name"] for n in client.networks(filters=chosen)]
            found += [v["Name"] for v in client.volumes(filters=chosen)["Volumes"] or ()]
        return found
    finally:
        client.close()


def kill_plane() -> None:
    """SIGKILL to the plane's container."""
    client = connect()
    try:
        client.kill(f"{PROJECT}-plane-1", "SIGKILL")
    finally:
        client.close()


def ecs() -> Any:
    """boto3's client of the stack's plane."""
    session = boto3.Session("test", "test", region_name="eu-central-1")
    return session.client("ecs", endpoint_url=ENDPOINT)


def redeploy(*services: str) -> None:
    """A new deployment of each service, without waiting."""
    for service in services:
        ecs().update_service(cluster=CLUSTER, service=service, forceNewDeployment=True)


def await_stable(*services: str) -> None:
    limits = {"Delay": 1, "MaxAttempts": 120}
    waiter = ecs().get_waiter("services_stable")
    waiter.wait(cluster=CLUSTER, services=list(services), WaiterConfig=limits)


def fates(service: str) -> list[str]:
    """How the service's deployments ended, newest first."""
    listed = ecs().list_service_deployments(cluster=CLUSTER, service=service)
    return [str(d["status"]) for d in listed["serviceDeployments"]]
