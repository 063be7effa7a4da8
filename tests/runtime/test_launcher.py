"""What a container's main process may rely on, with namespaces and without."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from signal import Signals

import anyio
import pytest

from infra.local.runtime import launcher, logs
from infra.local.runtime.launch import LaunchedProcess, launch, launch_plain
from infra.local.runtime.protocol import CannotStartContainerError

Run = Callable[..., Awaitable[LaunchedProcess]]
Until = Callable[[Callable[[], object]], Awaitable[None]]

pytestmark = [pytest.mark.runtime, pytest.mark.anyio]

HANDLES_TERM = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
print("ready", flush=True)
time.sleep(30)
"""
SIGNALS = """
import json, signal
ignored = [n for n in signal.valid_signals() if signal.getsignal(n) == signal.SIG_IGN]
print(json.dumps([ignored, list(signal.pthread_sigmask(signal.SIG_BLOCK, ()))]))
"""
# children in sessions of their own, and the wait for a file named go
FAMILY = """
setsid sleep 60 &
setsid setsid sh -c 'sleep 60; true' &
{runaway} &
sleep 60 &
echo ready
until [ -e go ]; do sleep 0.02; done
exit 7
"""
RUNAWAY = "env -i setsid sleep 60"  # has forgotten whose it is

PLANE = """
import asyncio, json, os, sys
from pathlib import Path
from infra.local.runtime.launch import launch

async def main():
    command, environment, log, hosts, mark = json.loads(sys.argv[1])
    hosts = Path(hosts) if hosts else None
    process = await launch(command, environment, Path(log), hosts=hosts, mark=mark)
    print(process.launcher_pid, flush=True)
    await process.wait()

asyncio.run(main())
"""


def texts(log: Path) -> list[str]:
    return [text for _, text in logs.read(log)]


@pytest.mark.parametrize(
    ("script", "code"),
    [
        pytest.param("exit 0", 0, id="success is 0"),
        pytest.param("exit 3", 3, id="a code is passed on"),
        pytest.param("exit 255", 255, id="255 is passed on"),
        pytest.param("sh -c 'kill -9 $$'; exit $?", 137, id="a child killed is the shell's word"),
    ],
)
async def test_the_exit_code_is_the_main_process_own(run: Run, script: str, code: int) -> None:
    process = await run("sh", "-c", script)
    assert await process.wait() == code
    assert await process.wait() == code  # any number of callers


async def test_a_kill_from_outside_is_137(run: Run) -> None:
    process = await run("sleep", "30")
    os.kill(process.pid, signal.SIGKILL)
    assert await process.wait() == 137


async def test_a_handler_of_sigterm_runs(run: Run, until: Until, tmp_path: Path) -> None:
    process = await run(sys.executable, "-c", HANDLES_TERM)
    await until(lambda: "ready" in texts(tmp_path / "log"))
    process.signal(Signals.SIGTERM)
    assert await process.wait() == 0


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("sleep", "30"), id="a program without a handler"),
        pytest.param(("sh", "-c", "sleep 30; true"), id="a shell that waits for its child"),
    ],
)
async def test_sigterm_ends_no_pid_1_without_a_handler(
    run: Run, isolated: bool, command: tuple[str, ...]
) -> None:
    process = await run(*command)
    process.signal(Signals.SIGTERM)
    if isolated:  # a probe comes after the signal on the same way: it was delivered
        assert await process.probe(["true"], 5_000)
        assert not process.ended
        process.signal(Signals.SIGKILL)
    assert await process.wait() == (137 if isolated else 143)


async def test_the_main_process_is_pid_1_and_sees_its_own_proc(
    run: Run, isolated: bool, tmp_path: Path
) -> None:
    process = await run("sh", "-c", 'echo $$ "$(readlink /proc/self/ns/user)" /proc/[0-9]*')
    assert await process.wait() == 0
    pid, namespace, *listed = texts(tmp_path / "log")[0].split()
    assert (pid == "1") == isolated
    assert (namespace != os.readlink("/proc/self/ns/user")) == isolated
    assert (f"/proc/{os.getpid()}" not in listed) == isolated


async def test_signals_are_as_a_container_finds_them(run: Run, tmp_path: Path) -> None:
    process = await run(sys.executable, "-I", "-S", "-c", SIGNALS)
    assert await process.wait() == 0
    ignored, blocked = json.loads(texts(tmp_path / "log")[0])
    python_itself_ignores = {signal.SIGPIPE, signal.SIGXFSZ}
    assert set(ignored) <= python_itself_ignores
    assert blocked == []


async def test_signals_sent_to_the_launcher_reach_nobody(run: Run) -> None:
    process = await run("sleep", "30")
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(process.launcher_pid, number)
    assert await process.probe(["true"], 5_000)
    assert not process.ended


async def test_a_signal_after_the_end_is_nothing(run: Run) -> None:
    process = await run("true")
    await process.wait()
    process.signal(Signals.SIGTERM)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        pytest.param("no-such-program", "not found in $PATH", id="not on the path"),
        pytest.param("/no/such/program", "no such file", id="no such file"),
        pytest.param("/etc/passwd", "permission denied", id="not executable"),
    ],
)
async def test_what_cannot_start_says_why(run: Run, command: str, words: str) -> None:
    with pytest.raises(CannotStartContainerError, match=f'exec: "{command}": .*') as raised:
        await run(command)
    assert words in str(raised.value)


async def test_a_log_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    with pytest.raises(CannotStartContainerError, match="No such file or directory"):
        await launch(["true"], {}, tmp_path / "missing" / "log")


async def test_a_command_that_no_process_can_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotStartContainerError, match="cannot be passed on"):
        await launch(["echo", "a\0b"], {}, tmp_path / "log")


def descendants(ancestor: int) -> set[int]:
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_bytes().rpartition(b")")[2].split()
        except OSError:
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    found = {ancestor}
    for _ in range(10):
        found |= {pid for pid, parent in parents.items() if parent in found}
    return found - {ancestor}


@pytest.mark.parametrize(
    ("ending", "code"),
    [("main exits", 7), ("main is killed", 137), ("launcher is killed", 137), ("end", 137)],
)
async def test_no_descendant_outlives_the_main_process(
    run: Run,
    until: Until,
    tmp_path: Path,
    isolated: bool,
    ending: str,
    code: int,
    living: Callable[[int], bool],
) -> None:
    lost = ending == "launcher is killed" and not isolated  # then only marks and sessions are left
    script = FAMILY.format(runaway="setsid sleep 60" if lost else RUNAWAY)
    process = await run("sh", "-c", f"cd {tmp_path}; {script}")
    await until(lambda: len(descendants(process.launcher_pid)) >= 6)
    family = descendants(process.launcher_pid)
    if ending == "main exits":
        (tmp_path / "go").touch()
    elif ending == "main is killed":
        os.kill(process.pid, signal.SIGKILL)
    elif ending == "launcher is killed":
        os.kill(process.launcher_pid, signal.SIGKILL)
    else:
        await process.end()
    assert await process.wait() == code
    assert {pid for pid in family if living(pid)} == set()


@pytest.mark.parametrize(
    ("isolated", "stopped"),
    [("namespaces", False), ("fallback", False), ("namespaces", True)],  # a fallback must be awake
    ids=["with namespaces", "without namespaces", "even if the launcher is stopped"],
    indirect=["isolated"],
)
async def test_nothing_outlives_the_plane(
    isolated: bool,
    until: Until,
    tmp_path: Path,
    mark: str,
    living: Callable[[int], bool],
    stopped: bool,
) -> None:
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost\n")
    name, _, value = mark.partition("=")
    command = ["sh", "-c", f"cd {tmp_path}; {FAMILY.format(runaway=RUNAWAY)}"]
    environment = {"PATH": os.environ["PATH"], name: value}
    log = str(tmp_path / "log")
    arguments = json.dumps([command, environment, log, str(hosts) if isolated else "", mark])
    async with await anyio.open_process([sys.executable, "-c", PLANE, arguments]) as plane:
        assert plane.stdout is not None
        launcher_pid = int(await plane.stdout.receive())
        await until(lambda: len(descendants(launcher_pid)) >= 6)
        family = {launcher_pid, *descendants(launcher_pid)}
        if stopped:
            os.kill(launcher_pid, signal.SIGSTOP)
        plane.kill()
    await until(lambda: not any(living(pid) for pid in family))


async def test_a_stopped_main_process_can_be_ended(run: Run, until: Until) -> None:
    process = await run("sh", "-c", "while :; do sleep 0.1; done")
    process.signal(Signals.SIGSTOP)
    await process.end()
    assert await process.wait() == 137


@pytest.mark.parametrize(
    ("script", "healthy"),
    [
        pytest.param("exit 0", True, id="0 is healthy"),
        pytest.param("exit 1", False, id="another code is not"),
        pytest.param("sleep 30", False, id="no end in time is not"),
        pytest.param("setsid sleep 30; exit 0", False, id="a child that hangs counts as hanging"),
    ],
)
async def test_a_probe_is_judged_by_exit_code_and_time(
    run: Run, script: str, healthy: bool
) -> None:
    process = await run("sleep", "30")
    began = time.monotonic()
    assert await process.probe(["sh", "-c", script], 300) is healthy
    assert time.monotonic() - began < 2


async def test_a_probe_runs_in_the_namespaces_of_the_main_process(run: Run, isolated: bool) -> None:
    process = await run("sleep", "30")
    same = 'test "$(readlink /proc/self/ns/pid)" != "$0"'
    assert await process.probe(["sh", "-c", same, os.readlink("/proc/self/ns/pid")], 5_000) is (
        isolated
    )
    assert await process.probe(["sh", "-c", 'test -n "$REHEARSE_MARK"'], 5_000)


async def test_a_probe_of_an_ended_process_fails_at_once(run: Run) -> None:
    process = await run("true")
    await process.wait()
    assert not await process.probe(["true"], 5_000)


async def test_a_plain_process_tells_its_pid_and_its_end(tmp_path: Path) -> None:
    process = await launch_plain(["sh", "-c", "echo $$; exit 4"], {}, tmp_path / "log")
    assert await process.wait() == 4
    assert texts(tmp_path / "log") == [str(process.pid)]


def test_an_unprivileged_user_may_launch_as_well(tmp_path: Path, isolated: bool) -> None:
    if os.geteuid() != 0:
        pytest.skip("the other tests have just run as an unprivileged user")
    nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", sys.executable]
    tmp_path.chmod(0o777)
    for directory in (tmp_path, *list(tmp_path.parents)[:3]):
        directory.chmod(0o755 if directory != tmp_path else 0o777)
    program = [*nobody, "-I", "-S", launcher.__file__]
    if subprocess.run([*nobody, "-c", ""], check=False).returncode != 0:
        pytest.skip("nobody may not run this interpreter")
    if isolated and subprocess.run([*program, "probe", "/etc/hosts"], check=False).returncode != 0:
        pytest.skip("this machine refuses user namespaces to unprivileged users")
    told = launched_by(program, "isolated" if isolated else "plain", tmp_path)
    assert told.splitlines()[-1] == "exit 5"
    seen = "65534 1" if isolated else "65534"
    assert texts(tmp_path / "log")[0].startswith(seen)


def launched_by(program: list[str], mode: str, directory: Path) -> str:
    """What a launcher says from its start to its end."""
    ours, theirs = socket.socketpair()
    script = "echo $(id -u) $$; exit 5"
    command = [*program, mode, str(directory / "log"), "/etc/hosts", "", "sh", "-c", script]
    with ours, theirs, subprocess.Popen(command, stdin=theirs.fileno()):
        theirs.close()
        ours.settimeout(10)
        return b"".join(iter(lambda: ours.recv(4096), b"")).decode()
