"""The pages in a real browser: silent, readable, within reach of a keyboard, of any width.

REHEARSE_PICTURES=DIR keeps the pictures there, to be looked at.
"""

import base64
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chaos.files import write_suite_files
from tests.chaos.browser import NAMES, Browser, browse, find_chromium
from tests.chaos.builder import RunBuilder, deployment
from tests.chaos.results import both, large, nasty, play, without_lanes, without_rows

pytestmark = pytest.mark.runtime

AUDIT = Path(__file__).with_name("page_audit.js").read_text()
TAB, ENTER = ("Tab", 9, ""), ("Enter", 13, "\r")
PNG_LEAST = 5_000  # bytes; an empty page of this size has fewer
RUNS = {
    "pass": deployment,
    "fail": lambda: deployment(5.0),
    "large": large,
    "nasty": nasty,
    "watch": without_rows,
    "load": without_lanes,
    "empty": RunBuilder,
}
PAGES = [*RUNS, "suite"]
SCHEMES = ["light", "dark"]


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    chromium = find_chromium()
    if chromium is None:
        pytest.skip(f"there is no Chromium ({', '.join(NAMES)}): install the package chromium")
    with browse(chromium, tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Every kind of page, by name."""
    folder = tmp_path_factory.mktemp("pages")
    for name, make in RUNS.items():
        play(folder / name, make())
    write_suite_files(folder / "suite", both(folder / "suite"))
    return {name: folder / name / "report.html" for name in PAGES}


def show(browser: Browser, page: Path, width: int, scheme: str = "light") -> None:
    """Open the page, as high as it is long, with the audit's functions in it."""
    browser.show(page, width=width, scheme=scheme)
    browser.resize(width, browser.run("document.documentElement.scrollHeight"))
    assert browser.run(AUDIT) is True


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", PAGES)
def test_the_console_stays_silent(
    name: str, scheme: str, browser: Browser, pages: dict[str, Path]
) -> None:
    show(browser, pages[name], 1280, scheme)
    assert browser.complaints() == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("name", PAGES)
def test_every_text_can_be_read(
    name: str, scheme: str, browser: Browser, pages: dict[str, Path]
) -> None:
    """WCAG 2 AA: 4.5 to 1, 3 to 1 for large text; patterns count with their worst colour."""
    show(browser, pages[name], 1280, scheme)
    browser.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    browser.resize(1280, browser.run("document.documentElement.scrollHeight"))
    texts = browser.run("audit.contrasts()")
    assert len(texts) > 10
    assert [text for text in texts if text["ratio"] < text["needed"]] == []


@pytest.mark.parametrize("name", PAGES)
def test_the_keyboard_reaches_everything_in_order(
    name: str, browser: Browser, pages: dict[str, Path]
) -> None:
    show(browser, pages[name], 1280)
    count = browser.run("audit.interactive().length")
    assert count >= 1
    reached = [tab(browser) for _ in range(count)]
    assert [focus["index"] for focus in reached] == list(range(count))
    unseen = [focus for focus in reached if not focus["visible"] or focus["ratio"] < 3]
    assert unseen == []
    assert all(focus["name"] for focus in reached)


def tab(browser: Browser) -> dict[str, Any]:
    browser.press(*TAB)
    focused: dict[str, Any] = browser.run("audit.focused()") or {"index": None}
    return focused


@pytest.mark.parametrize("name", ["fail", "pass"])
def test_enter_opens_what_is_folded(name: str, browser: Browser, pages: dict[str, Path]) -> None:
    show(browser, pages[name], 1280)
    for _ in range(browser.run("audit.interactive().length")):
        focused = tab(browser)
        if focused["tag"] == "SUMMARY":
            opened = "document.activeElement.parentElement.open"
            before = browser.run(opened)
            browser.press(*ENTER)
            assert browser.run(opened) is not before, focused["name"]
            browser.press(*ENTER)
            assert browser.run(opened) is before


def test_a_link_of_the_suite_opens_the_runs_page(browser: Browser, pages: dict[str, Path]) -> None:
    show(browser, pages["suite"], 1280)
    assert tab(browser)["tag"] == "A"
    browser.events.clear()
    browser.press(*ENTER)
    browser.wait(browser.loaded)
    assert browser.run("document.querySelector('h1').textContent").endswith("rolling-deploybroken")
    assert browser.complaints() == []


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_sticks_out(
    name: str, width: int, browser: Browser, pages: dict[str, Path]
) -> None:
    show(browser, pages[name], width)
    browser.run("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.run("document.documentElement.scrollWidth") <= width
    assert browser.run("audit.overflowing()") == []


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("name", PAGES)
def test_a_picture_can_be_taken(
    name: str, width: int, scheme: str, browser: Browser, pages: dict[str, Path], tmp_path: Path
) -> None:
    show(browser, pages[name], width, scheme)
    folder = Path(os.environ.get("REHEARSE_PICTURES", tmp_path))
    path = folder / f"{name}-{width}-{scheme}.png"
    path.write_bytes(base64.b64decode(browser.picture()))
    assert path.stat().st_size > PNG_LEAST


@pytest.mark.parametrize(
    ("spoiled", "complaint"),
    [
        ("console.warn('x')", "Runtime.consoleAPICalled"),
        ("setTimeout(() => { throw new Error('x') })", "Runtime.exceptionThrown"),
        ("document.body.append(Object.assign(new Image(), {src: 'gone.png'}))", "Log.entryAdded"),
    ],
)
def test_a_complaint_would_be_heard(
    spoiled: str, complaint: str, browser: Browser, pages: dict[str, Path]
) -> None:
    show(browser, pages["pass"], 1280)
    browser.run(f"void ({spoiled})")
    browser.wait(lambda: bool(browser.complaints()))
    assert complaint in {event["method"] for event in browser.complaints()}


@pytest.mark.parametrize(
    ("rule", "measure"),
    [
        (".dim{color:#999}", "audit.contrasts().filter(t => t.ratio < t.needed).length"),
        (
            "svg .s{stroke:none;fill:#bbb}",
            "audit.contrasts().filter(t => t.ratio < t.needed).length",
        ),
        (".reason{white-space:nowrap;width:2000px}", "audit.overflowing().length"),
    ],
)
def test_a_bad_style_would_be_found(
    rule: str, measure: str, browser: Browser, pages: dict[str, Path]
) -> None:
    show(browser, pages["fail"], 1280)
    assert browser.run(measure) == 0
    style(browser, rule)
    assert browser.run(measure) > 0


def test_a_focus_that_cannot_be_seen_would_be_found(
    browser: Browser, pages: dict[str, Path]
) -> None:
    show(browser, pages["fail"], 1280)
    assert tab(browser)["visible"]
    style(browser, ":focus-visible{outline:none!important}")
    assert not tab(browser)["visible"]


def test_what_the_keyboard_cannot_reach_would_be_found(
    browser: Browser, pages: dict[str, Path]
) -> None:
    show(browser, pages["fail"], 1280)
    browser.run("document.querySelector('summary').setAttribute('tabindex', '-1')")
    count = browser.run("audit.interactive().length")
    reached = [tab(browser)["index"] for _ in range(count)]
    assert reached != list(range(count))


def style(browser: Browser, rule: str) -> None:
    """Add a rule to the page that is shown."""
    made = f"Object.assign(document.createElement('style'), {{textContent: {json.dumps(rule)}}})"
    browser.run(f"document.head.append({made})")
