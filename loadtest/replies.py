"""What the load reads in answers: order ids and SKUs. Anything unreadable is None or empty."""

import json
from collections.abc import Sequence

LOAD_PREFIX = "SKU-LOAD"  # stock that exists for loads, deep enough not to run out


def find_order_id(body: bytes) -> str | None:
    """The id of the order that a POST made: `id` of an order, `order_id` of a reservation."""
    document = _parse(body)
    if not isinstance(document, dict):
        return None
    found = document.get("order_id", document.get("id"))
    return found if isinstance(found, str) else None


def find_skus(body: bytes) -> Sequence[str]:
    """The SKUs for loads in the answer to GET /inventory; all of them if none is for loads."""
    document = _parse(body)
    lists = document.values() if isinstance(document, dict) else [document]
    items = [item for value in lists if isinstance(value, list) for item in value]
    skus = [item["sku"] for item in items if isinstance(item, dict) and "sku" in item]
    return sorted(s for s in skus if str(s).startswith(LOAD_PREFIX)) or sorted(skus)


def _parse(body: bytes) -> object:
    try:
        return json.loads(body)
    except ValueError:
        return None
