"""Load balancers and their attributes."""

from infra.local.api.context import Context
from infra.local.api.elbv2 import attributes, errors
from infra.local.api.elbv2.documents import describe_balancer, describe_zones
from infra.local.api.elbv2.lookup import PAGE_SIZE, find_balancer
from infra.local.api.elbv2.naming import check_name, new_balancer_arn
from infra.local.api.elbv2.usage import groups_of_listeners
from infra.local.api.errors import ApiError
from infra.local.api.identifiers import decimal
from infra.local.api.pagination import page, with_token
from infra.local.api.tags import read_tags
from infra.local.api.zones import subnet_zones
from infra.local.store import Document, LoadBalancer

BALANCERS_MAX = 50
_RESERVED = "internal-"  # what ELB begins the DNS names of internal load balancers with


class Balancers:
    def __init__(self, context: Context) -> None:
        self._context = context
        self._store = context.store

    async def create_load_balancer(self, params: Document) -> Document:
        """Make an Application Load Balancer. One of the same name and settings is returned."""
        name = check_name(params["Name"], "The load balancer")
        if name.startswith(_RESERVED):
            message = f"The load balancer name '{name}' cannot begin with '{_RESERVED}'"
            raise errors.validation_error(message)
        _check_built(params)
        subnets, zones = self._place(params)
        scheme, groups = params.get("Scheme", "internet-facing"), params.get("SecurityGroups", [])
        for existing in self._store.balancers.values():
            if existing.name == name:
                same = (existing.scheme, sorted(existing.subnets)) == (scheme, sorted(subnets))
                same = same and (not groups or set(groups) == set(existing.security_groups))
                return {"LoadBalancers": [self._repeated(existing, same=same)]}
        self._check_count()
        balancer = LoadBalancer(
            name=name,
            arn=new_balancer_arn(self._store, name),
            dns_name=_dns_name(name, scheme, self._store.region),
            scheme=scheme,
            created_ms=self._context.now_ms(),
            subnets=subnets,
            security_groups=groups,
            zones=zones,
            attributes=attributes.balancer_defaults(scheme),
            tags=read_tags(params.get("Tags"), "TooManyTags"),
        )
        self._store.balancers[balancer.arn] = balancer
        self._context.signals.balancer_changed(balancer.arn)
        return {"LoadBalancers": [describe_balancer(self._store, balancer)]}

    async def describe_load_balancers(self, params: Document) -> Document:
        arns, names = params.get("LoadBalancerArns"), params.get("Names")
        if arns and names:
            raise errors.validation_error(
                "Load balancer names and load balancer ARNs cannot be specified at the same time"
            )
        balancers = [
            b
            for b in self._store.balancers.values()
            if (not arns or b.arn in arns) and (not names or b.name in names)
        ]
        missing = sorted(set(names or ()) - {b.name for b in balancers})
        if missing:
            raise errors.balancers_not_found(missing)
        if len(balancers) < len(set(arns or ())):
            raise errors.balancer_not_found()
        found, marker = page(
            balancers,
            lambda b: (b.arn,),
            params.get("PageSize", PAGE_SIZE),
            params.get("Marker"),
            error_code="ValidationError",
        )
        documents = [describe_balancer(self._store, b) for b in found]
        return with_token({"LoadBalancers": documents}, "NextMarker", marker)

    async def delete_load_balancer(self, params: Document) -> Document:
        """Delete it with its listeners. One that is not there counts as deleted, as in ELB."""
        balancer = self._store.balancers.get(params["LoadBalancerArn"])
        if balancer is None:
            return {}
        if balancer.attributes["deletion_protection.enabled"] == "true":
            raise ApiError(
                "OperationNotPermitted",
                f"Load balancer '{balancer.arn}' cannot be deleted because "
                "deletion protection is enabled",
            )
        listeners = list(self._store.listeners_of(balancer))
        for listener in listeners:
            del self._store.listeners[listener.arn]
        del self._store.balancers[balancer.arn]
        self._context.signals.balancer_changed(balancer.arn)
        for arn in sorted(groups_of_listeners(listeners)):
            self._context.signals.group_changed(arn)
        return {}

    async def describe_load_balancer_attributes(self, params: Document) -> Document:
        balancer = find_balancer(self._store, params["LoadBalancerArn"])
        return attributes.describe(balancer.attributes)

    async def modify_load_balancer_attributes(self, params: Document) -> Document:
        balancer = find_balancer(self._store, params["LoadBalancerArn"])
        merged = attributes.merge(
            attributes.BALANCER, balancer.attributes, params["Attributes"], "Load balancer"
        )
        attributes.check_balancer(merged)
        balancer.attributes = merged
        self._context.signals.balancer_changed(balancer.arn)
        return attributes.describe(balancer.attributes)

    async def set_security_groups(self, params: Document) -> Document:
        balancer = find_balancer(self._store, params["LoadBalancerArn"])
        balancer.security_groups = params["SecurityGroups"]
        self._context.signals.security_changed()
        return {"SecurityGroupIds": balancer.security_groups}

    async def set_subnets(self, params: Document) -> Document:
        """Replace the subnets, and with them the zones."""
        balancer = find_balancer(self._store, params["LoadBalancerArn"])
        _check_address_type(params)
        balancer.subnets, balancer.zones = self._place(params)
        self._context.signals.balancer_changed(balancer.arn)
        zones = describe_zones(self._store, balancer)
        return {"AvailabilityZones": zones, "IpAddressType": "ipv4"}

    async def set_ip_address_type(self, params: Document) -> Document:
        """Only ipv4, which every load balancer here has."""
        find_balancer(self._store, params["LoadBalancerArn"])
        _check_address_type(params)
        return {"IpAddressType": "ipv4"}

    def _place(self, params: Document) -> tuple[list[str], list[str]]:
        """The subnets of a request, and their zones in order."""
        subnets = _subnets(params)
        zones = sorted(set(subnet_zones(self._store, subnets).values()))
        if len(zones) < 2:
            raise errors.validation_error(
                "At least two subnets in two different Availability Zones must be specified"
            )
        return subnets, zones

    def _repeated(self, existing: LoadBalancer, *, same: bool) -> Document:
        if not same:
            message = (
                f"A load balancer with the same name '{existing.name}' exists, "
                "but with different settings"
            )
            raise ApiError("DuplicateLoadBalancerName", message)
        return describe_balancer(self._store, existing)

    def _check_count(self) -> None:
        if len(self._store.balancers) >= BALANCERS_MAX:
            message = f"The maximum number of load balancers is {BALANCERS_MAX}: delete one"
            raise ApiError("TooManyLoadBalancers", message)


def _check_built(params: Document) -> None:
    if params.get("Type", "application") != "application":
        raise errors.unsupported_error(f"A {params['Type']} load balancer", "use application")
    _check_address_type(params)


def _check_address_type(params: Document) -> None:
    if params.get("IpAddressType", "ipv4") != "ipv4":
        raise errors.unsupported_error(f"IP address type {params['IpAddressType']}", "use ipv4")


def _subnets(params: Document) -> list[str]:
    mapped = [
        mapping["SubnetId"] for mapping in params.get("SubnetMappings", ()) if "SubnetId" in mapping
    ]
    subnets: list[str] = params.get("Subnets") or mapped
    if mapped and params.get("Subnets"):
        raise errors.validation_error("Subnets and SubnetMappings cannot both be specified")
    if len(set(subnets)) < len(subnets):
        message = "A load balancer cannot be attached to a subnet twice"
        raise errors.configuration_error(f"{message}: {', '.join(subnets)}")
    return subnets


def _dns_name(name: str, scheme: str, region: str) -> str:
    """Below .localhost, so that it never leads to a stranger's load balancer on AWS."""
    prefix = "internal-" if scheme == "internal" else ""
    return f"{prefix}{name}-{decimal(10)}.{region}.elb.localhost".lower()
