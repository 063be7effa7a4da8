"""How long a check takes: `python -m tests.checklist.bench`.

A state of 100 resources, and a fleet of 20 services (their states together), from file to report.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from infra.checklist.check import check, read_files
from infra.checklist.documents import Kind
from infra.checklist.report import as_text
from infra.checklist.waivers import WaiverFile
from tests.checklist.stored import STATES, TODAY

ROUNDS = 5
LIMITS_S = {"100 resources": 0.3, "20 services": 1.0}


def copies(folder: Path, count: int, most: int | None = None) -> Path:
    """So many stacks with other names and ids in one state, cut after `most` resources."""
    path = folder / f"{count}.json"
    text = (STATES / "good.json").read_text()
    identities = {
        one["values"][key]
        for one in json.loads(text)["values"]["root_module"]["resources"]
        for key in ("id", "arn")
        if isinstance(one["values"].get(key), str)
    }
    listed = []
    for number in range(count):
        changed = text.replace('case[\\"good\\"]', f"case[{number}]").replace("-api", f"-{number}")
        for identity in identities:
            changed = changed.replace(f'"{identity}"', f'"{identity}-{number}"')
        listed += json.loads(changed)["values"]["root_module"]["resources"]
    document = {"format_version": "1.0", "values": {"root_module": {"resources": listed[:most]}}}
    path.write_text(json.dumps(document))
    return path


def seconds(path: Path) -> float:
    """The best of some rounds: other people's work on the machine is not ours."""
    return min(_once(path) for _ in range(ROUNDS))


def _once(path: Path) -> float:
    start = time.perf_counter()
    report = check(read_files([path], Kind.STATE), WaiverFile(), TODAY)
    as_text(report)
    assert report.findings
    return time.perf_counter() - start


CASES: dict[str, Callable[[Path], Path]] = {
    "100 resources": lambda folder: copies(folder, 2, 100),
    "20 services": lambda folder: copies(folder, 10),
}


def main() -> int:
    slow = False
    with tempfile.TemporaryDirectory() as folder:
        for name, make in CASES.items():
            took = seconds(make(Path(folder)))
            slow |= took > LIMITS_S[name]
            print(f"{name}: {took * 1000:.0f} ms (limit {LIMITS_S[name] * 1000:.0f} ms)")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
