"""Initialising and applying a root while its plane runs, as children that die with the plane."""

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten

import anyio

from infra.local.runtime import logs
from infra.local.runtime.launch import LaunchedProcess, launch
from infra.local.runtime.protocol import CannotStartContainerError
from infra.local.terraform.errors import TerraformError
from infra.local.terraform.progress import Progress
from infra.local.terraform.running import PLUGINS, Terraform

LOOK_EVERY_S = 0.2
LINES_MAX = 100_000
ERROR_MAX = 400  # characters of an error of init, which knows only text
TELL_EVERY_S = 10
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Applied:
    """What an apply did: seconds of each phase, and the one resource that took longest."""

    init_s: float
    apply_s: float
    resources: int
    slowest_s: int
    slowest: str


async def apply(terraform: Terraform, log: Path, tell: Tell) -> Applied:
    """Bring the provider, then apply. Raises TerraformError with terraform's own first error."""
    terraform.prepare()
    log.parent.mkdir(parents=True, exist_ok=True)
    for old in (log, log.with_name(log.name + ".1")):
        old.unlink(missing_ok=True)
    began = time.monotonic()
    await _run(terraform, terraform.init(), log, lambda lines: None, _init_failure)
    ready = time.monotonic()
    tell(f"terraform init took {ready - began:.1f} s; applying {terraform.root.directory}")
    reader = _Reader(tell, ready)
    words = ["terraform", "apply", "-json", "-auto-approve", "-input=false"]
    await _run(terraform, words, log, reader.read, lambda _, log: reader.failure(terraform, log))
    slowest_s, slowest = reader.progress.slowest
    took = time.monotonic() - ready
    return Applied(ready - began, took, reader.progress.done, slowest_s, slowest)


class _Reader:
    """Follows an apply and tells of it now and then."""

    def __init__(self, tell: Tell, began: float) -> None:
        self.progress = Progress()
        self._tell = tell
        self._began = self._told = began

    def read(self, lines: Sequence[str]) -> None:
        for line in lines:
            self.progress.take(line)
        now = time.monotonic()
        if now - self._told >= TELL_EVERY_S:
            self._told = now
            self._tell(f"terraform apply, {now - self._began:.0f} s: {self.progress.told}")

    def failure(self, terraform: Terraform, log: Path) -> TerraformError:
        errors = self.progress.errors or ["it did not say why"]
        more = f" (and {len(errors) - 1} more errors)" if len(errors) > 1 else ""
        return TerraformError(
            f"terraform could not apply {terraform.root.directory}: {errors[0]}{more}",
            f"all that it said is in {log}",
        )


async def _run(
    terraform: Terraform,
    words: list[str],
    log: Path,
    read: Callable[[Sequence[str]], None],
    failure: Callable[[Sequence[str], Path], TerraformError],
) -> None:
    """Run terraform to its end, passing on its lines. Whatever ends this, ends terraform."""
    environment = terraform.environment(words[1]) | {"TF_IN_AUTOMATION": "1"}
    before = len(logs.read(log, limit=LINES_MAX))
    try:
        process = await launch(words, environment, log, directory=terraform.root.work)
    except CannotStartContainerError as error:
        raise TerraformError(f"terraform does not start: {error}") from error
    try:
        lines = await _follow(process, log, before, read)
        code = await process.wait()
    finally:
        with anyio.CancelScope(shield=True):
            await process.end()
    if code:
        raise failure(lines, log)


async def _follow(
    process: LaunchedProcess, log: Path, before: int, read: Callable[[Sequence[str]], None]
) -> list[str]:
    """Pass on what terraform says until it has ended; all of it."""
    lines: list[str] = []
    ended = False
    while not ended:
        ended = process.ended
        found = [text for _, text in logs.read(log, limit=LINES_MAX)][before:]
        read(found[len(lines) :])
        lines = found
        if not ended:
            await anyio.sleep(LOOK_EVERY_S)
    return lines


def _init_failure(lines: Sequence[str], log: Path) -> TerraformError:
    """Why there is no provider or no module, from what `terraform init` said."""
    text = " ".join(re.sub(r"[│╷╵]", " ", " ".join(lines)).split())
    error = text.partition("Error: ")[2] or text or "it said nothing"
    if "registry" in error or "provider" in error:
        hint = (
            f"let it reach its registry, or set {PLUGINS} to a directory for "
            "`terraform init -plugin-dir`"
        )
    else:
        hint = f"all that it said is in {log}"
    return TerraformError(f"terraform init failed: {shorten(error, ERROR_MAX)}", hint)
