"""The egress access log: one JSON line for each request that failed or had to be tried again."""

from typing import Any

Document = dict[str, Any]

_TYPE = "type.googleapis.com/"
_FAILED = "response.code >= 500"
# `-` in the log; anything else says why Envoy itself answered or gave up.
_FLAGGED = "response.flags != 0"
_RETRIED = "upstream.request_attempt_count > 1u"

# START_TIME is the arrival; a failure happened `duration_ms` later.
_FIELDS = {
    "time": "%START_TIME(%Y-%m-%dT%H:%M:%S.%6fZ)%",
    "method": "%REQ(:METHOD)%",
    "authority": "%REQ(:AUTHORITY)%",
    "path": "%REQ(:PATH)%",
    "status": "%RESPONSE_CODE%",
    "flags": "%RESPONSE_FLAGS%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "cause": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    "alias": "%UPSTREAM_CLUSTER%",
    "task": "%UPSTREAM_HOST%",
    "attempts": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%",
    "duration_ms": "%DURATION%",
    "bytes_sent": "%BYTES_SENT%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "connection": "%CONNECTION_ID%",
}


def failures_log(path: str) -> Document:
    """Write a line for a status of 500 or more, for any response flag, for more than one attempt.

    Envoy appends and never rotates: whoever starts it keeps the file small.
    """
    return {
        "name": "envoy.access_loggers.file",
        "filter": {"extension_filter": _filter(f"{_FAILED} || {_FLAGGED} || {_RETRIED}")},
        "typed_config": {
            "@type": _TYPE + "envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": path,
            "log_format": {"json_format": _FIELDS},
        },
    }


def _filter(expression: str) -> Document:
    kind = "envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter"
    return {
        "name": "envoy.access_loggers.extension_filters.cel",
        "typed_config": {"@type": _TYPE + kind, "expression": expression},
    }
