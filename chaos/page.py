"""What every page of a report is made of: one file that needs nothing but itself."""

from collections.abc import Iterator

from chaos.outcome import Outcome
from chaos.result import RunResult
from chaos.svg import element, escaped
from chaos.timeline import PATTERNS, PICTURE_STYLE, read_style

PAGE_STYLE = "report.css"
SIGNS = {Outcome.PASS: "✓", Outcome.INVALID: "?"}


def make_page(title: str, *content: str) -> str:
    """The whole document; `content` is markup."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escaped(title)}</title>"
        f"<style>{read_style(PAGE_STYLE)}{read_style(PICTURE_STYLE)}</style></head>"
        f"<body>{DEFINITIONS}<main>{''.join(content)}</main></body></html>\n"
    )


def badge(outcome: Outcome) -> str:
    """The verdict's word, with a sign that does not need colour."""
    words = f"{SIGNS.get(outcome, '✗')} {outcome.value}"
    return element("span", words, cls=f"badge {outcome}")


def sentence(text: str) -> str:
    """The text as markup, with a capital letter unless it begins with a name."""
    word = text.partition(" ")[0]
    return escaped(text[:1].upper() + text[1:] if word.isalpha() and word.islower() else text)


def folded(title: str, content: str) -> str:
    summary = element("summary", element("b", escaped(title)))
    return element("details", summary, content, cls="lines")


def figures(result: RunResult) -> Iterator[str]:
    """The run's figures, each with its name; failed requests stand out."""
    for name, value in result.figures.named():
        inside = element("dt", escaped(name)) + element("dd", escaped(value))
        bad = name == "failed" and result.figures.failed
        yield element("div", inside, cls="fail" if bad else None)


def advice(texts: tuple[str, ...]) -> str:
    """What to change; nothing for none."""
    if not texts:
        return ""
    items = [element("p", sentence(text)) for text in texts]
    return element("div", element("b", "What to do"), *items, cls="advice")


# Patterns are defined once and used by every picture of the page.
DEFINITIONS = element(
    "svg", element("defs", PATTERNS), width=0, height=0, aria_hidden="true", cls="definitions"
)
