"""A headless Chromium for tests of pages, spoken to over a pipe: no driver, no port, no library."""

import json
import os
import select
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
LIMIT_S = 60.0
LOUD = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
START = 'exec "$@" 3<&"$IN" 4>&"$OUT"'  # Chromium reads commands from 3 and answers on 4


def find_chromium() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@dataclass
class Browser:
    """One browser with one tab. Everything waits at most LIMIT_S."""

    writing: int
    reading: int
    session: str | None = None
    events: list[dict[str, Any]] = field(default_factory=list)
    _buffer: bytes = b""
    _last: int = 0

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send one command and wait for its answer; events that come before are kept."""
        self._last += 1
        message: dict[str, Any] = {"id": self._last, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writing, json.dumps(message).encode() + b"\0")
        while (answer := self._read(method)).get("id") != self._last:
            self.events.append(answer)
        assert "error" not in answer, f"{method}: {answer['error']}"
        result: dict[str, Any] = answer["result"]
        return result

    def _read(self, awaited: str) -> dict[str, Any]:
        deadline = time.monotonic() + LIMIT_S
        while b"\0" not in self._buffer:
            left = deadline - time.monotonic()
            ready, _, _ = select.select([self.reading], [], [], max(0.0, left))
            assert ready, f"Chromium did not answer within {LIMIT_S:g} s: {awaited}"
            read = os.read(self.reading, 1 << 16)
            assert read, f"Chromium ended: {awaited}"
            self._buffer += read
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def attach(self) -> None:
        """Take a tab of its own and listen to everything it complains about."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def show(self, page: Path, *, width: int, height: int = 900, scheme: str = "light") -> None:
        """Open the page and wait until it is loaded."""
        self.events.clear()
        self.resize(width, height)
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.call("Emulation.setEmulatedMedia", features=[feature])
        self.call("Page.navigate", url=page.resolve().as_uri())
        self.wait(self.loaded)
        assert self.run("location.href") == page.resolve().as_uri()

    def loaded(self) -> bool:
        return any(event.get("method") == "Page.loadEventFired" for event in self.events)

    def wait(self, happened: Callable[[], bool]) -> None:
        """Ask the browser again and again, which collects its events, until this happened."""
        deadline = time.monotonic() + LIMIT_S
        while not happened():
            assert time.monotonic() < deadline, f"nothing came within {LIMIT_S:g} s"
            self.call("Browser.getVersion")

    def resize(self, width: int, height: int) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )

    def run(self, script: str) -> Any:
        """The value of a JavaScript expression."""
        answer = self.call("Runtime.evaluate", expression=script, returnByValue=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def press(self, key: str, code: int, text: str = "") -> None:
        """A key goes down and up, as from a keyboard."""
        named = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **named)
        self.call("Input.dispatchKeyEvent", type="keyUp", **named)

    def complaints(self) -> list[dict[str, Any]]:
        """What the page wrote to the console, threw, or could not load."""
        self.run("1")
        return [event for event in self.events if event.get("method") in LOUD]

    def picture(self) -> bytes:
        """The whole page as base64 of a PNG."""
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        data: str = shot["data"]
        return data.encode()


@contextmanager
def browse(chromium: str, profile: Path) -> Iterator[Browser]:
    """Start Chromium with a profile of its own; it ends with the block."""
    commands, writing = os.pipe()
    reading, answers = os.pipe()
    flags = ["--headless=new", "--remote-debugging-pipe", "--no-first-run", "--disable-gpu"]
    flags += [f"--user-data-dir={profile}", "--disable-dev-shm-usage"]
    flags += ["--no-sandbox"]  # it needs namespaces; only our own files are shown
    process = subprocess.Popen(
        ["bash", "-c", START, "chromium", chromium, *flags],
        env={**os.environ, "IN": str(commands), "OUT": str(answers)},
        pass_fds=(commands, answers),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(commands)
    os.close(answers)
    browser = Browser(writing, reading)
    try:
        browser.attach()
        yield browser
        browser.session = None
        browser.call("Browser.close")
    finally:
        os.close(writing)
        os.close(reading)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
