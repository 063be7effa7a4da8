"""The forms of AWS's identifiers."""

import hashlib
import secrets
import uuid


def hexadecimal(digits: int) -> str:
    """That many random hexadecimal digits: 32 for a task, 17 for an interface, 16 in ELB's ARNs."""
    return secrets.token_hex((digits + 1) // 2)[:digits]


def decimal(digits: int) -> str:
    """That many random decimal digits, the first not 0."""
    least: int = 10 ** (digits - 1)
    return str(least + secrets.randbelow(9 * least))


def deployment_id() -> str:
    return f"ecs-svc/{decimal(19)}"


def unique_name() -> str:
    """22 letters, digits, _ and -: the last part of a service deployment's ARN."""
    return secrets.token_urlsafe(17)[:22]


def unique_id() -> str:
    """A UUID: request ids, attachments, containers, events."""
    return str(uuid.uuid4())


def mac_address() -> str:
    """A locally administered address, as elastic network interfaces have."""
    return ":".join(["02", *(f"{byte:02x}" for byte in secrets.token_bytes(5))])


def derived_id(prefix: str, *parts: str) -> str:
    """An identifier that is the same for the same parts: `srv-` and 16 characters."""
    digest = hashlib.sha256("\0".join(parts).encode()).hexdigest()
    return f"{prefix}-{digest[:16]}"
