"""Errors for callers whose service is not known yet: in the form that their client can read."""

from starlette.datastructures import Headers
from starlette.responses import Response

from infra.local.api.errors import ApiError
from infra.local.api.identifiers import unique_id
from infra.local.api.protocol import JSON, QUERY, WireProtocol


def error_response(error: ApiError, headers: Headers) -> Response:
    """XML for Query and REST-XML clients, JSON for those that speak JSON."""
    spoken = headers.get("content-type", "")
    json = "x-amz-target" in headers or "json" in spoken or "json" in headers.get("accept", "")
    return write_error(error, JSON if json else QUERY, unique_id())


def write_error(error: ApiError, protocol: WireProtocol, request_id: str) -> Response:
    return Response(
        protocol.serialise_error(error, request_id),
        error.status,
        {"x-amzn-requestid": request_id, "x-amzn-errortype": error.code},
        protocol.content_type,
    )
