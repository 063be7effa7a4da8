"""The OpenAPI 3.1 description, served at /openapi.json."""

from services.inventory_api.stock import SKU

# OpenAPI is JSON of many shapes.
Document = dict[str, object]

_COUNT: Document = {"type": "integer"}

_SCHEMAS: Document = {
    "Item": {
        "type": "object",
        "required": ["sku", "on_hand", "open", "available"],
        "properties": {
            "sku": {"type": "string", "pattern": f"^{SKU.pattern}$"},
            "on_hand": _COUNT,
            "open": {"type": "integer", "description": "units in open orders"},
            "available": {"type": "integer", "description": "on hand minus open"},
        },
    },
    "Items": {
        "type": "object",
        "required": ["items"],
        "properties": {
            "items": {"type": "array", "items": {"$ref": "#/components/schemas/Item"}},
        },
    },
    "Reservation": {
        "type": "object",
        "required": ["quantity", "customer"],
        "additionalProperties": False,
        "properties": {
            "quantity": {"type": "integer", "minimum": 1, "maximum": 10_000},
            "customer": {"type": "string", "minLength": 1, "maxLength": 100},
        },
    },
    "Order": {"type": "object", "description": "the order, as order-api returns it"},
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
}


def describe(version: str) -> Document:
    """The whole document; `version` is the service's."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "inventory-api", "version": version},
        "paths": _PATHS,
        "components": {"schemas": _SCHEMAS},
    }


def _answer(text: str, schema: str = "Error") -> Document:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {"description": text, "content": content}


_SKU: Document = {"in": "path", "name": "sku", "schema": {"type": "string"}, "required": True}
_GONE = _answer("no such SKU")
_BUSY = _answer("order-api is slow or gone; see Retry-After")

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
    "/inventory": {
        "get": {
            "summary": "Every SKU of the catalogue",
            "responses": {"200": _answer("the catalogue", "Items"), "503": _BUSY},
        }
    },
    "/inventory/{sku}": {
        "get": {
            "summary": "One SKU: on hand minus open orders",
            "parameters": [_SKU],
            "responses": {"200": _answer("the SKU", "Item"), "404": _GONE, "503": _BUSY},
        }
    },
    "/inventory/{sku}/reservations": {
        "post": {
            "summary": "Reserve units by an order; the same Idempotency-Key never reserves twice",
            "parameters": [
                _SKU,
                {"in": "header", "name": "Idempotency-Key", "schema": {"type": "string"}},
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {"schema": {"$ref": "#/components/schemas/Reservation"}}
                },
            },
            "responses": {
                "200": _answer("the order that this key made before", "Order"),
                "201": _answer("reserved; Location names the order", "Order"),
                "404": _GONE,
                "409": _answer("not enough on hand, or the key has another body"),
                "413": _answer("the body is too large"),
                "422": _answer("wrong; `field` names what"),
                "503": _BUSY,
            },
        }
    },
}
