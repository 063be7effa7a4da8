"""Twenty rolling deployments in a row under a closed loop at full blast: no request may fail.

wrk with 16 connections sends as fast as it is answered, half of it to order-api (load balancer,
ingress proxy) and half to inventory-api's calls of order-api (load balancer, egress and ingress
proxies), while both services are deployed again and again.
"""

import re
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.plane.up import Up, wait_for

DEPLOYMENTS = 20
CONNECTIONS = 16
SERVICES = ("order-api", "inventory-api")
SETTLED_S = 90.0
SCRIPT = """
local paths = {"/orders?limit=1", "/inventory/SKU-LOAD-1"}
local n = 0
request = function()
  n = n + 1
  return wrk.format("GET", paths[n % 2 + 1])
end
"""


def run(deployments: int = DEPLOYMENTS) -> dict[str, Any]:
    """Deploy that often under load. Raises AssertionError if a single request failed."""
    with tempfile.TemporaryDirectory(prefix="rehearse-soak-") as folder:
        script = Path(folder) / "paths.lua"
        script.write_text(SCRIPT)
        up = Up(Path(folder) / "plane", scale=10).start()
        try:
            return _blast(up, script, deployments)
        finally:
            up.stop()


def _blast(up: Up, script: Path, deployments: int) -> dict[str, Any]:
    limit_s = int(deployments * SETTLED_S)
    words = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{limit_s}s", "--timeout", "10s"]
    wrk = subprocess.Popen([*words, "-s", str(script), up.url], stdout=subprocess.PIPE, text=True)
    began = time.monotonic()
    try:
        for _ in range(deployments):
            _deploy(up)
    finally:
        wrk.send_signal(2)  # wrk prints its sums on SIGINT
        said, _ = wrk.communicate(timeout=30)
    failed = re.findall(r"(?:Non-2xx or 3xx responses: \d+|Socket errors: .*)", said)
    assert not failed, failed
    (requests,) = re.findall(r"(\d+) requests in", said)
    assert int(requests) > 0, said
    return {
        "deployments": deployments * len(SERVICES),
        "requests": int(requests),
        "failed": 0,
        "seconds": round(time.monotonic() - began, 1),
        "tasks_started": _started(up),
    }


def _deploy(up: Up) -> None:
    ecs = up.client("ecs")
    for name in SERVICES:
        ecs.update_service(cluster="rehearsal", service=name, forceNewDeployment=True)
    wait_for(lambda: _is_settled(ecs), SETTLED_S, lambda: "a deployment did not settle")


def _is_settled(ecs: Any) -> bool:
    found = ecs.describe_services(cluster="rehearsal", services=list(SERVICES))["services"]
    states = [[d["rolloutState"] for d in service["deployments"]] for service in found]
    return all(state == ["COMPLETED"] for state in states)


def _started(up: Up) -> int:
    lines = (up.state / "journal.jsonl").read_text().splitlines()
    return sum('"step": "StartTask"' in line for line in lines)
