"""Talk on stderr: lines stay, live lines are replaced, and only a terminal has them."""

import io

import pytest

from rehearse.talking import Talk


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def screen(text: str) -> list[str]:
    """What a terminal shows: `ESC [ n A`, `CR ESC [ J` are all that is used."""
    lines = [""]
    for part in text.replace("\r\x1b[J", "\x00").split("\x1b["):
        head, moved, rest = part.partition("A")
        if moved and head.isdigit():
            part = rest
            lines = lines[: len(lines) - int(head)]
            lines = lines or [""]
            lines[-1] = ""
        for char in part:
            if char == "\n":
                lines.append("")
            elif char != "\x00":
                lines[-1] += char
    return lines


def test_live_lines_stay_below_what_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    talk = Talk()
    talk.say("begun")
    talk.show("a is starting", "b is starting")
    talk.say("an event")
    assert screen(terminal.getvalue()) == [
        "begun",
        "an event",
        "a is starting",
        "b is starting",
        "",
    ]
    talk.show("a runs")
    assert screen(terminal.getvalue()) == ["begun", "an event", "a runs", ""]
    talk.end()
    talk.say("done")
    assert screen(terminal.getvalue()) == ["begun", "an event", "done", ""]


def test_live_lines_are_cut_to_the_terminals_width(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    monkeypatch.setenv("COLUMNS", "30")
    Talk().show("x" * 100)
    assert screen(terminal.getvalue()) == ["x" * 29, ""]


def test_without_a_terminal_there_are_only_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.StringIO()
    monkeypatch.setattr("sys.stderr", file)
    talk = Talk()
    talk.show("a is starting")
    talk.say("an event")
    talk.end()
    assert file.getvalue() == "an event\n"
