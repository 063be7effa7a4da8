"""Somebody's account: a Flask service with all that such services have, made through AWS's APIs."""

from typing import Any, Protocol

IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shop/cart:2026.11"
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:cart-db-AbCdEf"
CREDENTIAL = "postgres://cart:hunter2@db.internal:5432/cart"


class Clients(Protocol):
    def __call__(self, service: str) -> Any: ...


def application() -> dict[str, Any]:
    """The container definition of the application."""
    return {
        "name": "web",
        "image": IMAGE,
        "essential": True,
        "command": ["gunicorn", "--bind", "0.0.0.0:5000", "--graceful-timeout", "20", "app:app"],
        "portMappings": [{"containerPort": 5000, "name": "http", "appProtocol": "http"}],
        "environment": [
            {"name": "SHOP_CURRENCY", "value": "EUR"},
            {"name": "DATABASE_URL", "value": CREDENTIAL},
            {"name": "TOKEN_TTL", "value": "3600"},
        ],
        "secrets": [{"name": "DB_PASSWORD", "valueFrom": SECRET}],
        "mountPoints": [{"sourceVolume": "media", "containerPath": "/media"}],
        "stopTimeout": 25,
    }


def agent() -> dict[str, Any]:
    """A sidecar as many tasks have one."""
    return {
        "name": "datadog-agent",
        "image": "public.ecr.aws/datadog/agent:7",
        "essential": False,
        "environment": [{"name": "DD_API_KEY", "value": "0123456789abcdef0123456789abcdef"}],
    }


def definition() -> dict[str, Any]:
    """RegisterTaskDefinition's input."""
    efs = {"fileSystemId": "fs-0123456789abcdef0"}
    return {
        "family": "Cart_Service",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "512",
        "memory": "1024",
        "containerDefinitions": [application(), agent()],
        "volumes": [{"name": "media", "efsVolumeConfiguration": efs}],
    }


class Cart:
    """The service behind its load balancer, in an account of whose VPC only ids are needed."""

    def __init__(self, clients: Clients, vpc: str, subnets: list[str], group: str) -> None:
        self.ecs, self.elb = clients("ecs"), clients("elbv2")
        made = self.elb.create_load_balancer(Name="front", Subnets=subnets, SecurityGroups=[group])
        self.balancer = made["LoadBalancers"][0]["LoadBalancerArn"]
        self.target_group = self.elb.create_target_group(
            Name="cart", Protocol="HTTP", Port=5000, VpcId=vpc, TargetType="ip",
            HealthCheckPath="/status", HealthCheckIntervalSeconds=15, HealthyThresholdCount=2,
        )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
        self._listen()
        self.ecs.create_cluster(clusterName="Shop_Prod")
        self.ecs.register_task_definition(**definition())
        network = {"subnets": subnets, "securityGroups": [group]}
        target = {"targetGroupArn": self.target_group, "containerName": "web"}
        self.ecs.create_service(
            cluster="Shop_Prod", serviceName="Cart_Service", taskDefinition="Cart_Service",
            desiredCount=2, launchType="FARGATE", healthCheckGracePeriodSeconds=30,
            loadBalancers=[{**target, "containerPort": 5000}],
            networkConfiguration={"awsvpcConfiguration": network},
        )  # fmt: skip

    def _listen(self) -> None:
        missing = {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "no"}
        listener = self.elb.create_listener(
            LoadBalancerArn=self.balancer, Protocol="HTTP", Port=80,
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": missing}],
        )["Listeners"][0]["ListenerArn"]  # fmt: skip
        paths = {"Values": ["/cart/*", "/status"]}
        hosts = {"Values": ["shop.example"]}
        self.elb.create_rule(
            ListenerArn=listener,
            Priority=7,
            Conditions=[
                {"Field": "path-pattern", "PathPatternConfig": paths},
                {"Field": "host-header", "HostHeaderConfig": hosts},
            ],
            Actions=[{"Type": "forward", "TargetGroupArn": self.target_group}],
        )
