"""Start inventory-api: `python -m services.inventory_api`, settings from the environment.

Exit codes: 0 finished gracefully after SIGTERM, 3 could not listen, 78 settings
refused, 143 SIGTERM before it listened.
"""

import logging
import os
import sys
import time

from services.inventory_api.drain import Lifecycle, end_on_sigterm
from services.inventory_api.faults import arm
from services.inventory_api.log import now_text, write_event
from services.inventory_api.settings import Settings, from_environ
from services.inventory_api.task import find_task_id
from services.inventory_api.variables import SettingsError

REFUSED = 78  # EX_CONFIG


def main() -> int:
    """Run until a signal ends it; the exit code."""
    try:
        settings = from_environ(os.environ)
    except SettingsError as error:
        sys.stderr.write(f"inventory-api: {error}\n")
        return REFUSED
    lifecycle = Lifecycle(settings.version, settings.drain_seconds)
    end_on_sigterm(lifecycle)
    arm(settings.faults)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    lifecycle.task = find_task_id(settings.metadata_uri)
    write_event("start", at=now_text(), task=lifecycle.task, settings=settings.shown())
    time.sleep(settings.faults.start_delay_seconds)
    return _serve(settings, lifecycle)


def _serve(settings: Settings, lifecycle: Lifecycle) -> int:
    # imported late: SIGTERM must be handled before half a second of imports
    from services.inventory_api.app import create_app
    from services.inventory_api.client import OrderClient
    from services.inventory_api.server import serve

    client = OrderClient(settings.order_api_url, settings.call_timeout_seconds)
    return serve(create_app(settings, client, lifecycle), settings, lifecycle)


if __name__ == "__main__":
    sys.exit(main())
