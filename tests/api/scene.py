"""A plane with one of everything, for tables of calls that name things by short words."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from infra.local.records.codec import encode
from tests.api.plane import REGION, Plane
from tests.api.stack import SUBNETS, Stack, definition, make_group

NOTHING = [{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "404"}}]
RECORDS = [{"Type": "A", "TTL": 10}]
_WORD = re.compile(r"\$(\w+)")


@cache
def unchecked_client(service: str, url: str) -> Any:
    """One that sends what boto3 would not, as other SDKs do: Go's knows no ranges."""
    config = Config(
        retries={"total_max_attempts": 1}, parameter_validation=False, inject_host_prefix=False
    )
    keys = {"aws_access_key_id": "k", "aws_secret_access_key": "s"}
    return boto3.client(service, endpoint_url=url, region_name=REGION, config=config, **keys)


@dataclass
class Scene:
    """`names` are the ids and ARNs that `$word` stands for in the tables."""

    stack: Stack
    names: dict[str, str]

    @classmethod
    def build(cls, plane: Plane) -> "Scene":
        stack = Stack.build(plane)
        names = {"group": stack.group, "balancer": stack.balancer, "listener": stack.listener}
        scene = cls(stack, names)
        scene._balance()
        scene._discover()
        scene._serve()
        plane.signals.take()
        return scene

    def call(self, service: str, operation: str, /, **params: Any) -> dict[str, Any]:
        client = unchecked_client(service, self.stack.plane.url)
        answer: dict[str, Any] = getattr(client, operation)(**self.fill(params))
        del answer["ResponseMetadata"]
        return answer

    def fill(self, value: Any) -> Any:
        """The value with every `$word` in it replaced, and without members that are None."""
        if isinstance(value, str):
            return _WORD.sub(lambda found: self.names[found[1]], value)
        if isinstance(value, dict):
            return {k: self.fill(item) for k, item in value.items() if item is not None}
        return [self.fill(item) for item in value] if isinstance(value, list) else value

    def records(self) -> str:
        """Everything that the plane remembers."""
        return "\n".join(text for _, text in encode(self.stack.plane.store))

    def _balance(self) -> None:
        elb, names = self.stack.elb, self.names
        names["spare"] = make_group(elb, "spare")
        made = elb.create_load_balancer(Name="two", Subnets=SUBNETS, Scheme="internal")
        names["second"] = made["LoadBalancers"][0]["LoadBalancerArn"]
        names["plain"] = self._listener("$second", Protocol="HTTP", Port=80)
        certificates = [{"CertificateArn": "arn:cert"}]
        names["secure"] = self._listener(
            "$balancer", Protocol="HTTPS", Port=443, Certificates=certificates
        )
        rule = self.call(
            "elbv2",
            "create_rule",
            ListenerArn="$listener",
            Priority=10,
            Conditions=[{"Field": "path-pattern", "Values": ["/a"]}],
            Actions=NOTHING,
        )
        names["rule"] = rule["Rules"][0]["RuleArn"]
        rules = elb.describe_rules(ListenerArn=self.stack.listener)["Rules"]
        names["default"] = rules[-1]["RuleArn"]

    def _listener(self, balancer: str, **members: Any) -> str:
        made = self.call(
            "elbv2", "create_listener", LoadBalancerArn=balancer, DefaultActions=NOTHING, **members
        )
        arn: str = made["Listeners"][0]["ListenerArn"]
        return arn

    def _discover(self) -> None:
        cloudmap = self.stack.plane.client("servicediscovery")
        cloudmap.create_http_namespace(Name="n")
        cloudmap.create_private_dns_namespace(Name="z.local", Vpc="vpc-1")
        for namespace in cloudmap.list_namespaces()["Namespaces"]:
            word = {"n": "namespace", "z.local": "zone"}[namespace["Name"]]
            self.names[word] = namespace["Id"]
        made = self.call(
            "servicediscovery",
            "create_service",
            Name="db",
            NamespaceId="$zone",
            DnsConfig={"DnsRecords": RECORDS},
        )["Service"]
        self.names |= {"registry": made["Id"], "registry_arn": made["Arn"]}

    def _serve(self) -> None:
        self.stack.ecs.put_cluster_capacity_providers(
            cluster="c", capacityProviders=["FARGATE"], defaultCapacityProviderStrategy=[]
        )
        self.stack.ecs.register_task_definition(**definition())
        self.stack.ecs.register_task_definition(**definition("gone"))
        self.stack.ecs.deregister_task_definition(taskDefinition="gone:1")
        self.names["service"] = self.stack.create()["serviceArn"]
