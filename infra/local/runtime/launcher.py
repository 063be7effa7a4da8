"""The program between the plane and a main process; run as `python -I -S launcher.py ...`.

    launcher.py MODE LOG HOSTS MARK COMMAND...    MODE is `isolated` or `plain`
    launcher.py probe HOSTS                       exit 0 if namespaces are allowed here

`isolated`: COMMAND is PID 1 of its own user, mount and pid namespace, HOSTS is its /etc/hosts, and
the kernel ends every descendant with it. `plain`: COMMAND leads its own session; this program ends
its descendants by session, by parenthood (it is their subreaper) and by MARK in their environment.

Standard input is a socket to the plane. Its end is the plane's end: everything is killed. In come
the lines `signal N` and `probe ID TIMEOUT_MS HEX...`; out go `started PID` or `failed ERRNO STEP`,
`probe ID CODE` and last `exit CODE` (0-255, 128 + n when signal n ended the command).
"""

import ctypes
import fcntl
import os
import select
import signal
import sys
import time
from contextlib import suppress

NEW_MOUNT, NEW_USER, NEW_PID = 0x00020000, 0x10000000, 0x20000000
SET_PDEATHSIG, SET_CHILD_SUBREAPER = 1, 36
MOUNT_BIND, MOUNT_RECURSIVE, MOUNT_PRIVATE = 0x1000, 0x4000, 0x40000
NOSUID_NODEV_NOEXEC = 0xE

CONTROL = 0
LOG_BYTES = 8 * 1024 * 1024  # of one file; the one before it is kept as LOG.1
CHUNK_BYTES = 65_536  # also the longest line: longer ones are split
PIPE_BYTES = 262_144  # what the app may write while the disk is slow
NAP_MS = 10  # lines are collected this long: 100 wake-ups a second at most
PROBES = 16  # at once
SWEEPS = 200  # with 10 ms between them

_libc = ctypes.CDLL(None, use_errno=True)


def _call(function: str, *arguments: object) -> None:
    if getattr(_libc, function)(*arguments) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))


def _write(path: str, text: str) -> None:
    with open(path, "w") as file:
        file.write(text)


def isolate() -> None:
    """Enter new user and mount namespaces; every child from now on is in a new pid namespace."""
    user, group = os.geteuid(), os.getegid()
    _call("unshare", NEW_USER | NEW_MOUNT | NEW_PID)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")


def mount(hosts: str) -> None:
    """Put `hosts` over /etc/hosts and a fresh /proc over the old one, where that is allowed."""
    _call("mount", b"none", b"/", None, MOUNT_RECURSIVE | MOUNT_PRIVATE, None)
    _call("mount", os.fsencode(hosts), b"/etc/hosts", None, MOUNT_BIND, None)
    with suppress(PermissionError):  # a container's masked /proc: the old one serves /proc/self
        _call("mount", b"proc", b"/proc", b"proc", NOSUID_NODEV_NOEXEC, None)


def die_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """Get this signal when the parent ends, however it does. Linux only."""
    _call("prctl", SET_PDEATHSIG, int(number), 0, 0, 0)


def exit_code(status: int) -> int:
    """A wait status as a container's exit code."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def strays(mark: str, session: int, parent: int) -> list[int]:
    """Living processes of this user, but for this one, which belong to a main process that ended.

    Those are in its `session`, children of `parent`, or carry `mark` (NAME=VALUE) in their
    environment. An empty mark or a zero matches nothing.
    """
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit() or int(name) == os.getpid():
            continue
        with suppress(OSError):  # it ended, or its environment is not ours to read
            if _belongs(name, mark.encode(), session, parent):
                found.append(int(name))
    return found


def _belongs(pid: str, mark: bytes, session: int, parent: int) -> bool:
    if os.stat(f"/proc/{pid}").st_uid != os.geteuid():
        return False
    with open(f"/proc/{pid}/stat", "rb") as file:
        state, its_parent, group, its_session = file.read().rpartition(b")")[2].split()[:4]
    if state in b"ZX":
        return False
    if parent and int(its_parent) == parent:
        return True
    if session and session in (int(group), int(its_session)):
        return True
    if not mark:
        return False
    with open(f"/proc/{pid}/environ", "rb") as file:
        return mark in file.read().split(b"\0")


def sweep(mark: str, session: int, parent: int) -> None:
    """Kill strays until there are none, for two seconds at most."""
    for _ in range(SWEEPS):
        found = strays(mark, session, parent)
        if not found:
            return
        for pid in found:
            with suppress(OSError):  # it ended meanwhile, or may not be killed
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.01)


class Log:
    """Lines with the time in epoch milliseconds before each, in two files of bounded size.

    The time follows the monotonic clock from this program's start, so that it never goes back.
    What the disk refuses is lost: the app goes on.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._offset_ns = time.time_ns() - time.monotonic_ns()
        self._rest = b""
        self._open()

    def _open(self) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._file = os.open(self._path, flags, 0o644)
        self._size = os.fstat(self._file).st_size

    def feed(self, data: bytes) -> None:
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        if len(self._rest) >= CHUNK_BYTES:
            lines.append(self._rest)
            self._rest = b""
        self._put(lines)

    def close(self) -> None:
        if self._rest:
            self._put([self._rest])
        os.close(self._file)

    def _put(self, lines: list[bytes]) -> None:
        stamp = b"%d " % ((time.monotonic_ns() + self._offset_ns) // 1_000_000)
        data = b"".join([stamp + line + b"\n" for line in lines])
        try:
            if self._size + len(data) > LOG_BYTES:
                self._rotate()
            self._size += os.write(self._file, data)
        except OSError:
            return

    def _rotate(self) -> None:
        os.rename(self._path, self._path + ".1")
        os.close(self._file)
        self._open()


def reset_signals() -> None:
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


class Launcher:
    """The parent of one main process and of its health checks."""

    def __init__(self, mode: str, log: str, hosts: str, mark: str) -> None:
        self._isolated = mode == "isolated"
        self._hosts = hosts
        self._mark = mark
        self._log = Log(log)
        self._output, self._input = _pipe(PIPE_BYTES)
        self._woken, wake = _pipe()
        self._alive, self._life = os.pipe()
        self._main = 0
        self._ended = False
        self._orders = b""
        self._probes: dict[int, tuple[str, float]] = {}
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # the plane's word comes by the socket alone
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        self._quiet = _poll(CONTROL, self._woken)
        self._full = _poll(CONTROL, self._woken, self._output)

    def run(self, command: list[str]) -> None:
        """Start the command, serve until it ends, report, leave nothing of it behind."""
        if self._isolated:
            die_with_parent()
            isolate()
        else:
            _call("prctl", SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._main, failure = self._fork(command, self._input, main=True)
        os.close(self._input)
        if failure:
            _report(f"failed {failure}")
            return
        _report(f"started {self._main}")
        napping = False
        while not self._ended:
            napping = self._turn(napping)
        self._finish()

    def _turn(self, napping: bool) -> bool:
        """Wait for something and act on it; true if the log may wait a little now."""
        poller = self._quiet if napping else self._full
        chunk = 0
        for descriptor, _ in poller.poll(NAP_MS if napping else self._patience_ms()):
            if descriptor == CONTROL:
                self._obey()
            elif descriptor == self._woken:
                self._reap()
            else:
                chunk = self._copy()
        self._end_late_probes()
        return 0 < chunk < CHUNK_BYTES // 2

    def _copy(self) -> int:
        data = os.read(self._output, CHUNK_BYTES)
        if not data:
            self._full.unregister(self._output)  # the app closed its output
        else:
            self._log.feed(data)
        return len(data)

    def _obey(self) -> None:
        try:
            data = os.read(CONTROL, CHUNK_BYTES)
        except OSError:
            data = b""
        if not data:
            self._quiet.unregister(CONTROL)
            self._full.unregister(CONTROL)
            os.kill(self._main, signal.SIGKILL)
            return
        *lines, self._orders = (self._orders + data).split(b"\n")
        for line in lines:
            verb, *words = line.decode().split(" ")
            if verb == "signal":
                os.kill(self._main, int(words[0]))  # not reaped yet: the pid is still its own
            else:
                self._probe(words[0], int(words[1]), words[2:])

    def _probe(self, number: str, timeout_ms: int, words: list[str]) -> None:
        command = [os.fsdecode(bytes.fromhex(word)) for word in words]
        if len(self._probes) >= PROBES:
            _report(f"probe {number} 125")
            return
        try:
            pid, _ = self._fork(command, None, main=False)
        except OSError:  # PID 1 has just ended: nothing can start in its namespace
            _report(f"probe {number} 126")
            return
        self._probes[pid] = (number, time.monotonic() + timeout_ms / 1000)

    def _patience_ms(self) -> int | None:
        if not self._probes:
            return None
        first = min(deadline for _, deadline in self._probes.values())
        return max(NAP_MS, int((first - time.monotonic()) * 1000) + 1)

    def _end_late_probes(self) -> None:
        now = time.monotonic()
        for pid, (_, deadline) in self._probes.items():
            if deadline <= now:
                os.killpg(pid, signal.SIGKILL)

    def _reap(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._woken, CHUNK_BYTES)
        while child := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if child.si_pid == self._main:
                self._ended = True  # reaped last: until then nobody else can get its pid
                return
            _, status = os.waitpid(child.si_pid, 0)
            if child.si_pid in self._probes:
                number, _ = self._probes.pop(child.si_pid)
                _report(f"probe {number} {exit_code(status)}")

    def _finish(self) -> None:
        if not self._isolated:
            sweep(self._mark, self._main, os.getpid())
        _, status = os.waitpid(self._main, 0)
        os.set_blocking(self._output, False)
        with suppress(BlockingIOError):
            while data := os.read(self._output, CHUNK_BYTES):
                self._log.feed(data)
        self._log.close()
        _report(f"exit {exit_code(status)}")

    def _fork(self, command: list[str], output: int | None, *, main: bool) -> tuple[int, str]:
        """Start a command in a session of its own; its pid, and `ERRNO STEP` if that failed."""
        failure, theirs = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._become(command, output, theirs, main=main)
        os.close(theirs)
        told = os.read(failure, 1000)  # its end, once the command runs
        os.close(failure)
        return pid, told.decode()

    def _become(self, command: list[str], output: int | None, failure: int, *, main: bool) -> None:
        step = "prepare"
        try:
            os.close(self._life)
            os.setsid()
            die_with_parent()
            if _poll(self._alive).poll(0):
                os._exit(137)  # the parent was gone before it could be watched
            if main and self._isolated:
                step = "mount"
                mount(self._hosts)
            null = os.open("/dev/null", os.O_RDWR)
            os.dup2(null, 0)
            os.dup2(null if output is None else output, 1)
            os.dup2(1, 2)
            reset_signals()
            step = "exec"
            os.execvp(command[0], command)  # noqa: S606 - the task's command, as it stands
        except OSError as error:
            os.write(failure, f"{error.errno} {step}".encode())
        finally:
            os._exit(127)


def _pipe(size: int = 0) -> tuple[int, int]:
    """A pipe, not inherited; its read end waits, or with no `size` neither end does."""
    ends = os.pipe()
    if size:
        with suppress(OSError):  # this user has all the pipe memory allowed: 64 KiB then
            fcntl.fcntl(ends[0], fcntl.F_SETPIPE_SZ, size)
    else:
        os.set_blocking(ends[0], False)
        os.set_blocking(ends[1], False)
    return ends


def _poll(*descriptors: int) -> select.poll:
    poller = select.poll()
    for descriptor in descriptors:
        poller.register(descriptor, select.POLLIN)
    return poller


def _report(line: str) -> None:
    with suppress(OSError):  # the plane has gone: the next read of the socket says so
        os.write(CONTROL, line.encode() + b"\n")


def allowed(hosts: str) -> bool:
    """Whether this user may make the namespaces and the mount that `isolated` needs."""
    try:
        isolate()
        pid = os.fork()
        if pid == 0:
            mount(hosts)
            os._exit(0)
        return os.waitpid(pid, 0)[1] == 0
    except OSError:  # in the child too: it then exits 1, as its parent will
        return False


def main(arguments: list[str]) -> None:
    if arguments[0] == "probe":
        os._exit(0 if allowed(arguments[1]) else 1)
    mode, log, hosts, mark, *command = arguments
    try:
        Launcher(mode, log, hosts, mark).run(command)
    except OSError as error:
        _report(f"failed {error.errno} prepare")
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
