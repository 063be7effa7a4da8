"""AWS's names as the settings allow them: lower case, digits and hyphens, 2 to 32 characters."""

import re
from collections.abc import Collection

LENGTH_MAX = 32
ALLOWED = re.compile(r"[a-z][a-z0-9-]{0,30}[a-z0-9]")


def settings_name(text: str, taken: Collection[str] = ()) -> str:
    """A name as close to the text as the settings allow, and none of those that are taken.

    >>> settings_name("Shop_Web")
    'shop-web'
    >>> settings_name("1")
    's1'
    """
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    name = name.removeprefix("internal-")  # a load balancer may not be called so
    if not name[:1].isalpha():
        name = f"s{name}"
    name = name[:LENGTH_MAX].strip("-")
    name = name if len(name) > 1 else f"{name}-service"[:LENGTH_MAX]
    number, found = 2, name
    while found in taken:
        end = f"-{number}"
        found = name[: LENGTH_MAX - len(end)].rstrip("-") + end
        number += 1
    assert ALLOWED.fullmatch(found), found
    return found
