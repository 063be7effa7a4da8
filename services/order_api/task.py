"""The ECS task's id, from the task metadata endpoint version 4 (R7.6)."""

import http.client
import json
import socket
import sys
from urllib.parse import urlsplit

TIMEOUT_SECONDS = 2.0
LARGEST_ANSWER = 1_000_000


def find_task_id(metadata_uri: str) -> str:
    """The last part of TaskARN from GET `{metadata_uri}/task`; the hostname when there is none."""
    if not metadata_uri:
        return socket.gethostname()
    try:
        document = json.loads(_get(metadata_uri.rstrip("/") + "/task"))
        return str(document["TaskARN"]).rsplit("/", 1)[-1]
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        name = socket.gethostname()
        sys.stderr.write(f"no task id from {metadata_uri}: {error!r}; using the hostname {name}\n")
        return name


def _get(url: str) -> bytes:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, TIMEOUT_SECONDS)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        body = answer.read(LARGEST_ANSWER)
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise ValueError(f"status {answer.status}")
    return body
