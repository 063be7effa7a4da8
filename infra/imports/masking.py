"""Values that look like credentials are never written: a placeholder stands in their place."""

import re
from collections.abc import Iterable

PLACEHOLDER = "placeholder"

STRONG = re.compile(r"passw|passphrase|pwd|secret|private_?key|credential|salt", re.IGNORECASE)
WEAK = re.compile(r"token|api_?key|access_?key|auth|dsn|sign|cookie|_key$|^key$", re.IGNORECASE)
FINGERPRINT = re.compile(r"sha|commit|version|revision|digest|build|image|_id$", re.IGNORECASE)
HARMLESS = re.compile(
    r"|true|false|yes|no|on|off|none|null|-?\d{1,6}(\.\d+)?[a-z]{0,2}", re.IGNORECASE
)
PLAIN_URL = re.compile(r"https?://[^@?#\s]*", re.IGNORECASE)
WORDS = r"(passw(or)?d|passphrase|pwd|secret|token|api[-_]?key|access[-_]?key|signature|sig)"
OPTION = re.compile(rf"-.*{WORDS}", re.IGNORECASE)
TELLING = re.compile(
    rf"://[^/\s@]*:[^/\s]+@"  # user and password in a URL
    rf"|{WORDS}['\"]?\s*[=:]\s*\S"
    r"|\b(AKIA|ASIA)[0-9A-Z]{16}|-----BEGIN|\beyJ[\w-]{8,}\.[\w-]+"
    r"|\bgh[pousr]_\w{16,}|\bgithub_pat_\w+|\bxox[abprs]-|\b[sr]k_(live|test)_|\bAIza[\w-]{30,}"
    r"|\bBearer\s+\S|\bBasic\s+[\w+/=]{8,}",
    re.IGNORECASE,
)
OPAQUE = re.compile(r"[A-Za-z0-9+/=_-]{24,}")


def looks_secret(name: str, value: str) -> bool:
    """Whether a variable's value is better not written.

    >>> looks_secret("DATABASE_URL", "postgres://app:hunter2@db/app")
    True
    >>> looks_secret("TOKEN_TTL", "3600")
    False
    """
    if tells(value):
        return True
    if HARMLESS.fullmatch(value):
        return bool(value) and STRONG.search(name) is not None and value.isdigit()
    if STRONG.search(name):
        return True
    if WEAK.search(name):
        return PLAIN_URL.fullmatch(value) is None
    return _is_opaque(value) and not FINGERPRINT.search(name)


def tells(text: str) -> bool:
    """Whether the text itself shows that it holds a credential."""
    return TELLING.search(text) is not None


def masked_words(words: Iterable[str]) -> tuple[list[str], bool]:
    """A command's words, those that look secret replaced, and whether any was."""
    found: list[str] = []
    changed, announced = False, False
    for word in words:
        secret = tells(word) or (announced and not word.startswith("-"))
        announced = OPTION.fullmatch(word) is not None and "=" not in word
        found.append(PLACEHOLDER if secret else word)
        changed = changed or secret
    return found, changed


def _is_opaque(value: str) -> bool:
    """Long, without a word in it: letters and digits mixed."""
    if not OPAQUE.fullmatch(value):
        return False
    return any(c.isdigit() for c in value) and any(c.isalpha() for c in value)
