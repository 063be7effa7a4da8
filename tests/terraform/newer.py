"""The schema of provider 6.25, as the CDK's package has it, and which arguments the stack uses."""

import json
import re
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PACKAGE = "@cdktf/provider-aws@21.22.1"
LIMIT_S = 60  # of the download, 37 MB
SCHEMA = "package/.jsii"
DOCUMENTED = re.compile(r"docs/resources/(\w+)#(\w+) ")
BLOCK = re.compile(r'^( *)(\w+)((?: "[\w-]+")*) \{(\}?)$')
ARGUMENT = re.compile(r"^( *)(\w+) += ")
META = {"for_each", "count", "depends_on", "lifecycle", "provider"}


def fetch(to: Path) -> Path | None:
    """The package's schema; None where npm is missing or reaches nothing."""
    kept = to / "provider.jsii"
    if kept.exists():
        return kept
    command = ["npm", "pack", PACKAGE, "--silent", "--fetch-retries=0"]
    try:
        subprocess.run(command, cwd=to, check=True, capture_output=True, timeout=LIMIT_S)
    except (OSError, subprocess.SubprocessError):
        return None
    (archive,) = to.glob("*.tgz")
    with tarfile.open(archive) as package:
        source = package.extractfile(SCHEMA)
        assert source is not None
        kept.write_bytes(source.read())
    archive.unlink()
    return kept


class Schema:
    """Arguments of resources, and of blocks in them."""

    def __init__(self, path: Path) -> None:
        self._types: dict[str, Any] = json.loads(path.read_text())["types"]
        self._resources = dict(self._find())

    def _find(self) -> Iterator[tuple[str, str]]:
        for name, kind in self._types.items():
            *_, module, last = name.split(".")
            # an A where the name would be that of a block of another resource
            if re.fullmatch(f"{module}a?configa?", last, re.IGNORECASE):
                for entry in kind.get("properties", ()):
                    if found := DOCUMENTED.search(str(entry.get("docs"))):
                        yield f"aws_{found[1]}", name
                        break

    def arguments(self, kind: str) -> dict[str, tuple[bool, str | None]] | None:
        """By argument: whether it must be there, and the type of its block; None if not typed."""
        entries = self._types.get(kind, {}).get("properties")
        if not entries:
            return None
        found = {}
        for entry in entries:
            if named := DOCUMENTED.search(str(entry.get("docs"))):
                inner = re.search(r'"fqn": "(@cdktf/[^"]+)"', json.dumps(entry["type"]))
                found[named[2]] = (not entry.get("optional", False), inner and inner[1])
        return found

    def problems(self, text: str) -> list[str]:
        """Arguments of a file's resources that 6.25 does not know or that it misses."""
        found = []
        for kind, name, body in resources(text):
            top = self._resources.get(kind)
            if top is None:
                found.append(f"{kind} is unknown")
            else:
                found += self._wrong(f"{kind}.{name}", top, body)
        return found

    def _wrong(self, place: str, kind: str, body: dict[str, list[Any]]) -> Iterator[str]:
        known = self.arguments(kind)
        if known is None:
            return
        for name, blocks in body.items():
            if name not in known:
                yield f"{place}: {name} is unknown"
            elif inner := known[name][1]:
                for block in blocks:
                    yield from self._wrong(f"{place}.{name}", inner, block)
        missing = [name for name, (required, _) in known.items() if required and name not in body]
        yield from (f"{place}: {name} is missing" for name in missing)


def resources(text: str) -> Iterator[tuple[str, str, dict[str, list[Any]]]]:
    """The resources of a formatted file: type, name, and what is in them."""
    lines = text.splitlines()
    for i, line in enumerate(lines):
        if found := re.match(r'^resource "(\w+)" "(\w+)" \{$', line):
            yield found[1], found[2], _body(lines, i + 1, 2)


def _body(lines: list[str], at: int, indent: int) -> dict[str, list[Any]]:
    """Arguments (an empty list each) and blocks (their bodies) at one indentation."""
    found: dict[str, list[Any]] = {}
    for i in range(at, len(lines)):
        line = lines[i]
        if line.strip() and not line.startswith(" " * indent):
            break
        if (block := BLOCK.match(line)) and len(block[1]) == indent:
            name, inner = block[2], _body(lines, i + 1, indent + 2)
            if name == "dynamic":
                name = block[3].strip().strip('"')
                (inner,) = _body(lines, i + 1, indent + 2)["content"]
            found.setdefault(name, []).append({} if block[4] else inner)
        elif (argument := ARGUMENT.match(line)) and len(argument[1]) == indent:
            found.setdefault(argument[2], [])
    return {name: value for name, value in found.items() if name not in META}
