"""What the tests read from the documentation's pages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
FENCE = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Example:
    """A fenced block; `words` are those after the language."""

    page: str
    number: int
    language: str
    words: tuple[str, ...]
    text: str

    @property
    def name(self) -> str:
        return f"{Path(self.page).stem} {self.number}"


def pages() -> list[Path]:
    """Every page of the repository that people read."""
    found = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").glob("*.md")]
    for folder in ("services", "loadtest", "infra"):
        found += (ROOT / folder).rglob("README.md")
    return sorted(found)


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def examples(word: str = "runnable") -> Iterator[Example]:
    """Every block whose fence says this word."""
    for page in pages():
        for number, (fence, text) in enumerate(FENCE.findall(page.read_text()), start=1):
            language, *words = fence.split() or [""]
            if word in words:
                yield Example(name_of(page), number, language, tuple(words), text)


def links(page: Path) -> list[str]:
    """The targets of the page's relative links."""
    text = FENCE.sub("", page.read_text())
    return [target for target in LINK.findall(text) if "://" not in target]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found = HEADING.findall(FENCE.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in found}
