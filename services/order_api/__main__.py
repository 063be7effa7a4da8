"""Start order-api: `python -m services.order_api`, settings from the environment (README.md).

Exit codes: 0 finished gracefully after SIGTERM, 1 no database, 3 could not listen, 78 settings
refused, 143 SIGTERM before it listened.
"""

import logging
import os
import sys
import time

from services.order_api.drain import Lifecycle, end_on_sigterm
from services.order_api.faults import arm
from services.order_api.log import now_text, write_event
from services.order_api.settings import Settings, from_environ
from services.order_api.task import find_task_id
from services.order_api.variables import SettingsError

REFUSED = 78  # EX_CONFIG


def main() -> int:
    """Run until a signal ends it; the exit code."""
    try:
        settings = from_environ(os.environ)
    except SettingsError as error:
        sys.stderr.write(f"order-api: {error}\n")
        return REFUSED
    lifecycle = Lifecycle(settings.version, settings.drain_seconds)
    end_on_sigterm(lifecycle)
    arm(settings.faults)
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(message)s"
    )
    lifecycle.task = find_task_id(settings.metadata_uri)
    write_event("start", at=now_text(), task=lifecycle.task, settings=settings.shown())
    time.sleep(settings.faults.start_delay_seconds)
    return _serve(settings, lifecycle)


def _serve(settings: Settings, lifecycle: Lifecycle) -> int:
    # imported late: SIGTERM must be handled before half a second of imports
    from services.order_api.app import create_app
    from services.order_api.database import StartError, open_database
    from services.order_api.server import serve
    from services.order_api.store import Store

    try:
        database = open_database(settings.database_url)
    except StartError as error:
        sys.stderr.write(f"order-api: {error}.\n")
        return 1
    return serve(create_app(settings, Store(database), lifecycle), settings, lifecycle)


if __name__ == "__main__":
    sys.exit(main())
