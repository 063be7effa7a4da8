"""What is on hand: a fixed catalogue. What is open is order-api's to say."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from services.inventory_api.variables import refuse

SKU = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
LARGEST_COUNT = 10**12
LARGEST_CATALOGUE = 100  # order-api sums the open orders of so many SKUs in one request

# Loads reserve SKU-LOAD-*: stock that no load test empties, so that "insufficient" is never
# what a load measures. The others can be sold out by hand.
CATALOGUE = {
    "SKU-BOLT": 500,
    "SKU-NUT": 500,
    "SKU-WASHER": 20,
    "SKU-LOAD-1": 10**9,
    "SKU-LOAD-2": 10**9,
}


@dataclass(frozen=True, slots=True)
class Item:
    """Units on hand and in open orders.

    More may be open than on hand: order-api takes orders that no reservation guards.
    """

    sku: str
    on_hand: int
    open: int

    def document(self) -> dict[str, object]:
        """The item in JSON."""
        return {
            "sku": self.sku,
            "on_hand": self.on_hand,
            "open": self.open,
            "available": self.on_hand - self.open,
        }


def read_stock(environ: Mapping[str, str]) -> dict[str, int]:
    """SKU to units on hand from INVENTORY, a JSON object; CATALOGUE when unset."""
    value = environ.get("INVENTORY", "").strip()
    if not value:
        return dict(CATALOGUE)
    try:
        stock = json.loads(value)
    except (ValueError, RecursionError):
        stock = None
    if not isinstance(stock, dict) or not 1 <= len(stock) <= LARGEST_CATALOGUE:
        rule = f"be a JSON object of 1 to {LARGEST_CATALOGUE} SKUs with their counts"
        raise refuse("INVENTORY", value, rule, 'set it like {"SKU-1": 10} or leave it unset')
    for sku, count in stock.items():
        _check(value, sku, count)
    return stock


def _check(value: str, sku: str, count: object) -> None:
    remedy = 'set it like {"SKU-1": 10} or leave it unset'
    if not SKU.fullmatch(sku):
        raise refuse("INVENTORY", value, f"not contain the SKU {sku[:70]!r}", remedy)
    whole = isinstance(count, int) and not isinstance(count, bool)
    if not (whole and count in range(LARGEST_COUNT + 1)):
        raise refuse("INVENTORY", value, f"give {sku} a count from 0 to {LARGEST_COUNT}", remedy)
