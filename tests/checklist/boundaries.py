"""Where verdicts turn: one change to the stack where all is well, one verdict."""

from typing import Any

from infra.checklist.findings import Verdict
from tests.checklist.corners import FAIL, ORDER_GROUP, OTHER, PASS, UNKNOWN
from tests.checklist.stored import ORDER, ORDER_TASK, Change, container, environment, setting

INVENTORY = "aws_ecs_service.inventory"
INVENTORY_TASK = 'aws_ecs_task_definition.this["inventory"]'
LINK = "order_from_inventory"
GONE: Change = setting(gone=True)  # takes the resource out
OPEN_80 = 'ingress_rule.balancer["80"]'
ROUTES = "aws_route.out"
LOGS = 'aws_vpc_endpoint.interface["logs"]'
S3 = "aws_vpc_endpoint.s3"
NETWORK = ("referenced_security_group_id", "cidr_ipv4", "cidr_ipv6", "prefix_list_id")


def peer(**values: str) -> Change:
    """A rule whose only peer is this one; none if nothing is given."""
    return setting(**{**dict.fromkeys(NETWORK), **values})


def connect(**values: object) -> Change:
    """A change of what the service publishes."""
    return lambda v: v["service_connect_configuration"][0]["service"][0].update(values)


def timeouts(per_request: int, idle: int) -> Change:
    wanted = {"per_request_timeout_seconds": per_request, "idle_timeout_seconds": idle}
    return connect(timeout=[wanted])


def on_one_table(values: dict[str, Any]) -> None:
    values["route_table_ids"] = values["route_table_ids"][:1]


def weighted(values: dict[str, Any]) -> None:
    """The target group in a forward block, as it is written for several."""
    (action,) = values["action"]
    group = {"arn": action["target_group_arn"], "weight": 1}
    action.update(target_group_arn="", forward=[{"target_group": [group]}])


def redirected(values: dict[str, Any]) -> None:
    """To HTTP, where it redirects at all."""
    for redirect in values["default_action"][0]["redirect"]:
        redirect["protocol"] = "HTTP"


def sidecar(values: dict[str, Any]) -> None:
    values["container_definitions"] = values["container_definitions"].replace(
        "[{", '[{"name": "proxy", "stopTimeout": 5}, {', 1
    )


HTTP = {"containerPort": 8080, "name": "http", "appProtocol": "http"}
TCP = {"containerPort": 8080, "name": "http"}
on_tcp = container(portMappings=[TCP])
on_tcp_and_short = container(portMappings=[TCP], stopTimeout=2)
tcp_beside = container(portMappings=[HTTP, {**TCP, "containerPort": 9000, "name": "other"}])


def policy(effect: str, action: str) -> Change:
    statement = f'{{"Effect": "{effect}", "Action": "{action}", "Resource": "*"}}'
    return setting(policy=f'{{"Statement": [{statement}]}}')


def small(count: int) -> dict[str, Change]:
    """Thirty-two addresses in each zone, and so many tasks at the peak of a deployment."""
    of_order = setting(desired_count=count - 4, deployment_maximum_percent=100)
    return {
        'private["eu-central-1a"]': setting(cidr_block="10.0.128.0/27"),
        'private["eu-central-1b"]': setting(cidr_block="10.0.144.0/27"),
        ORDER: of_order,
    }


DROPS = {"capabilities": {"drop": ["NET_RAW"]}}
OTHER_ACL = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/other/0"
BOUNDARIES: dict[str, tuple[str, str, dict[str, Change], set[Verdict]]] = {
    "a task definition for EC2": (
        "NET001", ORDER_TASK, {ORDER_TASK: setting(requires_compatibilities=["EC2"])}, FAIL),
    # of 64 addresses AWS keeps 10, the NLB takes 16, five endpoints in two zones take 10
    "as many tasks as addresses": ("NET006", ORDER, small(28), PASS),
    "one task more than addresses": ("NET006", ORDER, small(29), FAIL),
    "no HTTPS at all": ("ALB002", "aws_lb.this", {"aws_lb_listener.https": GONE}, FAIL),
    "a redirect that stays in clear": (
        "ALB002", "aws_lb.this",
        {"aws_lb_listener.http": redirected}, FAIL),
    "invalid header fields are passed on": (
        "ALB003", "aws_lb.this", {"aws_lb.this": setting(drop_invalid_header_fields=False)}, FAIL),
    "desync is only watched": (
        "ALB003", "aws_lb.this", {"aws_lb.this": setting(desync_mitigation_mode="monitor")}, FAIL),
    "a target group in a forward block": (
        "ALB004", ORDER_GROUP, {'listener_rule.this["order"]': weighted}, PASS),
    "UDP lets no request in": (
        "ALB006", "listener.http", {OPEN_80: setting(ip_protocol="udp")}, FAIL),
    "a rule of another group": (
        "ALB006", "listener.http", {OPEN_80: setting(security_group_id="sg-other")}, FAIL),
    "egress is not ingress": (
        "ALB006", "listener.http",
        {OPEN_80: GONE, 'egress_rule.balancer["order"]': setting(from_port=80, to_port=80)}, FAIL),
    "a listener that a prefix list may reach": (
        "ALB006", "listener.https",
        {'ingress_rule.balancer["443"]': peer(prefix_list_id="pl-1")}, PASS),
    "nobody calls, and nobody could": (
        "SG005", ORDER, {LINK: GONE, INVENTORY_TASK: environment()}, FAIL),
    "no port of the proxy's own, as an applied state has it": (
        "SG005", ORDER, {ORDER: connect(ingress_port_override=0)}, PASS),
    "a rule of which the peer is not known": (
        "SG004", ORDER, {'ingress_rule.task["order"]': peer()}, UNKNOWN),
    "who is in a prefix list is not known": (
        "SG004", ORDER, {'ingress_rule.task["order"]': peer(prefix_list_id="pl-1")}, UNKNOWN),
    "the endpoints let in one zone's tasks": (
        "VPCE005", ORDER,
        {'ingress_rule.endpoints["order"]': peer(cidr_ipv4="10.0.128.0/20")}, FAIL),
    "stopTimeout as long as a request": (
        "LC003", ORDER, {ORDER_TASK: container(stopTimeout=15)}, PASS),
    "a container that nobody calls may end at once": ("LC003", ORDER, {ORDER_TASK: sidecar}, PASS),
    "keep-alive as long as the idle timeout": (
        "LC004", ORDER, {ORDER_TASK: environment(KEEP_ALIVE_SECONDS="28")}, FAIL),
    "keep-alive in too few milliseconds": (
        "LC004", ORDER, {ORDER_TASK: environment(KEEP_ALIVE_TIMEOUT_MS="5000")}, FAIL),
    "no idle timeout": ("LC005", ORDER, {ORDER: timeouts(15, 0)}, PASS),
    "plain TCP has no requests to time out": (
        "LC005", ORDER, {ORDER: connect(timeout=[]), ORDER_TASK: on_tcp}, OTHER),
    "plain TCP may be cut at once": (
        "LC003", ORDER, {ORDER: connect(timeout=[]), ORDER_TASK: on_tcp_and_short}, PASS),
    "plain TCP may take longer than the load balancer waits": (
        "EDGE001", "aws_lb.this", {ORDER: timeouts(60, 300), ORDER_TASK: on_tcp}, PASS),
    "a TCP port beside": (
        "LC005", ORDER, {ORDER: connect(timeout=[]), ORDER_TASK: tcp_beside}, FAIL),
    "a call without a limit": ("EDGE001", "aws_lb.this", {ORDER: timeouts(0, 300)}, FAIL),
    "a call without a limit by TCP": (
        "EDGE001", "aws_lb.this", {ORDER: timeouts(0, 300), ORDER_TASK: on_tcp}, PASS),
    "a request without a limit is not waited for": (
        "LC003", ORDER, {ORDER: timeouts(0, 300), ORDER_TASK: container(stopTimeout=5)}, PASS),
    "one task is not spread": (
        "DEP004", ORDER,
        {ORDER: setting(availability_zone_rebalancing="DISABLED", desired_count=1),
         "aws_appautoscaling_target": setting(min_capacity=1)}, OTHER),
    "a gateway is no interface endpoint": (
        "VPCE002", ORDER, {LOGS: setting(vpc_endpoint_type="Gateway")}, FAIL),
    "an endpoint of another VPC": ("VPCE002", ORDER, {LOGS: setting(vpc_id="vpc-2")}, FAIL),
    "S3 on one of two route tables": ("VPCE001", ORDER, {S3: on_one_table}, FAIL),
    "Cloud Map in place of Service Connect": (
        "SC001", ORDER,
        {ORDER: setting(service_connect_configuration=[], service_registries=[
            {"registry_arn": "arn:map"}])}, PASS),
    "a service alone": (
        "SC001", ORDER, {INVENTORY: GONE, ORDER: setting(service_connect_configuration=[])}, OTHER),
    "names are one's own in a namespace of one's own": (
        "SC004", ORDER,
        {INVENTORY: lambda v: v["service_connect_configuration"][0].update(namespace="arn:b")},
        PASS),
    "nine tenths of a task is one": (
        "DEP003", ORDER,
        {ORDER: setting(desired_count=3, deployment_minimum_healthy_percent=30)}, PASS),
    "none of four": (
        "DEP003", ORDER,
        {ORDER: setting(desired_count=4, deployment_minimum_healthy_percent=0)}, FAIL),
    "what is denied is not allowed": (
        "SEC003", ORDER_TASK, {"role_policy.execution": policy("Deny", "s3:*")}, PASS),
    "everything is allowed": (
        "SEC003", ORDER_TASK, {"role_policy.execution": policy("Allow", "*")}, FAIL),
    "a secret without a value": (
        "SEC004", ORDER_TASK, {ORDER_TASK: environment(API_TOKEN="")}, PASS),
    "one capability less": ("SEC002", ORDER_TASK, {ORDER_TASK: container(linuxParameters=DROPS)},
                            FAIL),
    "API Gateway waits as long": (
        "EDGE001", "aws_lb.this", {"api_gateway": setting(timeout_milliseconds=28_000)}, FAIL),
    "a call may take as long": ("EDGE001", "aws_lb.this", {ORDER: timeouts(28, 300)}, FAIL),
    "an integration with the internet": (
        "EDGE001", "aws_lb.this",
        {"api_gateway": setting(connection_type="INTERNET", timeout_milliseconds=50)}, PASS),
    "a web ACL of another load balancer": (
        "EDGE002", "aws_lb.this", {"web_acl": setting(resource_arn=OTHER_ACL)}, FAIL),
    "a task definition by its family": (
        "LC003", ORDER, {ORDER: setting(task_definition="order-api")}, PASS),
    "an attribute that is not there": (
        "DEP003", ORDER, {ORDER: lambda v: v.pop("desired_count")}, UNKNOWN),
}  # fmt: skip
