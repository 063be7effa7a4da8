"""`rehearse load`, as a user runs it, against a stand-in service."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from loadtest.mixes import MIXES, Kind, Mix
from tests.loadtest.stage import LIMIT_S, ROOT, await_rows, count, query, received, serve

pytestmark = pytest.mark.runtime
REHEARSE = (sys.executable, "-m", "rehearse")
SECRET = "Bearer s3cret-of-staging"


@dataclass(frozen=True, slots=True)
class Ran:
    """A command that ended: its exit code and talk, and the run folder that it left."""

    code: int
    said: str
    folder: Path

    @property
    def verdict(self) -> dict[str, object]:
        found: dict[str, object] = json.loads((self.folder / "verdict.json").read_text())
        return found

    def finding(self, check: str) -> str:
        findings = self.verdict["findings"]
        assert isinstance(findings, list)
        return str(next(f["sentence"] for f in findings if f["check"] == check))


def run(out: Path, scenario: str, url: str, *options: str, **environment: str) -> Ran:
    command = [*REHEARSE, "load", scenario, "--url", url, "--longest", "0.1", "--out", str(out)]
    done = subprocess.run(
        [*command, *options],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    folders = sorted(out.iterdir()) if out.is_dir() else []
    return Ran(done.returncode, done.stdout + done.stderr, folders[-1] if folders else out)


def rehearse(*words: str) -> int:
    command = [*REHEARSE, *words]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, timeout=LIMIT_S, check=False
    ).returncode


def test_a_good_load_passes_is_judged_again_and_compared(tmp_path: Path) -> None:
    options = ("--duration", "3s", "--rate", "60", "--fail-on", "GET /orders/{id} p99<1s")
    with serve() as url:
        first = run(tmp_path / "a", "steady", url, *options)
        more = ("--baseline", str(first.folder), "--fail-on", "rps>=baseline-5%")
        second = run(tmp_path / "b", "steady", url, *options, *more, "--processes", "2")
    assert first.code == 0, first.said
    wanted = {"run.json", "requests.sqlite", "journal.jsonl", "verdict.json", "junit.xml"}
    assert {path.name for path in first.folder.iterdir()} >= {*wanted, "report.html"}
    assert "PASS  load (steady)" in first.said
    assert "acknowledged orders are there exactly once" in first.said
    assert count(first.folder / "requests.sqlite") == 180
    assert rehearse("judge", str(first.folder)) == 0
    assert rehearse("report", str(first.folder)) == 0
    assert second.code == 0, second.said
    assert count(second.folder / "requests.sqlite") == 180
    assert "compared with" in second.said
    assert "differ" in second.finding("compared with the baseline")
    assert second.finding("rps>=baseline-5%").endswith("(limit >= 57/s)")


def test_a_load_that_is_too_slow_fails(tmp_path: Path) -> None:
    options = ("--duration", "2s", "--rate", "40", "--fail-on", "p50<20ms", "--keep-going")
    with serve("--delay", "0.05") as url:
        ran = run(tmp_path, "steady", url, *options)
    assert ran.code == 1, ran.said
    assert "FAIL    p50<20ms" in ran.said


def test_a_threshold_beyond_hope_ends_the_load_early(tmp_path: Path) -> None:
    with serve("--drop-every", "2") as url:
        began = time.monotonic()
        ran = run(tmp_path, "steady", url, "--duration", "50s", "--rate", "60")
    assert ran.code == 3, ran.said
    assert time.monotonic() - began < 30
    assert "errors<0.1% is broken beyond hope" in ran.said
    assert "acknowledged orders are there exactly once" in ran.said  # asked for all the same


def test_an_endpoint_that_got_no_request_proves_nothing(tmp_path: Path) -> None:
    mix = Mix(MIXES["mixed"], 1, ("SKU-LOAD-1",), 100)
    unused = next(k for k in Kind if k not in {mix.kind(n) for n in range(10)})
    options = ("--rate", "10", "--duration", "1s", "--fail-on", f"{unused} p99<9s")
    with serve() as url:
        ran = run(tmp_path, "smoke", url, *options)
    assert ran.code == 2, ran.said
    assert f"p99 of {unused}" in " ".join(ran.said.split())


def test_an_acknowledged_order_that_is_lost_fails(tmp_path: Path) -> None:
    options = ("--duration", "2s", "--rate", "40", "--fail-on", "errors<90%")
    with serve("--lose-every", "5") as url:
        ran = run(tmp_path, "steady", url, *options)
    assert ran.code == 1, ran.said
    assert "lost" in ran.finding("every acknowledged order exactly once")


def test_a_stress_load_ends_at_the_knee_and_names_it(tmp_path: Path) -> None:
    options = ("--rate", "200", "--duration", "20s", "--mix", "reservations")
    with serve("--capacity", "70") as url:  # and its timer adds to each answer
        ran = run(tmp_path, "stress", url, *options, "--fail-on", "knee>=20")
    assert ran.code == 0, ran.said
    sentence = ran.finding("the knee was found")
    assert sentence.startswith(("kept up with 40/s and not", "kept up with 60/s and not")), sentence
    assert "too much" in ran.said
    spread = query(
        ran.folder / "requests.sqlite", "SELECT max(scheduled_ms) - min(scheduled_ms) FROM request"
    )
    assert float(spread[0][0] or 0) < 16_000  # the last stages were never begun


def test_a_secret_header_is_sent_and_told_nowhere(tmp_path: Path) -> None:
    options = ("--duration", "2s", "--rate", "20")
    with serve("--token", SECRET.lower()) as url:
        ran = run(tmp_path, "steady", url, *options, LOAD_HEADERS=f"Authorization: {SECRET}")
    assert ran.code == 0, ran.said
    assert SECRET not in ran.said
    for path in ran.folder.rglob("*"):
        assert SECRET.encode() not in path.read_bytes(), path


def test_tls_with_a_ca_of_its_own(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate, ca = tmp_path / "server.pem", tmp_path / "ca.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(certificate)
    authority.cert_pem.write_to_path(ca)
    with serve("--certificate", str(certificate)) as url:
        secure = url.replace("http:", "https:")
        options = ("--ca", str(ca), "--duration", "2s", "--rate", "20")
        ran = run(tmp_path / "out", "smoke", secure, *options)
    assert ran.code == 0, ran.said


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=["INT", "TERM", "KILL"]
)
def test_whatever_ends_the_command_ends_the_load(tmp_path: Path, number: signal.Signals) -> None:
    with serve() as url, begin(tmp_path, url) as process:
        await_record(tmp_path)
        (folder,) = tmp_path.iterdir()
        await_rows(folder / "requests.sqlite", 20)
        assert len(left(str(folder))) >= 3
        process.send_signal(number)
        process.communicate(timeout=LIMIT_S)
        assert process.returncode == (-9 if number is signal.SIGKILL else 130)
        await_end(str(folder))
        counts = received(url)
        time.sleep(0.3)  # in which nothing may come
        assert received(url) == counts
    wanted = 2 if number is signal.SIGKILL else 130
    assert rehearse("judge", str(folder)) == wanted


@contextmanager
def begin(out: Path, url: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A long load by two processes; its command is killed at the end, if it has not ended."""
    command = [*REHEARSE, "load", "soak", "--url", url, "--processes", "2", "--rate", "40"]
    with subprocess.Popen(
        [*command, "--longest", "0.1", "--out", str(out)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def await_record(out: Path) -> None:
    end = time.monotonic() + LIMIT_S
    while not list(out.glob("*/requests.sqlite")):
        assert time.monotonic() < end, "no record appeared"
        time.sleep(0.05)


def left(word: str) -> list[int]:
    """Processes whose command line has this word."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if word.encode() in path.read_bytes():
                found.append(int(path.parent.name))
        except OSError:
            continue
    return found


def await_end(word: str) -> None:
    end = time.monotonic() + 10
    while left(word):
        assert time.monotonic() < end, "the load goes on"
        time.sleep(0.05)
