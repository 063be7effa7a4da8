"""What the environment may set, read once at start."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from services.order_api.faults import Faults, read_faults
from services.order_api.variables import read_number, read_text, read_url, read_whole, refuse

DATABASES = ("sqlite", "postgres", "postgresql", "postgresql+psycopg")
PASSWORD = re.compile(r"(://[^:/@]*):[^/]*@")


@dataclass(frozen=True, slots=True)
class Settings:
    """order-api's settings; README.md has the table. Durations in seconds."""

    host: str
    port: int
    version: str
    database_url: str
    drain_seconds: float
    keep_alive_seconds: float
    metadata_uri: str
    faults: Faults

    def shown(self) -> dict[str, object]:
        """The settings for the log, without the database's password."""
        return asdict(self) | {"database_url": PASSWORD.sub(r"\1:***@", self.database_url)}


def from_environ(environ: Mapping[str, str]) -> Settings:
    """The settings, or SettingsError with one sentence about the first variable that is wrong."""
    return Settings(
        host=read_text(environ, "HOST", "0.0.0.0"),
        port=read_whole(environ, "PORT", 8080, 1, 65535),
        version=read_text(environ, "VERSION", "dev"),
        database_url=_read_database(environ),
        drain_seconds=read_number(environ, "DRAIN_SECONDS", 5, 0, 120),
        keep_alive_seconds=read_number(environ, "KEEP_ALIVE_SECONDS", 75, 0.05, 86_400),
        metadata_uri=read_url(environ, "ECS_CONTAINER_METADATA_URI_V4", "", ["http"]),
        faults=read_faults(environ),
    )


def _read_database(environ: Mapping[str, str]) -> str:
    url = read_text(environ, "DATABASE_URL", "sqlite:///orders.sqlite")
    scheme, _, rest = url.partition("://")
    remedy = "set DATABASE_URL=sqlite:////data/orders.sqlite or postgresql://user:password@host/db"
    if scheme not in DATABASES:
        raise refuse("DATABASE_URL", f"{scheme}://...", "be an SQLite or PostgreSQL URL", remedy)
    if scheme == "sqlite" and (not rest.strip("/") or ":memory:" in rest):
        raise refuse("DATABASE_URL", url, "name a file, as tasks share the orders", remedy)
    return url
