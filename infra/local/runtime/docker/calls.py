"""Every call of the engine's API that a plane makes: what a socket proxy has to let through.

`{}` stands for one name or id. A test holds a plane's real calls against this list.
"""

import re

CALLS: tuple[tuple[str, str, str], ...] = (
    ("GET", "/version", "which API the engine speaks, which architecture it has"),
    ("GET", "/events", "to hear of containers' ends"),
    ("GET", "/containers/json", "what is there of the project"),
    ("GET", "/containers/{}/json", "how a container ended; the plane's own network and volumes"),
    ("GET", "/containers/{}/logs", "a task's output"),
    ("POST", "/containers/create", "a container of a task"),
    ("POST", "/containers/{}/start", "the same"),
    ("POST", "/containers/{}/kill", "SIGTERM and SIGKILL"),
    ("POST", "/containers/{}/unpause", "a frozen container thaws for a signal"),
    ("DELETE", "/containers/{}", "a task has ended"),
    ("POST", "/containers/{}/exec", "health checks, security groups"),
    ("POST", "/exec/{}/start", "the same"),
    ("GET", "/exec/{}/json", "the same"),
    ("GET", "/images/{}/json", "whether an image is there, its digest and architecture"),
    ("POST", "/images/create", "pulling an image"),
    ("GET", "/networks", "what is there of the project"),
    ("GET", "/networks/{}", "the VPC's subnet"),
    ("POST", "/networks/create", "the VPC's network, for a plane on a host"),
    ("DELETE", "/networks/{}", "the same, at its end"),
    ("GET", "/volumes", "what is there of the project"),
    ("POST", "/volumes/create", "a task volume"),
    ("DELETE", "/volumes/{}", "the same, at the plane's end"),
)
VERSION = re.compile(r"^/v[0-9.]+")
NAME = "[^?]+"  # an image's has slashes


def is_known(method: str, path: str) -> bool:
    """Whether the list has this call; `path` as the SDK sends it, with version and query."""
    bare = VERSION.sub("", path.partition("?")[0])
    return any(
        method == known and re.fullmatch(pattern.replace("{}", NAME), bare)
        for known, pattern, _ in CALLS
    )
