"""The profiles: Locust's master and workers, and another endpoint behind the plane."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.exceptions import BotoCoreError, ClientError
from docker.types import EndpointConfig

from tests.compose.rolling import until
from tests.compose.stack import Images, Stack

pytestmark = pytest.mark.docker

REQUESTS = 400
SPAWN = {"user_count": 1, "spawn_rate": 1, "rate": "40", "time_scale": "10"}
STAND_IN = """
import http.server
class Answer(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_): pass
    def do_GET(self):
        body = b"<ListAllMyBucketsResult><Buckets><Bucket><Name>stand-in</Name>" \
            b"</Bucket></Buckets></ListAllMyBucketsResult>"
        self.send_response(200)
        self.send_header("content-type", "application/xml")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("", 4566), Answer).serve_forever()
"""


@pytest.fixture
def locust(stack: Stack) -> Iterator[str]:
    """Locust's page, once master and workers are up."""
    compose = stack.compose("load", services=("locust-master", "locust-worker"))
    compose.start()
    yield stack.locust_url
    compose.stop()


def stats(url: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{url}/stats/requests", timeout=10).json()
    return found


def test_a_load_started_on_the_page_reaches_the_services(locust: str, stack: Stack) -> None:
    until(lambda: len(stats(locust).get("workers", [])) == 2, 60)
    assert "Locust" in httpx.get(locust).text
    started = httpx.post(f"{locust}/swarm", data=SPAWN, timeout=30)
    assert started.json()["success"], started.text
    until(lambda: total(locust)["num_requests"] >= REQUESTS, 90)
    assert {w["state"] for w in stats(locust)["workers"]} == {"running"}
    assert httpx.post(f"{locust}/stop", timeout=30).status_code == 200
    until(lambda: stats(locust)["state"] == "stopped", 30, lambda: stats(locust))
    assert total(locust)["num_failures"] == 0, stats(locust)["errors"]
    assert int(stack.sql("select count(*) from orders where customer <> 'tests'")) > 0


def total(url: str) -> dict[str, Any]:
    (found,) = [row for row in stats(url)["stats"] if row["name"] == "Aggregated"]
    return dict(found)


def test_the_profile_localstack_is_the_planes_fallback(stack: Stack, tmp_path: Path) -> None:
    """Its image cannot be pulled everywhere: what Compose would do with the file."""
    more = {"REHEARSE_FALLBACK": "http://localstack:4566"}
    other = Stack("localstack-config", stack.images, tmp_path, stack.engine, more=more)
    found = other.compose("localstack").get_config()
    assert found["services"]["localstack"]["image"] == "localstack/localstack:4.14.0"
    assert "vpc" in found["services"]["localstack"]["networks"]
    assert "--fallback=http://localstack:4566" in found["services"]["plane"]["command"]
    assert "localstack" not in other.compose().get_config()["services"]


def test_what_the_plane_does_not_answer_comes_from_the_fallback(
    images: Images, docker_engine: Any, tmp_path: Path
) -> None:
    name = f"rehearse-test-fallback-{os.getpid()}"
    more = {"REHEARSE_FALLBACK": "http://localstack:4566"}
    stack = Stack(name, images, tmp_path, docker_engine, more=more)
    stand_in = None
    try:
        stack.start()
        stand_in = docker_engine.containers.create(
            images.plane, ["python", "-c", STAND_IN], name=name, network=f"{name}_vpc",
            networking_config={f"{name}_vpc": _alias("localstack")},
        )  # fmt: skip
        stand_in.start()
        until(lambda: answers(stack.client("s3")) == ["stand-in"], 30)
        assert stack.client("ecs").list_clusters()["clusterArns"]
    finally:
        if stand_in is not None:
            stand_in.remove(force=True)
        stack.sweep()


def _alias(name: str) -> EndpointConfig:
    return EndpointConfig("1.41", aliases=[name])


def answers(s3: Any) -> list[str]:
    try:
        return [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    except (BotoCoreError, ClientError):
        return []
