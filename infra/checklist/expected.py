"""What only the reader knows and the file of waivers tells."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Expected:
    """What only a person can say, by service name; nothing of it needs to be said."""

    no_egress: bool = False  # tasks are meant to have no way to the internet
    start_seconds: Mapping[str, int] = field(default_factory=dict)
    longest_request: Mapping[str, int] = field(default_factory=dict)  # seconds
    calls: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
