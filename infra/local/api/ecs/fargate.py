"""What CreateService and RunTask have in common: it must be Fargate, in subnets."""

from infra.local.api.ecs import errors
from infra.local.api.ecs.providers import check_strategy
from infra.local.api.errors import ApiError
from infra.local.store import Cluster, Document

LATEST = "LATEST"
PLATFORMS = (LATEST, "1.4.0", "1.3.0")
SUBNETS_MAX = 16
SECURITY_GROUPS_MAX = 5


def check_fargate(cluster: Cluster, params: Document) -> None:
    """Refuse launch types other than FARGATE; none at all is EC2, as on AWS."""
    if "launchType" in params and params.get("capacityProviderStrategy"):
        message = "Specifying both a launch type and capacity provider strategy is not supported."
        raise errors.parameter_error(message)
    strategy = params.get("capacityProviderStrategy") or cluster.default_strategy
    if "launchType" not in params and strategy:
        check_strategy(cluster.capacity_providers, strategy)
        return
    launch_type = params.get("launchType", "EC2")
    if launch_type != "FARGATE":
        raise errors.unsupported_error(f"Launch type {launch_type}", "say launchType=FARGATE")


def check_platform(params: Document) -> None:
    """Refuse a platform version that Fargate for Linux has not."""
    version = params.get("platformVersion", LATEST)
    if version not in PLATFORMS:
        raise ApiError("PlatformUnknownException", "The specified platform does not exist.")


def check_network(params: Document) -> list[str]:
    """The subnets of a request's network configuration, which awsvpc demands."""
    vpc = params.get("networkConfiguration", {}).get("awsvpcConfiguration")
    if vpc is None:
        raise errors.parameter_error(
            "Network Configuration must be provided when networkMode 'awsvpc' is specified."
        )
    subnets: list[str] = vpc["subnets"]
    if not subnets:
        raise errors.parameter_error("subnets can not be empty.")
    if not 1 <= len(subnets) <= SUBNETS_MAX:
        message = f"{len(subnets)} subnets were given, it must be 1 to {SUBNETS_MAX}"
        raise errors.parameter_error(message)
    if len(vpc.get("securityGroups", ())) > SECURITY_GROUPS_MAX:
        message = f"At most {SECURITY_GROUPS_MAX} security groups may be given"
        raise errors.parameter_error(message)
    return subnets


def security_groups(network: Document) -> list[str]:
    """The groups of a network configuration; none is the VPC's default group on AWS."""
    return list(network.get("awsvpcConfiguration", {}).get("securityGroups", ()))
