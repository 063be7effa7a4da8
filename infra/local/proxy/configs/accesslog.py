"""The access log: one JSON line per request, enough to explain every failure."""

from typing import Any

FILE_LOG = "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog"


def access_log(path: str, listener: int) -> dict[str, Any]:
    """Log to the file at `path`. `at_us` is the arrival, in microseconds since the epoch."""
    fields = {
        "at_us": "%START_TIME(%s%6f)%",
        "duration_ms": "%DURATION%",
        "method": "%REQ(:METHOD)%",
        "path": "%REQ(:PATH)%",
        "status": "%RESPONSE_CODE%",
        "flags": "%RESPONSE_FLAGS%",
        "details": "%RESPONSE_CODE_DETAILS%",
        "failure": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
        "upstream": "%UPSTREAM_HOST%",
        "target_group": "%UPSTREAM_CLUSTER%",
        "request_id": "%REQ(X-REQUEST-ID)%",
        "listener": str(listener),
    }
    return {
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": FILE_LOG,
            "path": path,
            "log_format": {"json_format": fields},
        },
    }
