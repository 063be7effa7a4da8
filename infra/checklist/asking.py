"""Read-only calls of AWS. What nobody may ask, or nobody answers, is unknown, with the reason."""

from collections.abc import Callable, Iterator
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, NoRegionError

from infra.checklist.documents import DocumentError
from infra.checklist.known import Maybe, Unknown

DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "UnauthorizedException",
          "AuthFailure", "Forbidden")  # fmt: skip
ABSENT = ("InvalidAction", "UnknownOperationException", "UnsupportedFeatureException",
          "NotImplemented", "InternalFailure", "UnsupportedOperation", "404", "501", "502", "503",
          )  # fmt: skip
IAM_PREFIXES = {"elbv2": "elasticloadbalancing"}
# All that a check asks for, in IAM's words.
PERMISSIONS = (
    "apigateway:GET",
    "application-autoscaling:DescribeScalableTargets",
    "ec2:DescribeNatGateways",
    "ec2:DescribeRouteTables",
    "ec2:DescribeSecurityGroupRules",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcAttribute",
    "ec2:DescribeVpcEndpoints",
    "ecr:DescribeRepositories",
    "ecs:DescribeClusters",
    "ecs:DescribeServices",
    "ecs:DescribeTaskDefinition",
    "ecs:ListClusters",
    "ecs:ListServices",
    "elasticloadbalancing:DescribeListeners",
    "elasticloadbalancing:DescribeLoadBalancerAttributes",
    "elasticloadbalancing:DescribeLoadBalancers",
    "elasticloadbalancing:DescribeRules",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetHealth",
    "iam:GetRole",
    "iam:GetRolePolicy",
    "iam:ListRolePolicies",
    "servicediscovery:ListNamespaces",
    "wafv2:GetWebACLForResource",
)
ITEMS_MAX = 5_000  # of one kind; more would be another account than ours
TIMEOUTS = Config(
    connect_timeout=5,
    read_timeout=20,
    retries={"max_attempts": 3, "mode": "standard"},
    inject_host_prefix=False,
)


class Account:
    """An account in one region, or an endpoint that answers like one."""

    def __init__(self, session: boto3.Session, endpoint_url: str | None = None) -> None:
        self._session = session
        self._endpoint = endpoint_url
        self._clients: dict[str, Any] = {}
        self.source = endpoint_url or f"AWS {session.region_name}"

    def ask(self, service: str, operation: str, key: str, **given: object) -> Maybe:
        """What the operation lists under `key`, all pages; Unknown where it does not tell."""
        return self._asked(
            service, operation, lambda: list(self._pages(service, operation, key, given))
        )

    def one(self, service: str, operation: str, **given: object) -> Maybe:
        """The whole answer of an operation, or Unknown."""
        return self._asked(service, operation, lambda: self._call(service, operation)(**given))

    def _asked(self, service: str, operation: str, read: Callable[[], Maybe]) -> Maybe:
        try:
            name = self._permission(service, operation)
        except (NoRegionError, ValueError) as error:  # ValueError: no address
            raise DocumentError(
                f"{self.source} cannot be asked: {error}",
                "set AWS_REGION, or give an --endpoint-url like http://127.0.0.1:4566",
            ) from None
        try:
            return read()
        except ClientError as error:
            return Unknown(_refusal(name, self.source, error))
        except NoCredentialsError as error:
            raise DocumentError(
                f"AWS cannot be asked: {error}", "set AWS_PROFILE and AWS_REGION, or use --state"
            ) from None
        except BotoCoreError as error:
            return Unknown(f"{self.source} does not answer {name}: {error}")

    def _permission(self, service: str, operation: str) -> str:
        """IAM's name of the operation; API Gateway's are those of HTTP."""
        if service.startswith("apigateway"):
            return "apigateway:GET"
        action = self._client(service).meta.method_to_api_mapping[operation]
        return f"{IAM_PREFIXES.get(service, service)}:{action}"

    def _pages(
        self, service: str, operation: str, key: str, given: dict[str, object]
    ) -> Iterator[Any]:
        """The items of all pages, at most ITEMS_MAX."""
        client = self._client(service)
        if not client.can_paginate(operation):
            yield from self._call(service, operation)(**given).get(key, [])
            return
        count = 0
        for page in client.get_paginator(operation).paginate(**given):
            for item in page.get(key, []):
                yield item
                count += 1
                if count == ITEMS_MAX:
                    return

    def _call(self, service: str, operation: str) -> Maybe:
        return getattr(self._client(service), operation)

    def _client(self, service: str) -> Maybe:
        if service not in self._clients:
            self._clients[service] = self._session.client(
                service, endpoint_url=self._endpoint, config=TIMEOUTS
            )
        return self._clients[service]


def _refusal(name: str, source: str, error: ClientError) -> str:
    found = error.response.get("Error", {})
    code = str(found.get("Code", "?"))
    if code in DENIED or "AccessDenied" in code:
        return f"the permission {name} is missing"
    if code in ABSENT:
        return f"{source} does not answer {name}"
    return f"{name} failed: {code}: {found.get('Message', '')}"
