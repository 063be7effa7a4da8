"""`make accept-N`: what an issue must show, one resumable step after the other.

Each step's result is written to .accept/accept-N.json with the commit that it was shown by; a step
that passed is not run again unless --again is given. Prints a line per step and ends with 1 if any
step failed.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests import (
    bench,
    containeraccept,
    containerbench,
    fifty,
    kills,
    loadbench,
    soak,
    terraformaccept,
)
from tests.plane.test_clients import aws
from tests.plane.up import Up

OUT = Path(".accept")
TESTS_LIMIT_S = 3600
REHEARSE = [sys.executable, "-m", "rehearse"]


@dataclass(frozen=True, slots=True)
class Step:
    """`run` returns the figures to note and raises AssertionError when the step fails."""

    name: str
    run: Callable[[], dict[str, Any]]


def command(*words: str, limit_s: float = 600) -> tuple[int, str]:
    done = subprocess.run(
        words,
        capture_output=True,
        text=True,
        timeout=limit_s,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return done.returncode, done.stdout + done.stderr


def drill(variant: str, code: int) -> dict[str, Any]:
    """One run of the drill from the command line; the verdicts' own figures."""
    began = time.monotonic()
    out = OUT / "runs" / time.strftime("%Y%m%d-%H%M%S")
    words = [
        "drill",
        "rolling-deploy",
        "--variant",
        variant,
        "--time-scale",
        "10",
        "--out",
        str(out),
    ]
    found, said = command(*REHEARSE, *words)
    assert found == code, said
    verdicts = [json.loads(p.read_text()) for p in sorted(out.glob("*/verdict.json"))]
    return {
        "seconds": round(time.monotonic() - began, 1),
        "runs": [
            {
                "variant": v["variant"],
                "outcome": v["outcome"],
                "run_seconds": round((v["ended_ms"] - v["started_ms"]) / 1000, 1),
                "said": [f["sentence"] for f in v["findings"][:3]],
                "causes": [c["sentence"] for f in v["findings"] for c in f["causes"]],
            }
            for v in verdicts
        ],
    }


def tests(*words: str) -> dict[str, Any]:
    """Part of the test suite, by pytest's own arguments."""
    began = time.monotonic()
    code, said = command(sys.executable, "-m", "pytest", "-q", *words, limit_s=TESTS_LIMIT_S)
    assert code == 0, said[-4000:]
    return {"seconds": round(time.monotonic() - began, 1), "said": said.strip().splitlines()[-1]}


def aws_waits() -> dict[str, Any]:
    """`aws ecs update-service --force-new-deployment`, then `aws ecs wait services-stable`."""
    with tempfile.TemporaryDirectory(prefix="rehearse-accept-") as folder:
        up = Up(Path(folder) / "plane", scale=10).start()
        try:
            service = ("--cluster", "rehearsal", "--service", "order-api")
            update = aws(up, "ecs", "update-service", *service, "--force-new-deployment")
            assert update.returncode == 0, update.stderr
            began = time.monotonic()
            wait = aws(up, "ecs", "wait", "services-stable", *service[:2], "--services", service[3])
            assert wait.returncode == 0, wait.stderr
            return {"seconds": round(time.monotonic() - began, 1)}
        finally:
            up.stop()


def benchmarks(measure: Callable[[], list[bench.Figure]] = bench.measure) -> dict[str, Any]:
    figures = measure()
    over = [str(f) for f in figures if f.limit is not None and f.value > f.limit]
    assert not over, over
    return {f.name: round(f.value, 2) for f in figures}


def core_set() -> dict[str, Any]:
    """What `make drill` runs, once dependencies are installed: under three minutes."""
    return suite((), "fixed", 180)


def every_drill_both_ways() -> dict[str, Any]:
    """Every drill of the list, broken and fixed: under ten minutes."""
    code, said = command(*REHEARSE, "drill", "--list")
    assert code == 0, said
    names = [line.split()[0] for line in said.splitlines() if line.strip()]
    return suite(tuple(names), "both", 600)


def suite(names: tuple[str, ...], variant: str, limit_s: float) -> dict[str, Any]:
    """Drills in one command; each verdict with its figures. Fails beyond the limit."""
    began = time.monotonic()
    out = OUT / "runs" / time.strftime("%Y%m%d-%H%M%S")
    words = ["drill", *names, "--variant", variant, "--time-scale", "10", "--out", str(out)]
    code, said = command(*REHEARSE, *words, limit_s=limit_s + 120)
    seconds = time.monotonic() - began
    assert code == 0, said[-6000:]
    assert seconds < limit_s, f"{seconds:.0f} s, the limit is {limit_s:g}"
    verdicts = [json.loads(p.read_text()) for p in sorted(out.glob("*/verdict.json"))]
    runs = [
        f"{v['drill']} ({v['variant']}): {v['outcome']} in"
        f" {(v['ended_ms'] - v['started_ms']) / 1000:.0f} s: {v['reason'][:160]}"
        for v in verdicts
    ]
    return {"seconds": round(seconds, 1), "runs": runs}


def checks_take() -> dict[str, Any]:
    """A state of 100 resources and a fleet of 20 services, each under its limit."""
    code, said = command(sys.executable, "-m", "tests.checklist.bench")
    assert code == 0, said
    return {"said": said.strip().splitlines()}


STEPS: dict[str, list[Step]] = {
    "2": [
        Step("the drill passes", lambda: drill("fixed", 0)),
        Step("the broken drill fails", lambda: drill("broken", 1)),
        *(Step(f"both variants, run {n} of 10", lambda: drill("both", 0)) for n in range(1, 11)),
        Step("aws ecs wait services-stable", aws_waits),
        Step("ordinary clients", lambda: tests("tests/plane/test_clients.py")),
        Step("twenty deployments under full blast", soak.run),
        Step("benchmarks", benchmarks),
        Step("killed at random moments", kills.run),
        Step("endings and replacements", lambda: tests("tests/plane/test_endings.py")),
        Step("bad input", lambda: tests("tests/plane/test_refusals.py", "tests/api")),
        Step("all tests", tests),
    ],
    "3": [
        Step("make drill", core_set),
        *(Step(f"every drill both ways, run {n} of 3", every_drill_both_ways) for n in (1, 2, 3)),
        Step("releases under load", lambda: tests("-s", "tests/plane/test_deploy_load.py")),
        Step(
            "deploy and watch",
            lambda: tests("tests/plane/test_deploy.py", "tests/plane/test_watch.py"),
        ),
        Step(
            "reports in a browser",
            lambda: tests(
                "tests/chaos/test_report_page.py",
                "tests/chaos/test_junit.py",
                "tests/chaos/test_verdict.py",
            ),
        ),
        Step("swapped broken variants", lambda: tests("tests/chaos/test_swapped.py")),
        *(
            Step(f"drills {n + 1} to {n + 10} of 50 killed", partial(fifty.run, 10, fifty.SEED + n))
            for n in range(0, 50, 10)
        ),
        Step("the load generator", lambda: benchmarks(loadbench.measure)),
        Step("planted bugs and invariants", lambda: tests("tests/scheduler", "tests/sim")),
        Step("all tests", tests),
    ],
    "4": [
        Step("images built offline", containeraccept.images),
        Step("compose up to the first answer, and down", containeraccept.up_and_down),
        Step("20,000 requests, rolling", containeraccept.with_stack(containeraccept.rolling)),
        Step("core drills both ways", containeraccept.with_stack(containeraccept.core_drills)),
        Step("killed plane", containeraccept.with_stack(containeraccept.killed_plane)),
        Step(
            "who reaches whom, rule by rule",
            lambda: tests("tests/network", "tests/docker/test_container_network.py"),
        ),
        Step("the stack by testcontainers", lambda: tests("-s", "tests/compose")),
        Step("both runtimes alike", lambda: tests("tests/compose/test_both_runtimes.py")),
        Step("benchmark", lambda: benchmarks(containerbench.measure)),
        Step("bad input", lambda: tests("tests/composed", "tests/docker", "-k", "refus or pull")),
        Step("without Docker", containeraccept.without_docker),
        Step("all tests", tests),
    ],
    "5": [
        Step("terraform test, offline", lambda: tests("tests/terraform")),
        Step("applied: first answers", terraformaccept.on_applied(terraformaccept.answers)),
        Step("applied: drills both ways", terraformaccept.on_applied(terraformaccept.drilled)),
        Step("applied, updated, broken, healed, destroyed", lambda: tests("-s", "tests/apply")),
        Step("parity", lambda: tests("tests/parity")),
        Step("our own stack passes the check", lambda: tests("tests/terraform", "-k", "check")),
        Step("every rule by HCL, the article, loaders, refusals", lambda: tests("tests/checklist")),
        Step("how long a check takes", checks_take),
        Step("the API that the provider uses", lambda: tests("tests/api")),
        Step("a service in another framework, imported", lambda: tests("-s", "tests/imports")),
        Step("all tests", tests),
    ],
}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.accept")
    parser.add_argument("issue", choices=sorted(STEPS))
    parser.add_argument("--again", action="store_true", help="run steps that have passed too")
    parser.add_argument("--only", help="run only steps whose name contains this")
    options = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    path = OUT / f"accept-{options.issue}.json"
    results: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    for step in STEPS[options.issue]:
        chosen = not options.only or options.only in step.name
        if chosen and (options.again or not results.get(step.name, {}).get("passed")):
            results[step.name] = _run(step)
            path.write_text(json.dumps(results, indent=2) + "\n")
        shown = results.get(step.name, {"passed": None, "commit": "-", "at": "not run"})
        word = {True: "pass", False: "FAIL", None: "-"}[shown["passed"]]
        print(f"{word:<5} {step.name}  ({shown['commit']}, {shown['at']})", flush=True)
    return 0 if all(results.get(s.name, {}).get("passed") for s in STEPS[options.issue]) else 1


def _run(step: Step) -> dict[str, Any]:
    _, commit = command("git", "rev-parse", "--short", "HEAD")
    note: dict[str, Any] = {"commit": commit.strip(), "at": time.strftime("%Y-%m-%d %H:%M:%S")}
    try:
        return note | {"passed": True, "figures": step.run()}
    except (AssertionError, subprocess.TimeoutExpired) as error:
        return note | {"passed": False, "why": str(error)[-6000:]}


if __name__ == "__main__":
    sys.exit(main())
