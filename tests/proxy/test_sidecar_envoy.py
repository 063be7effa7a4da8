"""Envoy itself accepts what the builders make."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from infra.local.proxy.binary import find_envoy
from infra.local.proxy.configs.sidecar import bootstrap
from infra.local.proxy.configs.sidecar_cluster import endpoints
from infra.local.proxy.configs.sidecar_model import (
    AppProtocol,
    Egress,
    Endpoint,
    Ingress,
    Policy,
    Sidecar,
)

pytestmark = pytest.mark.runtime


def sample(directory: Path, by_host: bool, zero: bool) -> Sidecar:
    protocols = list(AppProtocol)
    return Sidecar(
        task="task",
        service="service",
        admin="/tmp/sc-admin.sock",
        access_log=str(directory / "egress.jsonl"),
        policy=Policy().scaled(20),
        by_host=by_host,
        ingress=tuple(
            Ingress("127.0.0.1", 9000 + n, "127.0.0.2", 8080, protocol)
            for n, protocol in enumerate(protocols)
        ),
        egress=tuple(
            Egress(
                f"name-{n}",
                8080 + port,
                f"127.0.1.{n}",
                protocol,
                str(directory / f"members-{n}-{port}.json"),
                0 if zero else 750,
                0 if zero else 15_000,
            )
            for n, protocol in enumerate(protocols)
            for port in range(2)
        ),
    )


@pytest.mark.parametrize(
    ("by_host", "zero"),
    [
        pytest.param(False, False, id="each name on its own address"),
        pytest.param(True, False, id="names behind http_proxy"),
        pytest.param(False, True, id="timeouts switched off"),
    ],
)
def test_envoy_accepts_every_kind(by_host: bool, zero: bool, tmp_path: Path) -> None:
    proxy = sample(tmp_path, by_host, zero)
    for known in proxy.egress:
        members = [Endpoint("127.0.0.9", 8080, "a"), Endpoint("127.0.0.8", 8080, "b")]
        Path(known.endpoints).write_text(json.dumps(endpoints(known.cluster, members)))
    file = tmp_path / "envoy.json"
    file.write_text(json.dumps(bootstrap(proxy)))
    options = ["--mode", "validate", "--disable-hot-restart", "--log-level", "warning"]

    command = [str(find_envoy(os.environ)), *options, "-c", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)

    assert done.returncode == 0, done.stderr
    assert done.stdout == f"configuration '{file}' OK\n"
    assert done.stderr == ""
