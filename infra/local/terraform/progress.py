"""What `terraform apply -json` has said so far. Pure: lines in, facts out."""

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Progress:
    """Of one apply: how many resources there are, what is waited for, what went wrong."""

    planned: int = 0
    done: int = 0
    waiting: dict[str, int] = field(default_factory=dict)  # address: seconds so far
    slowest: tuple[int, str] = (0, "")  # seconds, address
    errors: list[str] = field(default_factory=list)

    def take(self, line: str) -> None:
        """Read one line; what is not understood says nothing."""
        try:
            message = json.loads(line)
            self._learn(message)
        except (ValueError, KeyError, TypeError, AttributeError):
            return

    @property
    def told(self) -> str:
        """One line for people who wait."""
        names = ", ".join(sorted(self.waiting)[:3])
        more = f" and {len(self.waiting) - 3} more" if len(self.waiting) > 3 else ""
        return f"{self.done} of {self.planned} resources" + (f", {names}{more}" if names else "")

    def _learn(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "change_summary" and message["changes"]["operation"] == "plan":
            changes = message["changes"]
            self.planned = sum(changes[name] for name in ("add", "change", "remove"))
        elif kind in ("apply_start", "apply_progress"):
            self.waiting[_address(message)] = int(message["hook"].get("elapsed_seconds", 0))
        elif kind in ("apply_complete", "apply_errored"):
            address = _address(message)
            self.waiting.pop(address, None)
            self.done += kind == "apply_complete"
            self.slowest = max(self.slowest, (int(message["hook"]["elapsed_seconds"]), address))
        elif kind == "diagnostic" and message["diagnostic"]["severity"] == "error":
            self.errors.append(_sentence(message["diagnostic"]))


def _address(message: dict[str, Any]) -> str:
    return str(message["hook"]["resource"]["addr"])


def _sentence(diagnostic: dict[str, Any]) -> str:
    """A diagnostic on one line: what, why, where."""
    words = [diagnostic["summary"], diagnostic.get("detail", "")]
    text = ": ".join(" ".join(w.split()).rstrip(".:") for w in words if w)
    place = diagnostic.get("address") or _place(diagnostic.get("range"))
    return f"{text} ({place})" if place else text


def _place(span: dict[str, Any] | None) -> str:
    return f"{span['filename']}:{span['start']['line']}" if span else ""
