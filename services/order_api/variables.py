"""Reading environment variables: each is right, or refused with one sentence.

An empty value counts as unset, since task definitions and compose files cannot leave a
variable out conditionally.
"""

import math
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit


class SettingsError(Exception):
    """A variable is wrong. The message is one sentence: the variable, its value, the remedy."""


def refuse(name: str, value: str, rule: str, remedy: str) -> SettingsError:
    """The error for `name`; `rule` completes "it must ..."."""
    return SettingsError(f"{name} is {value[:200]!r}: it must {rule}; {remedy}.")


def read_text(environ: Mapping[str, str], name: str, default: str) -> str:
    """The value, or `default` when unset. Control characters are refused."""
    value = environ.get(name, "").strip() or default
    if not value.isprintable():
        raise refuse(name, value, "be printable text", "remove the control characters")
    return value


def read_number(
    environ: Mapping[str, str], name: str, default: float, lowest: float, highest: float
) -> float:
    """A finite number within [lowest, highest]."""
    value = environ.get(name, "").strip()
    if not value:
        return default
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not lowest <= number <= highest:  # false for nan too
        rule = f"be a number from {lowest:g} to {highest:g}"
        raise refuse(name, value, rule, f"set {name}={default:g} or leave it unset")
    return number


def read_whole(
    environ: Mapping[str, str], name: str, default: int, lowest: int, highest: int
) -> int:
    """A whole number within [lowest, highest], in decimal digits."""
    value = environ.get(name, "").strip()
    if not value:
        return default
    number = int(value) if value.isdecimal() and len(value) < 20 else lowest - 1
    if not lowest <= number <= highest:
        rule = f"be a whole number from {lowest} to {highest}"
        raise refuse(name, value, rule, f"set {name}={default} or leave it unset")
    return number


def read_url(environ: Mapping[str, str], name: str, default: str, schemes: Sequence[str]) -> str:
    """A URL with a host and one of `schemes`, without a slash at its end."""
    value = read_text(environ, name, default)
    try:
        parts = urlsplit(value)
        good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if value and not good:
        rule = f"be an {' or '.join(schemes)} URL with a host"
        remedy = f"set {name}={default} or leave it unset" if default else f"leave {name} unset"
        raise refuse(name, value, rule, remedy)
    return value.rstrip("/")


def read_switch(environ: Mapping[str, str], name: str) -> bool:
    """1 is on; 0 and unset are off."""
    value = environ.get(name, "").strip()
    if value not in ("", "0", "1"):
        raise refuse(name, value, "be 0 or 1", f"set {name}=1 or leave it unset")
    return value == "1"
