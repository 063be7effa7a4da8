"""What a client gets when the load balancer answers itself: ELB's status codes and pages."""

from http import HTTPStatus
from typing import Any

CEL = "type.googleapis.com/envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter"
FIXED = "response.code_details == 'direct_response' && response.code != 405"
PAGES = (400, 405, 408, 413, 414, 500, 501, 502, 503, 504)
# Only what the load balancer answers itself carries its name.
SIGNED = {
    "headers_to_add": [
        {
            "header": {"key": "server", "value": "awselb/2.0"},
            "append_action": "OVERWRITE_IF_EXISTS_OR_ADD",
        }
    ]
}


def local_replies() -> dict[str, Any]:
    """Envoy's reasons mapped to ELB's codes, first match wins (R4.23; measured in Envoy 1.40).

    A fixed response keeps its own body. An upstream that failed: no connection in time is 504,
    refused or reset is 502; no target at all is 503; request headers too large are 400.
    """
    return {
        "mappers": [
            {"filter": _expression(FIXED), **SIGNED},
            _mapper(_both(_flags("UF"), _details("connection_timeout")), 504),
            _mapper(_flags("UF"), 502),
            _mapper(_flags("UC", "UR", "LR"), 502),
            _mapper(_flags("UH"), 503),
            _mapper(_details("headers_too_large"), 400),
            *(_mapper(_status(code), code) for code in PAGES),
            {"filter": _status(0, "GE"), **SIGNED},
        ]
    }


def _mapper(matching: dict[str, Any], code: int) -> dict[str, Any]:
    page = _page(code)
    return {"filter": matching, "status_code": code, "body_format_override": page, **SIGNED}


def _page(code: int) -> dict[str, Any]:
    title = f"{code} {HTTPStatus(code).phrase}"
    lines = (
        "<html>",
        f"<head><title>{title}</title></head>",
        "<body>",
        f"<center><h1>{title}</h1></center>",
        "</body>",
        "</html>",
        "",
    )
    page = {"inline_string": "\r\n".join(lines)}
    return {"text_format_source": page, "content_type": "text/html"}


def _flags(*flags: str) -> dict[str, Any]:
    return {"response_flag_filter": {"flags": list(flags)}}


def _details(part: str) -> dict[str, Any]:
    return _expression(f"response.code_details.contains('{part}')")


def _expression(text: str) -> dict[str, Any]:
    typed = {"@type": CEL, "expression": text}
    return {
        "extension_filter": {
            "name": "envoy.access_loggers.extension_filters.cel",
            "typed_config": typed,
        }
    }


def _both(*filters: dict[str, Any]) -> dict[str, Any]:
    return {"and_filter": {"filters": list(filters)}}


def _status(code: int, operator: str = "EQ") -> dict[str, Any]:
    value = {"default_value": code, "runtime_key": f"alb.page.{code}"}
    return {"status_code_filter": {"comparison": {"op": operator, "value": value}}}
