"""Writes what the documentation takes from the code: `python -m docs.build [--check]`.

Whole pages are those of `PAGES`. Within other pages a part stands between
`<!-- generated: NAME -->` and `<!-- end -->`. With --check nothing is written, and the exit code is
1 if anything is stale.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from docs import drills, engine, lifecycle, loads, proof, reference, rules

ROOT = Path(__file__).parent.parent
HEADER = "<!-- written by `python -m docs.build`: change the code, not this page -->\n\n"
PART = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)

PAGES: Mapping[str, Callable[[], str]] = {
    "cli.md": reference.cli,
    "settings.md": reference.settings,
    "images.md": reference.images,
    "tempo.md": reference.tempo,
    "operations.md": reference.operations,
    "checks.md": drills.checks,
    "rules.md": rules.rules,
    "proof.md": proof.proof,
}
PARTS: Mapping[str, Callable[[], str]] = {
    "article-findings": rules.article_findings,
    "check-permissions": rules.permissions,
    "drills": drills.drill_table,
    "engine-calls": engine.calls,
    "exit-codes": drills.exit_codes,
    "import-permissions": rules.import_permissions,
    "scenarios": loads.scenario_table,
    "task-states": lifecycle.diagram,
}


def contents() -> Iterator[tuple[Path, str]]:
    """Every file that has something generated, with what it should contain."""
    for name, render in PAGES.items():
        yield ROOT / "docs" / "reference" / name, HEADER + render().rstrip("\n") + "\n"
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        text = path.read_text(encoding="utf-8")
        if path.parent.name != "reference" and PART.search(text):
            yield path, PART.sub(_render_part, text)


def _render_part(found: re.Match[str]) -> str:
    start, name, end = found.groups()
    if name not in PARTS:
        raise ValueError(f"no generated part is called {name!r}; there are: {', '.join(PARTS)}")
    return f"{start}{PARTS[name]().rstrip()}\n{end}"


def stale() -> list[Path]:
    """The files whose generated parts are not what the code says now."""
    return [path for path, text in contents() if not path.exists() or path.read_text() != text]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m docs.build", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 if stale")
    if parser.parse_args().check:
        found = stale()
        for path in found:
            sys.stderr.write(f"{path.relative_to(ROOT)} is stale; hint: make docs\n")
        return 1 if found else 0
    for path, text in contents():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
