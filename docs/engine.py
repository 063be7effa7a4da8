"""The Docker engine's calls that a plane makes, as a table."""

from docs.table import code, table
from infra.local.runtime.docker.calls import CALLS


def calls() -> str:
    return table(
        ("method", "path", "what for"),
        [(method, code(path.replace("{}", "NAME")), why) for method, path, why in CALLS],
    )
