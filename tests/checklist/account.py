"""A small account in moto: two zones, one service behind a load balancer, endpoints."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.awsrequest import AWSResponse
from moto import mock_aws

from infra.checklist.asking import Account
from infra.checklist.check import check
from infra.checklist.findings import Finding
from infra.checklist.live import facts_of
from infra.checklist.waivers import WaiverFile
from tests.checklist.stored import TODAY

REGION = "eu-central-1"
ZONES = ("eu-central-1a", "eu-central-1b")
IMAGE = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/order-api:1.4.2"
ENDPOINTS = ("ecr.api", "ecr.dkr", "logs")


@contextmanager
def mocked() -> Iterator[boto3.Session]:
    """A session on an empty account."""
    with mock_aws():
        yield boto3.Session("test", "test", region_name=REGION)


def findings(of: boto3.Session | Account, cluster: str | None = None) -> list[Finding]:
    """What all rules say of the account."""
    facts = facts_of(of if isinstance(of, Account) else Account(of), cluster)
    return list(check(facts, WaiverFile(), TODAY).findings)


class Shop:
    """The account's parts, as it should be; tests change one thing and look again."""

    def __init__(self, session: boto3.Session, nats: int = 2) -> None:
        self.session = session
        self.ec2: Any = session.client("ec2")
        self.elb: Any = session.client("elbv2")
        self.ecs: Any = session.client("ecs")
        self._network(nats)
        self._groups()
        self._endpoints()
        self._balancer()
        self._service()

    def _network(self, nats: int) -> None:
        ec2 = self.ec2
        self.vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsHostnames={"Value": True})
        self.public = [self._subnet(n, zone) for n, zone in enumerate(ZONES)]
        self.private = [self._subnet(n + 10, zone) for n, zone in enumerate(ZONES)]
        found = [
            ec2.create_nat_gateway(SubnetId=subnet, AllocationId=self._address())["NatGateway"]
            for subnet in self.public[:nats]
        ]
        self.nats = [one["NatGatewayId"] for one in found]
        self.tables = [self._table(n, subnet) for n, subnet in enumerate(self.private)]

    def _subnet(self, number: int, zone: str) -> str:
        given = {"VpcId": self.vpc, "CidrBlock": f"10.0.{number}.0/24", "AvailabilityZone": zone}
        identity: str = self.ec2.create_subnet(**given)["Subnet"]["SubnetId"]
        return identity

    def _address(self) -> str:
        identity: str = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        return identity

    def _table(self, number: int, subnet: str) -> str:
        table: str = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        nat = self.nats[min(number, len(self.nats) - 1)]
        self.ec2.create_route(
            RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat
        )
        self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
        return table

    def _groups(self) -> None:
        self.balancer_group = self._group("balancer")
        self.task_group = self._group("task")
        self.endpoint_group = self._group("endpoint")
        self.let_in(self.balancer_group, 443, cidr="0.0.0.0/0")
        self.let_in(self.task_group, 8080, group=self.balancer_group)
        self.let_in(self.endpoint_group, 443, group=self.task_group)

    def _group(self, name: str) -> str:
        given = {"GroupName": name, "Description": name, "VpcId": self.vpc}
        identity: str = self.ec2.create_security_group(**given)["GroupId"]
        return identity

    def let_in(self, owner: str, port: int, *, cidr: str = "", group: str = "") -> None:
        peer = {"IpRanges": [{"CidrIp": cidr}]} if cidr else {
            "UserIdGroupPairs": [{"GroupId": group}]}  # fmt: skip
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, **peer}
        self.ec2.authorize_security_group_ingress(GroupId=owner, IpPermissions=[rule])

    def _endpoints(self) -> None:
        for name in ENDPOINTS:
            self.ec2.create_vpc_endpoint(
                VpcId=self.vpc, VpcEndpointType="Interface", PrivateDnsEnabled=True,
                ServiceName=f"com.amazonaws.{REGION}.{name}", SubnetIds=self.private,
                SecurityGroupIds=[self.endpoint_group],
            )  # fmt: skip
        self.gateway = self.ec2.create_vpc_endpoint(
            VpcId=self.vpc, VpcEndpointType="Gateway", ServiceName=f"com.amazonaws.{REGION}.s3",
            RouteTableIds=self.tables,
        )["VpcEndpoint"]["VpcEndpointId"]  # fmt: skip

    def _balancer(self) -> None:
        self.balancer = self.elb.create_load_balancer(
            Name="shop", Subnets=self.public, SecurityGroups=[self.balancer_group]
        )["LoadBalancers"][0]["LoadBalancerArn"]
        self.target_group = self.elb.create_target_group(
            Name="order", Protocol="HTTP", Port=8080, VpcId=self.vpc, TargetType="ip",
            HealthCheckPath="/healthz",
        )["TargetGroups"][0]["TargetGroupArn"]  # fmt: skip
        acm: Any = self.session.client("acm")
        certificate = acm.request_certificate(DomainName="shop.example")["CertificateArn"]
        forward = {"Type": "forward", "TargetGroupArn": self.target_group}
        self.listener = self.elb.create_listener(
            LoadBalancerArn=self.balancer, Protocol="HTTPS", Port=443,
            SslPolicy="ELBSecurityPolicy-TLS13-1-2-2021-06", DefaultActions=[forward],
            Certificates=[{"CertificateArn": certificate}],
        )["Listeners"][0]["ListenerArn"]  # fmt: skip

    def put_in_front(self) -> str:
        """A network load balancer whose target is the application load balancer."""
        front: str = self.elb.create_load_balancer(
            Name="static", Type="network", Scheme="internal", Subnets=self.private
        )["LoadBalancers"][0]["LoadBalancerArn"]
        group = self.elb.create_target_group(
            Name="edge", Protocol="TCP", Port=443, VpcId=self.vpc, TargetType="alb"
        )["TargetGroups"][0]["TargetGroupArn"]
        self.elb.create_listener(
            LoadBalancerArn=front, Protocol="TCP", Port=443,
            DefaultActions=[{"Type": "forward", "TargetGroupArn": group}],
        )  # fmt: skip
        self.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": self.balancer}])
        return front

    def _service(self) -> None:
        trust = json.dumps({"Statement": [{"Condition": {"aws:SourceAccount": "123456789012"}}]})
        iam: Any = self.session.client("iam")
        role = iam.create_role(RoleName="task", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        allowed = json.dumps(
            {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
            }
        )
        iam.put_role_policy(RoleName="task", PolicyName="own", PolicyDocument=allowed)
        ecr: Any = self.session.client("ecr")
        ecr.create_repository(repositoryName="order-api", imageTagMutability="IMMUTABLE")
        self.ecs.create_cluster(clusterName="shop")
        log = {"logDriver": "awslogs", "options": {"awslogs-group": "/shop"}}
        container = {"name": "app", "image": IMAGE, "logConfiguration": log,
                     "portMappings": [{"containerPort": 8080}]}  # fmt: skip
        self.ecs.register_task_definition(
            family="order-api", networkMode="awsvpc", requiresCompatibilities=["FARGATE"],
            cpu="256", memory="512", taskRoleArn=role, containerDefinitions=[container],
        )  # fmt: skip
        network = {"subnets": self.private, "securityGroups": [self.task_group]}
        target = {
            "targetGroupArn": self.target_group,
            "containerName": "app",
            "containerPort": 8080,
        }
        self.ecs.create_service(
            cluster="shop", serviceName="order-api", taskDefinition="order-api", desiredCount=2,
            launchType="FARGATE", loadBalancers=[target],
            networkConfiguration={"awsvpcConfiguration": network},
        )  # fmt: skip


class Refusing:
    """Answers calls in AWS's place where `refuse` says so of a permission: they are denied.

    `seen` are the permissions of all calls.
    """

    def __init__(self, session: boto3.Session) -> None:
        self.seen: list[str] = []
        self.refuse: Callable[[str], bool] = lambda permission: False
        self.code = "AccessDenied"
        session.events.register_first("before-send.*.*", self._answer)

    def _answer(self, event_name: str, request: Any, **_: object) -> AWSResponse | None:
        name = permission(*event_name.split(".")[1:])
        self.seen.append(name)
        return denial(request.url, self.code) if self.refuse(name) else None


def permission(service: str, operation: str) -> str:
    """IAM's name of what botocore's event is about."""
    if service.startswith(("api-gateway", "apigatewayv2")):
        return "apigateway:GET"
    names = {"elastic-load-balancing-v2": "elasticloadbalancing",
             "application-auto-scaling": "application-autoscaling"}  # fmt: skip
    return f"{names.get(service, service)}:{operation}"


def denial(url: str, code: str) -> AWSResponse:
    """An error in the spelling of the service: JSON or XML."""
    if any(f"//{name}." in url for name in JSON):
        body = json.dumps({"__type": code, "message": "no"})
    else:
        error = f"<Error><Code>{code}</Code><Message>no</Message></Error>"
        body = f"<R><Errors>{error}</Errors>{error}</R>"
    return AWSResponse(url, 400, {}, Raw(body.encode()))


JSON = ("ecs", "api.ecr", "servicediscovery", "application-autoscaling", "wafv2", "apigateway")


class Raw:
    """A body as urllib3 has it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        yield self._body

    def read(self, *_: object, **__: object) -> bytes:
        return self._body
