"""The security groups of a settings file: who may call whom, and nothing else."""

from collections.abc import Iterable
from typing import Any

from botocore.exceptions import ClientError

from infra.local.securitygroups import DEFAULT_VPC
from infra.local.settings import Settings

ALB = "alb"
WEB_PORTS = (80, 443)


class SettingsGroups:
    """One group for the load balancer and one per service, made through the public API.

    Each link has a rule at both of its ends, as Terraform's stack has them. Idempotent: a group of
    the name is used as it is, and given the rules that it lacks.
    """

    def __init__(self, ec2: Any, settings: Settings) -> None:  # noqa: ANN401 - untyped client
        self._ec2 = ec2
        self._settings = settings
        self._ids: dict[str, str] = {}

    def apply(self) -> None:
        """Make the groups first, as their rules name each other."""
        self._ids[ALB] = self._make(ALB, "internet to load balancer")
        for name in self._settings.services:
            self._ids[name] = self._make(name, f"callers of {name}")
        ports = WEB_PORTS if self._settings.load_balancer.https else WEB_PORTS[:1]
        for port in ports:
            self._authorize("ingress", ALB, _from_anywhere(port))
        for name, service in self._settings.services.items():
            callers = [ALB] if service.target_group is not None else []
            callers += [n for n, other in self._settings.services.items() if name in other.calls]
            for caller in callers:
                self._link(caller, name, service.container_port)

    @property
    def load_balancer(self) -> str:
        """The id of the load balancer's group."""
        return self._ids[ALB]

    def of_service(self, name: str) -> str:
        """The id of a service's group."""
        return self._ids[name]

    def _make(self, name: str, description: str) -> str:
        full = f"{self._settings.name}-{name}"
        filters = {"vpc-id": DEFAULT_VPC, "group-name": full}
        found = self._ec2.describe_security_groups(
            Filters=[{"Name": key, "Values": [value]} for key, value in filters.items()]
        )["SecurityGroups"]
        if found:
            known: str = found[0]["GroupId"]
            return known
        made: str = self._ec2.create_security_group(
            GroupName=full, Description=description, VpcId=DEFAULT_VPC
        )["GroupId"]
        everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
        self._ec2.revoke_security_group_egress(GroupId=made, IpPermissions=[everything])
        return made

    def _link(self, caller: str, callee: str, port: int) -> None:
        """Let the caller out to the callee, and in there."""
        self._authorize("egress", caller, _peer(port, self._ids[callee], callee))
        self._authorize("ingress", callee, _peer(port, self._ids[caller], caller))

    def _authorize(self, way: str, name: str, permissions: Iterable[dict[str, Any]]) -> None:
        authorize = getattr(self._ec2, f"authorize_security_group_{way}")
        for permission in permissions:
            try:
                authorize(GroupId=self._ids[name], IpPermissions=[permission])
            except ClientError as error:
                if error.response["Error"]["Code"] != "InvalidPermission.Duplicate":
                    raise


def _from_anywhere(port: int) -> list[dict[str, Any]]:
    return [
        _tcp(port) | {"IpRanges": [{"CidrIp": "0.0.0.0/0"}]},
        _tcp(port) | {"Ipv6Ranges": [{"CidrIpv6": "::/0"}]},
    ]


def _peer(port: int, group: str, name: str) -> list[dict[str, Any]]:
    return [_tcp(port) | {"UserIdGroupPairs": [{"GroupId": group, "Description": name}]}]


def _tcp(port: int) -> dict[str, Any]:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}
