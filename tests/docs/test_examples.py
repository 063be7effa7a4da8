"""Every example that is marked `runnable` is run, against one real plane."""

import shlex
from typing import Any

import pytest

from tests.docs.pages import Example, examples
from tests.docs.shell import EXPORTS, Shell


def cases() -> list[Any]:
    marks = {"drill": pytest.mark.drill}
    return [
        pytest.param(
            example, id=example.name, marks=[marks[w] for w in example.words if w in marks]
        )
        for example in examples()
    ]


def script_of(example: Example) -> str:
    """The shell script that runs the example; Python is run by the reader's own interpreter."""
    if example.language == "python":
        return f"{EXPORTS}\npython -c {shlex.quote(example.text)}"
    assert example.language == "sh", f"{example.page}: {example.language} cannot be run"
    return example.text


def test_there_are_examples() -> None:
    pages = {example.page for example in examples()}
    assert "docs/guides/first-drill.md" in pages
    assert "docs/guides/develop-locally.md" in pages


@pytest.mark.runtime
@pytest.mark.parametrize("example", cases())
def test_an_example_runs(shell: Shell, example: Example) -> None:
    done = shell.run(script_of(example))
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert done.stdout or done.stderr, "it said nothing"


@pytest.mark.runtime
def test_a_wrong_example_would_be_found(shell: Shell) -> None:
    wrong = Example("page.md", 1, "sh", ("runnable",), "rehearse nonsense\necho done\n")
    assert shell.run(script_of(wrong)).returncode == 64
