"""The file of waivers: which findings are let be, why and until when; and what to expect.

TOML: any number of `[[waiver]]` with rule, resource (a pattern with *), reason, expires; and
`[expect]`, see `Expected`.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from infra.checklist.documents import DocumentError
from infra.checklist.expected import Expected
from infra.checklist.findings import Finding, Verdict

KEYS = {"rule": str, "resource": str, "reason": str, "expires": date}
SERVICE_KEYS = {"start_seconds": int, "longest_request_seconds": int, "calls": list}
SIZE_MAX = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Waiver:
    """A failure of the rule at a matching resource is let be to the end of that day."""

    rule: str
    resource: str
    reason: str
    expires: date

    def covers(self, finding: Finding) -> bool:
        """`*` stands for anything; brackets and quotes of an address for themselves."""
        pattern = ".*".join(re.escape(part) for part in self.resource.split("*"))
        return finding.rule.id == self.rule and re.fullmatch(pattern, finding.at) is not None


@dataclass(frozen=True, slots=True)
class WaiverFile:
    waivers: tuple[Waiver, ...] = ()
    expected: Expected = field(default_factory=Expected)


def read_waivers(path: Path, rules: Iterable[str]) -> WaiverFile:
    """Read the file. Raises DocumentError with what is wrong in it."""
    try:
        if path.stat().st_size > SIZE_MAX:
            raise DocumentError(f"{path} is larger than 1 MB", "a waiver is five lines")
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DocumentError(f"{path} cannot be read: {error.strerror}", "check the path") from None
    except ValueError as error:
        raise _wrong(path, f"no TOML: {error}") from None
    _only(path, "the file", document, ("waiver", "expect"))
    listed = document.get("waiver", [])
    if not isinstance(listed, list):
        raise _wrong(path, "waiver must be written [[waiver]]")
    known = set(rules)
    waivers = [_waiver(path, number, one, known) for number, one in enumerate(listed, start=1)]
    return WaiverFile(tuple(waivers), _expected(path, document.get("expect", {})))


def apply(
    waivers: Sequence[Waiver], findings: Iterable[Finding], today: date
) -> tuple[list[Finding], list[str]]:
    """The findings with what is waived, and what to say of waivers that are past or of no use."""
    valid = [one for one in waivers if one.expires >= today]
    used: set[Waiver] = set()
    result = []
    for finding in findings:
        found = next((one for one in valid if one.covers(finding)), None)
        if found is not None and finding.verdict is Verdict.FAIL:
            used.add(found)
            finding = replace(finding, waived=f"{found.reason} (until {found.expires})")
        result.append(finding)
    notes = [
        f"the waiver of {one.rule} at {one.resource} expired on {one.expires}: {one.reason}"
        for one in waivers
        if one not in valid
    ]
    notes += [
        f"the waiver of {one.rule} at {one.resource} is of no use any more: nothing fails there"
        for one in valid
        if one not in used
    ]
    return result, notes


def _waiver(path: Path, number: int, given: Mapping[str, Any], rules: set[str]) -> Waiver:
    where = f"waiver {number}"
    _only(path, where, given, KEYS)
    for name, kind in KEYS.items():
        value = given.get(name)
        if type(value) is not kind or not value:
            wanted = "a date like 2027-01-31" if kind is date else "a text"
            raise _wrong(path, f"{where} needs {name}, {wanted}")
    if given["rule"] not in rules:
        raise _wrong(path, f"{where}: there is no rule {given['rule']}")
    return Waiver(**given)


def _expected(path: Path, given: Mapping[str, Any]) -> Expected:
    _only(path, "[expect]", given, ("no_egress", "services"))
    services = given.get("services", {})
    if type(given.get("no_egress", False)) is not bool or not isinstance(services, Mapping):
        raise _wrong(path, "[expect] takes no_egress, true or false, and services")
    for name, one in services.items():
        where = f"[expect.services.{name}]"
        _only(path, where, one, SERVICE_KEYS)
        for key, value in one.items():
            if type(value) is not SERVICE_KEYS[key]:
                raise _wrong(path, f"{where}: {key} takes another value than {value!r}")
    return Expected(
        no_egress=given.get("no_egress", False),
        start_seconds=_each(services, "start_seconds"),
        longest_request=_each(services, "longest_request_seconds"),
        calls={name: tuple(map(str, calls)) for name, calls in _each(services, "calls").items()},
    )


def _each(services: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: one[key] for name, one in services.items() if key in one}


def _only(path: Path, where: str, given: object, known: Iterable[str]) -> None:
    """Refuse what is no table, and keys that nobody reads."""
    if not isinstance(given, Mapping):
        raise _wrong(path, f"{where} is no table")
    more = [key for key in given if key not in known]
    if more:
        raise _wrong(path, f"{where} has {more[0]!r}; it takes {', '.join(known)}")


def _wrong(path: Path, what: str) -> DocumentError:
    return DocumentError(f"{path}: {what}", "docs/guides/check.md has an example")
