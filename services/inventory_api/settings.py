"""What the environment may set, read once at start."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from services.inventory_api.faults import Faults, read_faults
from services.inventory_api.stock import read_stock
from services.inventory_api.variables import read_number, read_text, read_url, read_whole

SCHEMES = ("http", "https")


@dataclass(frozen=True, slots=True)
class Settings:
    """inventory-api's settings; README.md has the table. Durations in seconds."""

    host: str
    port: int
    version: str
    order_api_url: str
    call_timeout_seconds: float
    inventory: Mapping[str, int]
    drain_seconds: float
    keep_alive_seconds: float
    metadata_uri: str
    faults: Faults

    def shown(self) -> dict[str, object]:
        """The settings for the log."""
        return asdict(self)


def from_environ(environ: Mapping[str, str]) -> Settings:
    """The settings, or SettingsError with one sentence about the first variable that is wrong."""
    return Settings(
        host=read_text(environ, "HOST", "0.0.0.0"),
        port=read_whole(environ, "PORT", 8080, 1, 65535),
        version=read_text(environ, "VERSION", "dev"),
        order_api_url=read_url(environ, "ORDER_API_URL", "http://order-api:8080", SCHEMES),
        call_timeout_seconds=read_number(environ, "CALL_TIMEOUT_SECONDS", 2, 0.05, 60),
        inventory=read_stock(environ),
        drain_seconds=read_number(environ, "DRAIN_SECONDS", 5, 0, 120),
        keep_alive_seconds=read_number(environ, "KEEP_ALIVE_SECONDS", 75, 0.05, 86_400),
        metadata_uri=read_url(environ, "ECS_CONTAINER_METADATA_URI_V4", "", ["http"]),
        faults=read_faults(environ),
    )
