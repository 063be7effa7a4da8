import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infra.local.proxy.configs.sidecar import bootstrap
from infra.local.proxy.configs.sidecar_cluster import endpoints
from infra.local.proxy.configs.sidecar_model import (
    AppProtocol,
    Egress,
    Endpoint,
    Ingress,
    Policy,
    Sidecar,
)

GOLDEN = Path(__file__).with_name("sidecar.golden.json")
HTTP = AppProtocol.HTTP


def egress(dns_name: str, port: int = 8080, **changes: Any) -> Egress:
    values: dict[str, Any] = {
        "address": f"127.23.9.{len(dns_name)}",
        "protocol": HTTP,
        "endpoints": f"/run/sc/{dns_name}.json",
        "request_timeout_ms": 1_500,
        "idle_timeout_ms": 30_000,
    }
    return Egress(dns_name, port, **{**values, **changes})


def sidecar(**changes: Any) -> Sidecar:
    """Scale 10: a task that publishes one HTTP and one TCP port and knows one name of each kind."""
    whole = Sidecar(
        task="0123456789abcdef",
        service="arn:aws:ecs:eu-central-1:000000000000:service/rehearsal/order-api",
        admin="/run/sc/admin.sock",
        access_log="/run/sc/egress.jsonl",
        policy=Policy().scaled(10),
        ingress=(
            Ingress("127.23.0.9", 8080, "127.23.200.9", 8080, HTTP),
            Ingress("127.23.0.9", 9000, "127.23.200.9", 9000, AppProtocol.TCP),
        ),
        egress=(
            egress("order-api"),
            egress("queue", 5672, protocol=AppProtocol.TCP, idle_timeout_ms=360_000),
        ),
    )
    return replace(whole, **changes)


def manager(document: dict[str, Any], name: str) -> dict[str, Any]:
    listeners = document["static_resources"]["listeners"]
    (listener,) = (each for each in listeners if each["name"] == name)
    config: dict[str, Any] = listener["filter_chains"][0]["filters"][0]["typed_config"]
    return config


def domains(document: dict[str, Any], name: str) -> dict[str, list[str]]:
    hosts = manager(document, name)["route_config"]["virtual_hosts"]
    return {host["name"]: host["domains"] for host in hosts}


def cluster(document: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = (c for c in document["static_resources"]["clusters"] if c["name"] == name)
    return dict(found)


def idle(document: dict[str, Any], name: str) -> str:
    (options,) = cluster(document, name)["typed_extension_protocol_options"].values()
    return str(options["common_http_protocol_options"]["idle_timeout"])


def test_the_whole_bootstrap_is_as_recorded() -> None:
    assert bootstrap(sidecar()) == json.loads(GOLDEN.read_text())


def test_the_ingress_neither_times_out_nor_retries_nor_closes_idle_callers() -> None:
    config = manager(bootstrap(sidecar()), "ingress_8080")
    (host,) = config["route_config"]["virtual_hosts"]
    (route,) = host["routes"]

    assert route["route"] == {"cluster": "ingress_8080", "timeout": "0.000s"}
    assert config["stream_idle_timeout"] == "0.000s"
    assert config["common_http_protocol_options"] == {"idle_timeout": "0.000s"}


def test_idle_connections_to_the_application_end_before_its_keep_alive_of_75_s() -> None:
    assert idle(bootstrap(sidecar(policy=Policy())), "ingress_8080") == "60.000s"
    assert idle(bootstrap(sidecar(policy=Policy().scaled(20))), "ingress_8080") == "3.000s"


def test_an_own_address_takes_any_host() -> None:
    assert domains(bootstrap(sidecar()), "egress_order-api_8080") == {"order-api_8080": ["*"]}


@pytest.mark.parametrize(
    ("known", "by_host", "expected"),
    [
        pytest.param(
            (egress("order-api"),),
            True,
            {"order-api_8080": ["order-api:8080", "order-api"], "unknown": ["*"]},
            id="one name behind http_proxy: any other is unknown",
        ),
        pytest.param(
            (egress("order-api"), egress("stock", 9000)),
            True,
            {
                "order-api_8080": ["order-api:8080", "order-api"],
                "stock_9000": ["stock:9000", "stock"],
                "unknown": ["*"],
            },
            id="behind http_proxy each listener serves the names of all addresses",
        ),
        pytest.param(
            (egress("order-api", address="127.23.9.1"), egress("stock", address="127.23.9.1")),
            False,
            {
                "order-api_8080": ["order-api:8080", "order-api"],
                "stock_8080": ["stock:8080", "stock"],
                "unknown": ["*"],
            },
            id="names that share an address are told by their Host",
        ),
        pytest.param(
            (egress("order-api"), egress("order-api", 80)),
            True,
            {
                "order-api_8080": ["order-api:8080", "order-api"],
                "order-api_80": ["order-api:80"],
                "unknown": ["*"],
            },
            id="the bare name belongs to the listener's own port",
        ),
    ],
)
def test_hosts(known: tuple[Egress, ...], by_host: bool, expected: dict[str, list[str]]) -> None:
    document = bootstrap(sidecar(egress=known, by_host=by_host))

    assert domains(document, "egress_order-api_8080") == expected


def test_one_name_with_two_ports_has_a_listener_for_each() -> None:
    known = (egress("order-api"), egress("order-api", 80))
    document = bootstrap(sidecar(egress=known, ingress=()))

    names = [listener["name"] for listener in document["static_resources"]["listeners"]]
    assert names == ["egress_order-api_80", "egress_order-api_8080"]
    assert domains(document, "egress_order-api_80") == {"order-api_80": ["*"]}


def test_without_retry_statuses_503_is_not_tried_again() -> None:
    policy = Policy(retry_statuses=(), retries=1)
    config = manager(bootstrap(sidecar(policy=policy)), "egress_order-api_8080")
    retry = config["route_config"]["virtual_hosts"][0]["routes"][0]["route"]["retry_policy"]

    assert retry["retry_on"] == "connect-failure,refused-stream,reset-before-request"
    assert retry["num_retries"] == 1


@pytest.mark.parametrize("protocol", [AppProtocol.HTTP2, AppProtocol.GRPC])
def test_http2_is_spoken_to_members_that_declare_it(protocol: AppProtocol) -> None:
    document = bootstrap(sidecar(egress=(egress("order-api", protocol=protocol),)))
    (options,) = cluster(document, "order-api_8080")["typed_extension_protocol_options"].values()

    assert options["explicit_http_config"] == {"http2_protocol_options": {}}


def test_the_policy_divides_durations_only() -> None:
    scaled = Policy().scaled(20)

    assert (scaled.connect_ms, scaled.ejection_ms) == (250, 1_500)
    assert (scaled.retries, scaled.ejection_failures) == (2, 5)


def test_an_admin_path_over_the_kernels_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 107 bytes"):
        bootstrap(sidecar(admin="/" + "x" * 107))


def test_members_are_grouped_by_zone_in_a_stable_order() -> None:
    members = [Endpoint("127.0.0.3", 80, "b"), Endpoint("127.0.0.2", 80, "a")]
    one, other = endpoints("c", members), endpoints("c", reversed(members))
    (resource,) = one["resources"]

    assert one == other
    assert [group["locality"]["zone"] for group in resource["endpoints"]] == ["a", "b"]


def test_no_members_is_an_empty_assignment() -> None:
    (resource,) = endpoints("c", [])["resources"]

    assert resource["cluster_name"] == "c"
    assert resource["endpoints"] == []
