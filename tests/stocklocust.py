# mypy: untyped-calls-exclude=locust
"""Stock Locust, to be compared with: `locust -f tests/stocklocust.py`, as its manual has it.

Ten users, each waiting for its answer, then for its turn. At the end it writes what it measured.
"""

import json
import os
from pathlib import Path
from typing import Any

from locust import FastHttpUser, constant_throughput, events, task

USERS = 10
RATE = float(os.environ.get("STOCK_RATE", "200"))
METHOD = os.environ.get("STOCK_METHOD", "GET")


class StockUser(FastHttpUser):
    wait_time = constant_throughput(RATE / USERS)

    @task
    def order(self) -> None:
        if METHOD == "GET":
            self.client.get("/orders/order-1", name="all")
        else:
            self.client.post("/orders", json={"sku": "SKU-LOAD-1", "quantity": 1}, name="all")


def write(environment: Any, **_: object) -> None:
    total = environment.stats.total
    shares = {f"p{p}": total.get_response_time_percentile(p / 100) for p in (50, 95, 99)}
    figures = {"requests": total.num_requests, "failures": total.num_failures, **shares}
    Path(os.environ["STOCK_OUT"]).write_text(json.dumps(figures))
    environment.process_exit_code = 0


events.quitting.add_listener(write)
