"""Corners of single rules: one change to the stack where all is well, one verdict."""

from infra.checklist.findings import Verdict
from tests.checklist.stored import (
    ORDER,
    ORDER_TASK,
    Change,
    container,
    environment,
    nested,
    setting,
)

PASS, FAIL = {Verdict.PASS}, {Verdict.FAIL}
UNKNOWN, OTHER = {Verdict.UNKNOWN}, {Verdict.NOT_APPLICABLE}

HEALTH = {"command": ["CMD", "true"], "startPeriod": 90}
ECR = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/order-api"
SCALING = "aws_appautoscaling_target.order"
ORDER_GROUP = 'aws_lb_target_group.this["order"]'


def shell(script: str) -> Change:
    return container(command=["sh", "-c", script])


CORNERS: dict[str, tuple[str, str, dict[str, Change], set[Verdict]]] = {
    # sentence: rule, where, changes, verdict
    "a container's startPeriod longer than the grace": (
        "LC001", ORDER, {ORDER_TASK: container(healthCheck=HEALTH)}, FAIL),
    "a drain period longer than stopTimeout": (
        "LC003", ORDER, {ORDER_TASK: environment(DRAIN_SECONDS="45")}, FAIL),
    "gunicorn's graceful timeout longer than stopTimeout": (
        "LC003", ORDER, {ORDER_TASK: container(command=["gunicorn", "--graceful-timeout", "60"])},
        FAIL),
    "a stopTimeout above Fargate's": (
        "LC003", ORDER, {ORDER_TASK: container(stopTimeout=300)}, FAIL),
    "no stopTimeout: thirty seconds": (
        "LC003", ORDER, {ORDER_TASK: container(stopTimeout=None)}, PASS),
    "uvicorn without a word on keep-alive": (
        "LC004", ORDER, {ORDER_TASK: container(command=["uvicorn", "app"], environment=[])}, FAIL),
    "uvicorn with its own option": (
        "LC004", ORDER,
        {ORDER_TASK: container(command=["uvicorn", "--timeout-keep-alive=75"], environment=[])},
        PASS),
    "keep-alive in milliseconds": (
        "LC004", ORDER, {ORDER_TASK: environment(KEEP_ALIVE_TIMEOUT_MS="75000")}, PASS),
    "an application that says nothing about keep-alive": (
        "LC004", ORDER, {ORDER_TASK: environment()}, UNKNOWN),
    "an idle timeout below the per-request one": (
        "LC005", ORDER,
        {ORDER: lambda v: v["service_connect_configuration"][0]["service"][0]["timeout"][0].update(
            idle_timeout_seconds=5)}, FAIL),
    "a shell that traps SIGTERM": (
        "LC006", ORDER, {ORDER_TASK: shell("trap 'save; exit' TERM; serve & wait $!")}, PASS),
    "a shell that execs": ("LC006", ORDER, {ORDER_TASK: shell("migrate && exec python")}, PASS),
    "a shell that does not exec its last command": (
        "LC006", ORDER, {ORDER_TASK: shell("exec true; python")}, FAIL),
    "what starts is in the image": ("LC006", ORDER, {ORDER_TASK: container(command=None)}, OTHER),
    "all tasks stopped at once": (
        "DEP003", ORDER, {ORDER: setting(deployment_minimum_healthy_percent=0)}, FAIL),
    "neither start nor stop can come first": (
        "DEP003", ORDER, {ORDER: setting(deployment_maximum_percent=100)}, FAIL),
    "half of four tasks": (
        "DEP003", ORDER,
        {ORDER: setting(desired_count=4, deployment_minimum_healthy_percent=50)}, PASS),
    "no percents at all: 100 and 200": (
        "DEP003", ORDER,
        {ORDER: setting(deployment_minimum_healthy_percent=None, deployment_maximum_percent=None)},
        PASS),
    "autoscaling of another cluster's service": (
        "DEP002", ORDER,
        {ORDER: setting(desired_count=1), SCALING: setting(resource_id="service/b/order-api")},
        FAIL),
    "a service that is scaled to nothing": (
        "DEP002", ORDER,
        {ORDER: setting(desired_count=0), SCALING: setting(min_capacity=0)}, OTHER),
    "autoscaling has the last word": ("DEP002", ORDER, {ORDER: setting(desired_count=1)}, PASS),
    "a breaker that does not roll back": (
        "DEP001", ORDER, {ORDER: nested("deployment_circuit_breaker", rollback=False)}, FAIL),
    "CodeDeploy does the deployments": (
        "DEP001", ORDER, {ORDER: setting(deployment_controller=[{"type": "CODE_DEPLOY"}])}, OTHER),
    "a digest": (
        "DEP005", ORDER, {ORDER_TASK: container(image=f"{ECR}@sha256:{'0' * 64}")}, PASS),
    "a tag that can be moved": (
        "DEP005", ORDER, {"aws_ecr_repository": setting(image_tag_mutability="MUTABLE")}, FAIL),
    "a registry's port is no tag": (
        "DEP005", ORDER, {ORDER_TASK: container(image="registry:5000/order-api")}, FAIL),
    "another repository": (
        "DEP005", ORDER, {ORDER_TASK: container(image=f"{ECR}-2:1")}, UNKNOWN),
    "a password in a URL": (
        "SEC004", ORDER_TASK, {ORDER_TASK: environment(STORE="postgres://a:b@db/orders")}, FAIL),
    "the name of a secret is none": (
        "SEC004", ORDER_TASK, {ORDER_TASK: environment(TOKEN_URL="https://id", SECRET_ARN="a")},
        PASS),
    "capabilities are kept": (
        "SEC002", ORDER_TASK, {ORDER_TASK: container(linuxParameters=None)}, FAIL),
    "the smallest log buffer": (
        "LOG001", ORDER_TASK,
        {ORDER_TASK: container(logConfiguration={"logDriver": "awslogs",
                                                 "options": {"mode": "non-blocking"}})}, FAIL),
    "an action with a star": (
        "SEC003", ORDER_TASK,
        {"aws_iam_role_policy.execution": setting(
            policy='{"Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}')}, FAIL),
    "a trust policy for any account": (
        "SEC003", ORDER_TASK, {'role.this["task"]': setting(assume_role_policy="{}")}, FAIL),
    "a public subnet": (
        "NET002", ORDER, {"aws_route.out": setting(nat_gateway_id="", gateway_id="igw-1")}, FAIL),
    "a regional NAT gateway": (
        "NET004", "", {"aws_nat_gateway.this": setting(availability_mode="regional", subnet_id="")},
        PASS),
    "API Gateway comes by PrivateLink, and is not checked": (
        "ALB006", "aws_lb_listener.http",
        {"aws_vpc_security_group_ingress_rule.balancer": setting(security_group_id="sg-other"),
         "aws_lb.this": setting(
            internal=True, enforce_security_group_inbound_rules_on_private_link_traffic="off")},
        OTHER),
    "an old TLS policy": (
        "ALB002", "aws_lb.this",
        {"aws_lb_listener.https": setting(ssl_policy="ELBSecurityPolicy-2016-08")}, FAIL),
    "the load balancer is internal": (
        "ALB002", "", {"aws_lb.this": setting(internal=True)}, OTHER),
    "a health check for a page": (
        "ALB005", ORDER_GROUP, {ORDER_GROUP: nested("health_check", path="/")}, FAIL),
    "a delay of nothing": (
        "LC002", ORDER_GROUP, {ORDER_GROUP: setting(deregistration_delay=0)}, FAIL),
    "no delay set: 300": (
        "LC002", ORDER_GROUP, {ORDER_GROUP: setting(deregistration_delay=None)}, FAIL),
    "tasks on EC2": ("LC001", ORDER, {ORDER: setting(launch_type="EC2")}, set()),
    "Fargate by capacity providers": (
        "LC001", ORDER,
        {ORDER: setting(launch_type=None,
                        capacity_provider_strategy=[{"capacity_provider": "FARGATE_SPOT"}])}, PASS),
    "the port's name is another": (
        "SC003", ORDER,
        {ORDER_TASK: container(portMappings=[{"containerPort": 8080, "name": "x"}])}, FAIL),
    "a namespace of somebody else": (
        "SC002", ORDER, {ORDER: nested("service_connect_configuration", namespace="arn:other")},
        UNKNOWN),
    "the proxy listens elsewhere, where nobody is let in": (
        "SG005", ORDER,
        {ORDER: lambda v: v["service_connect_configuration"][0]["service"][0].update(
            ingress_port_override=9000)}, FAIL),
    "API Gateway is guarded": (
        "EDGE002", "aws_lb.this",
        {"aws_wafv2_web_acl_association.this": setting(
            resource_arn="arn:aws:apigateway:eu-central-1::/restapis/a/stages/b")}, OTHER),
    "a secret of SSM": (
        "VPCE003", ORDER,
        {ORDER_TASK: container(secrets=[{"name": "A", "valueFrom": "/shop/a"}])}, FAIL),
    "an image from elsewhere": ("VPCE001", ORDER, {ORDER_TASK: container(image="nginx:1")}, OTHER),
    "DNS is off in the VPC": (
        "VPCE006", "", {"aws_vpc.this": setting(enable_dns_hostnames=False)}, FAIL),
}  # fmt: skip
