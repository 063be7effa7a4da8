"""The OpenAPI 3.1 description, served at /openapi.json."""

from services.order_api.body import LARGEST_BODY
from services.order_api.export import LONGEST_SECONDS
from services.order_api.orders import KEY, LARGEST_LIMIT, LARGEST_QUANTITY, LONGEST_CUSTOMER, SKU

# OpenAPI is JSON of many shapes.
Document = dict[str, object]

_SKU: Document = {"type": "string", "pattern": f"^{SKU.pattern}$"}
_QUANTITY: Document = {"type": "integer", "minimum": 1, "maximum": LARGEST_QUANTITY}
_CUSTOMER: Document = {"type": "string", "minLength": 1, "maxLength": LONGEST_CUSTOMER}

_SCHEMAS: Document = {
    "Wish": {
        "type": "object",
        "required": ["sku", "quantity", "customer"],
        "additionalProperties": False,
        "properties": {
            "sku": _SKU,
            "quantity": _QUANTITY,
            "customer": _CUSTOMER,
            "open_limit": {
                "type": "integer",
                "minimum": 0,
                "maximum": LARGEST_LIMIT,
                "description": "refuse (409) if more units of the SKU would then be open",
            },
        },
    },
    "Order": {
        "type": "object",
        "required": ["id", "sku", "quantity", "customer", "status", "created_at"],
        "properties": {
            "id": {"type": "string", "pattern": "^[0-9a-f]{32}$"},
            "sku": _SKU,
            "quantity": _QUANTITY,
            "customer": _CUSTOMER,
            "status": {"enum": ["open", "cancelled"]},
            "created_at": {"type": "string", "format": "date-time"},
            "idempotency_key": {"type": ["string", "null"]},
        },
    },
    "Error": {
        "type": "object",
        "required": ["error"],
        "properties": {
            "error": {
                "type": "object",
                "required": ["code", "message"],
                "properties": {
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                    "field": {"type": "string"},
                },
            }
        },
    },
    "Health": {
        "type": "object",
        "required": ["status", "version", "task"],
        "properties": {
            "status": {"enum": ["ok", "starting", "draining", "sick"]},
            "version": {"type": "string"},
            "task": {"type": "string"},
        },
    },
    "Page": {
        "type": "object",
        "required": ["orders", "next_cursor"],
        "properties": {
            "orders": {"type": "array", "items": {"$ref": "#/components/schemas/Order"}},
            "next_cursor": {"type": ["string", "null"]},
        },
    },
    "Totals": {
        "type": "object",
        "required": ["open"],
        "properties": {
            "open": {"type": "object", "additionalProperties": {"type": "integer"}},
        },
    },
}


def describe(version: str) -> Document:
    """The whole document; `version` is the service's."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "order-api", "version": version},
        "paths": _PATHS,
        "components": {"schemas": _SCHEMAS},
    }


def _answer(text: str, schema: str = "Error", media: str = "application/json") -> Document:
    content = {media: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": text, "content": content}


def _parameter(place: str, name: str, schema: Document, *, required: bool = False) -> Document:
    return {"in": place, "name": name, "schema": schema, "required": required}


_ID = _parameter("path", "id", {"type": "string"}, required=True)
_GONE = _answer("no such order")
_INVALID = _answer("wrong; `field` names what")
_BUSY = _answer("the database does not answer; see Retry-After")

_PATHS: Document = {
    "/healthz": {
        "get": {
            "summary": "Whether to send requests here",
            "responses": {
                "200": _answer("ready", "Health"),
                "503": _answer("starting or draining", "Health"),
            },
        }
    },
    "/orders": {
        "post": {
            "summary": "Create an order; the same Idempotency-Key never creates two",
            "parameters": [
                _parameter("header", "Idempotency-Key", {"type": "string", "pattern": KEY.pattern})
            ],
            "requestBody": {
                "required": True,
                "description": f"at most {LARGEST_BODY} bytes",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Wish"}}},
            },
            "responses": {
                "200": _answer("the order that this key created before", "Order"),
                "201": _answer("created; Location names it", "Order"),
                "409": _answer("the key has another body, or open_limit would be exceeded"),
                "413": _answer("the body is too large"),
                "422": _INVALID,
                "503": _BUSY,
            },
        },
        "get": {
            "summary": "Orders, newest first",
            "parameters": [
                _parameter("query", "sku", _SKU),
                _parameter("query", "limit", {"type": "integer", "minimum": 1, "maximum": 500}),
                _parameter("query", "cursor", {"type": "string"}),
            ],
            "responses": {"200": _answer("a page", "Page"), "422": _INVALID, "503": _BUSY},
        },
    },
    "/orders/open": {
        "get": {
            "summary": "Sum of the open orders' quantities, for each sku asked for (1 to 100)",
            "parameters": [
                _parameter("query", "sku", {"type": "array", "items": _SKU}, required=True)
            ],
            "responses": {"200": _answer("sums", "Totals"), "422": _INVALID, "503": _BUSY},
        }
    },
    "/orders/export": {
        "get": {
            "summary": "Orders as lines of JSON, streamed for as long as asked",
            "parameters": [
                _parameter(
                    "query",
                    "seconds",
                    {"type": "number", "exclusiveMinimum": 0, "maximum": LONGEST_SECONDS},
                    required=True,
                )
            ],
            "responses": {
                "200": {
                    "description": "the last line has `end`; without it the stream was cut",
                    "content": {"application/x-ndjson": {}},
                },
                "422": _INVALID,
            },
        }
    },
    "/orders/{id}": {
        "get": {
            "summary": "One order",
            "parameters": [_ID],
            "responses": {"200": _answer("the order", "Order"), "404": _GONE, "503": _BUSY},
        }
    },
    "/orders/{id}/cancel": {
        "post": {
            "summary": "Cancel an order; again has no effect",
            "parameters": [_ID],
            "responses": {"200": _answer("cancelled", "Order"), "404": _GONE, "503": _BUSY},
        }
    },
}
