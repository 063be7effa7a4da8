"""Routes of a Service Connect proxy: timeouts, retries, fault switches."""

from collections.abc import Sequence
from typing import Any

from infra.local.proxy.configs.duration import seconds
from infra.local.proxy.configs.sidecar_model import Egress, Policy

Document = dict[str, Any]

_TYPE = "type.googleapis.com/"
_ANYWHERE = {"prefix": "/"}


def ingress_host(cluster: str) -> Document:
    """Everything goes to the application, for as long as it takes, once."""
    route = {"cluster": cluster, "timeout": seconds(0)}
    return {"name": cluster, "domains": ["*"], "routes": [{"match": _ANYWHERE, "route": route}]}


def any_host(egress: Egress, policy: Policy) -> Document:
    """Every request is for this alias."""
    return _host(egress, ["*"], policy)


def named_hosts(known: Sequence[Egress], port: int, policy: Policy) -> list[Document]:
    """Requests by the name in their Host, on the listener of `port`.

    A name that the task does not know is answered 502 rather than sent to a wrong service.
    """
    return [*(_host(e, _domains(e, known, port), policy) for e in known), _UNKNOWN]


def _domains(egress: Egress, known: Sequence[Egress], port: int) -> list[str]:
    """`name:port`, and the bare name for that of the name's ports which is `port`, 80 or lowest."""
    same = (e for e in known if e.dns_name == egress.dns_name)
    bare = min(same, key=lambda e: (e.port != port, e.port != 80, e.port))
    return [f"{egress.dns_name}:{egress.port}", *([egress.dns_name] if bare == egress else [])]


_UNKNOWN: Document = {
    "name": "unknown",
    "domains": ["*"],
    "routes": [
        {
            "match": _ANYWHERE,
            "direct_response": {
                "status": 502,
                "body": {"inline_string": "no such Service Connect name in this task\n"},
            },
        }
    ],
}


def _host(egress: Egress, domains: list[str], policy: Policy) -> Document:
    route = {
        "cluster": egress.cluster,
        "timeout": seconds(egress.request_timeout_ms),
        "retry_policy": _retries(policy),
    }
    return {
        "name": egress.cluster,
        "domains": domains,
        "routes": [{"match": _ANYWHERE, "route": route}],
        "typed_per_filter_config": {"envoy.filters.http.fault": _fault(egress.dns_name)},
    }


def _retries(policy: Policy) -> Document:
    """Try again on another member (R6.7); the pause before it is Envoy's, 25 ms at first."""
    kind = "envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate"
    predicate = {
        "name": "envoy.retry_host_predicates.previous_hosts",
        "typed_config": {"@type": _TYPE + kind},
    }
    conditions = (*policy.retry_on, *(("retriable-status-codes",) * bool(policy.retry_statuses)))
    return {
        "retry_on": ",".join(conditions),
        "retriable_status_codes": list(policy.retry_statuses),
        "num_retries": policy.retries,
        "retry_host_predicate": [predicate],
        "host_selection_retry_max_attempts": 5,
    }


def _fault(dns_name: str) -> Document:
    """Delays and aborts for every call of the alias, off until a runtime key says how many percent.

    Keys: `sc.<dns name>.delay_percent`, `.delay_ms`, `.abort_percent`, `.abort_status`.
    """
    never = {"numerator": 0, "denominator": "HUNDRED"}
    return {
        "@type": _TYPE + "envoy.extensions.filters.http.fault.v3.HTTPFault",
        "delay": {"fixed_delay": "1s", "percentage": never},
        "abort": {"http_status": 503, "percentage": never},
        "delay_percent_runtime": f"sc.{dns_name}.delay_percent",
        "delay_duration_runtime": f"sc.{dns_name}.delay_ms",
        "abort_percent_runtime": f"sc.{dns_name}.abort_percent",
        "abort_http_status_runtime": f"sc.{dns_name}.abort_status",
    }
