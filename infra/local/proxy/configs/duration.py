"""Durations in Envoy's JSON."""


def seconds(duration_ms: int) -> str:
    """Milliseconds as protobuf's JSON has them: `1500` is `1.500s`."""
    return f"{duration_ms // 1000}.{duration_ms % 1000:03d}s"
