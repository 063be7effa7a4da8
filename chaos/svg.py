"""Writing SVG and HTML elements: escaped, compact numbers."""

import re
from collections.abc import Iterable
from html import escape

# What XML 1.0 forbids even when escaped; other people's texts may hold it.
FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def clean(words: str) -> str:
    """The text with a replacement character for each that XML forbids."""
    return FORBIDDEN.sub("\ufffd", words)


def escaped(words: str) -> str:
    """Text from elsewhere as markup, for content and for attributes."""
    return escape(clean(words), quote=True)


def element(tag: str, *children: str, **attributes: str | float | None) -> str:
    """One element. Children are markup; attributes are escaped, `_` becomes `-`, None is left out.

    `class` is given as `cls`.
    """
    words = [tag]
    for name, value in attributes.items():
        if value is not None:
            key = "class" if name == "cls" else name.replace("_", "-")
            words.append(f'{key}="{escaped(number(value))}"')
    content = "".join(children)
    return f"<{' '.join(words)}>{content}</{tag}>" if content else f"<{' '.join(words)}/>"


def number(value: str | float) -> str:
    """A number with at most one digit after the point; text as it is."""
    if isinstance(value, str):
        return value
    short = f"{value:.1f}".removesuffix(".0")
    return "0" if short == "-0" else short


def text(x: float, y: float, words: str, cls: str = "", anchor: str | None = None) -> str:
    return element("text", escaped(words), x=x, y=y, cls=cls or None, text_anchor=anchor)


def line(x1: float, y1: float, x2: float, y2: float, cls: str) -> str:
    return element("path", d=f"M{number(x1)} {number(y1)}L{number(x2)} {number(y2)}", cls=cls)


def rectangle(x: float, y: float, width: float, height: float, cls: str, title: str = "") -> str:
    children = [element("title", escaped(title))] if title else []
    return element("rect", *children, x=x, y=y, width=max(width, 0.8), height=height, cls=cls)


def polyline(points: Iterable[tuple[float, float]], cls: str) -> str:
    path = "L".join(f"{number(x)} {number(y)}" for x, y in points)
    return element("path", d=f"M{path}", cls=cls) if path else ""
