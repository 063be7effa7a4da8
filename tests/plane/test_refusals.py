"""Wrong input gets one clear sentence, the right exit code or AWS error, and disturbs nothing."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local.settings import DEFAULT
from tests.plane.up import Up

pytestmark = pytest.mark.runtime


def rehearse(*words: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "rehearse", *words],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> str:
    document = json.loads(DEFAULT.read_text())
    change(document)
    path = folder / "settings.json"
    path.write_text(json.dumps(document))
    return str(path)


@pytest.fixture
def up_words(tmp_path: Path) -> list[str]:
    ports = ["--port", "0", "--http-port", "0", "--https-port", "0"]
    return ["up", "--state-dir", str(tmp_path / "state"), *ports]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(
            lambda d: d["services"]["order-api"].update(desired_count="two"),
            "services.order-api.desired_count: 'two' is not of type 'integer'",
            id="a wrong type",
        ),
        pytest.param(
            lambda d: d.pop("region"), "'region' is a required property", id="a missing value"
        ),
        pytest.param(lambda d: d.update(colour="red"), "'colour' was unexpected", id="a stranger"),
        pytest.param(
            lambda d: d["services"]["order-api"].update(calls=["inventory-api"]),
            "services.order-api.calls names 'inventory-api'",
            id="a call to a service without a name",
        ),
    ],
)
def test_wrong_settings_are_refused(
    tmp_path: Path,
    up_words: list[str],
    change: Callable[[dict[str, Any]], object],
    expected: str,
) -> None:
    done = rehearse(*up_words, "--settings", changed(tmp_path, change))
    assert done.returncode == 64
    assert expected in done.stderr
    assert "hint: infra/app.schema.json" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        pytest.param(["--settings", "nowhere.json"], 64, "cannot be read", id="no settings file"),
        pytest.param(["--tempo", "slow"], 64, "tempo 'slow' is neither", id="no such tempo"),
        pytest.param(["--images", "nowhere.toml"], 64, "cannot be read", id="no catalogue"),
        pytest.param(["--time-scale", "21"], 64, "21 is not in the range", id="too large a scale"),
        pytest.param(["--fallback", "ftp://x"], 64, "is not a fallback", id="no fallback URL"),
        pytest.param(["--host", "0.0.0.0"], 64, "REHEARSE_ACCESS_KEY", id="open without keys"),
    ],
)
def test_wrong_options_of_up_are_refused(
    up_words: list[str], words: list[str], code: int, expected: str
) -> None:
    done = rehearse(*up_words, *words)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert expected in done.stderr


def test_a_machine_without_envoy_is_told_what_to_do(up_words: list[str]) -> None:
    done = rehearse(*up_words, REHEARSE_ENVOY="/nowhere/envoy")
    assert done.returncode == 1
    assert "REHEARSE_ENVOY is '/nowhere/envoy'" in done.stderr


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


@pytest.mark.parametrize("option", ["--port", "--http-port", "--https-port"])
def test_a_taken_port_is_named_with_its_holder(
    up_words: list[str], taken: int, option: str
) -> None:
    done = rehearse(*up_words, option, str(taken))
    assert done.returncode == 1
    assert f"127.0.0.1:{taken} is taken by pid {os.getpid()}" in done.stderr
    assert "hint: end that process, or choose others" in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        pytest.param(["fly"], 64, "No such command 'fly'", id="no such command"),
        pytest.param(["drill", "fly", "--plan"], 64, "there is no drill 'fly'", id="no such drill"),
        pytest.param(["drill", "--variant", "odd"], 64, "'odd' is not one of", id="no variant"),
        pytest.param(["status", "--state-dir", "nowhere"], 1, "no plane runs", id="no plane"),
        pytest.param(["judge", "nowhere"], 64, "does not exist", id="no run folder"),
    ],
)
def test_wrong_commands_are_refused(words: list[str], code: int, expected: str) -> None:
    done = rehearse(*words)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr
    assert expected in done.stderr


@pytest.mark.parametrize(
    ("operation", "params", "code"),
    [
        pytest.param(
            "update_service",
            {"cluster": "rehearsal", "service": "order-api", "colour": "red"},
            "ValidationException",
            id="an unknown member",
        ),
        pytest.param(
            "update_service",
            {"cluster": "rehearsal", "service": "order-api", "desiredCount": "two"},
            "ValidationException",
            id="a wrong type",
        ),
        pytest.param(
            "update_service",
            {"cluster": "rehearsal", "service": "pay-api", "desiredCount": 1},
            "ServiceNotFoundException",
            id="a missing service",
        ),
        pytest.param(
            "update_service",
            {"cluster": "elsewhere", "service": "order-api"},
            "ClusterNotFoundException",
            id="a missing cluster",
        ),
        pytest.param(
            "update_service",
            {"cluster": "rehearsal", "service": "order-api", "taskDefinition": "order-api:99"},
            "ClientException",
            id="a missing revision",
        ),
    ],
)
def test_malformed_calls_get_aws_errors_and_change_nothing(
    plane: Up, operation: str, params: dict[str, Any], code: str
) -> None:
    before = httpx.get(f"{plane.endpoint}/_rehearse/status").json()["services"]
    ecs = plane.client("ecs", Config(parameter_validation=False))
    with pytest.raises(ClientError) as error:
        _call_raw(plane, ecs, operation, params)
    assert error.value.response["Error"]["Code"] in (code, "InvalidParameterException")
    after = httpx.get(f"{plane.endpoint}/_rehearse/status").json()["services"]
    assert [s["deployments"] for s in after] == [s["deployments"] for s in before]


def _call_raw(plane: Up, ecs: Any, operation: str, params: dict[str, Any]) -> None:
    """Send the members as they are: boto3 would drop the ones it does not know."""
    target = f"AmazonEC2ContainerServiceV20141113.{ecs.meta.method_to_api_mapping[operation]}"
    headers = {"x-amz-target": target, "content-type": "application/x-amz-json-1.1"}
    answer = httpx.post(plane.endpoint, json=params, headers=headers)
    assert answer.status_code == 400, answer.text
    found = answer.json()
    error = {"Code": found["__type"].rpartition("#")[2], "Message": found.get("message", "")}
    raise ClientError({"Error": error}, operation)


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"host": "evil.example"}],
    ids=["a foreign Origin", "a foreign Host"],
)
@pytest.mark.parametrize("path", ["/", "/_rehearse/status", "/_ecs/v4/x/task"])
def test_a_web_page_may_not_call(plane: Up, headers: dict[str, str], path: str) -> None:
    form = "Action=DescribeLoadBalancers&Version=2015-12-01"
    sent = {"content-type": "application/x-www-form-urlencoded", **headers}
    assert httpx.post(f"{plane.endpoint}{path}", content=form, headers=sent).status_code == 403
    assert httpx.get(f"{plane.url}/orders").status_code == 200
