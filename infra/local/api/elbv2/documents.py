"""ELB's things as its Describe operations return them."""

from infra.local.api.elbv2.usage import balancers_of
from infra.local.api.zones import subnet_zones
from infra.local.clock import to_datetime
from infra.local.store import Document, Listener, LoadBalancer, Rule, Store, TargetGroup

# The Route 53 zones of load balancers, for alias records
HOSTED_ZONES = {
    "ap-northeast-1": "Z14GRHDCWA56QT",
    "ap-south-1": "ZP97RAFLXTNZK",
    "ap-southeast-1": "Z1LMS91P8CMLE5",
    "ap-southeast-2": "Z1GM3OXH4ZPM65",
    "ca-central-1": "ZQSVJUPU6J1EY",
    "eu-central-1": "Z215JYRZR1TBD5",
    "eu-north-1": "Z23TAZ6LKFMNIO",
    "eu-west-1": "Z32O12XQLNTSW2",
    "eu-west-2": "ZHURV8PSTC4K8",
    "eu-west-3": "Z3Q77PNBQS71R4",
    "sa-east-1": "Z2P70J7HTTTPLU",
    "us-east-1": "Z35SXDOTRQ7X7K",
    "us-east-2": "Z3AADJGX6KTTL2",
    "us-west-1": "Z368ELLRRE2KJ0",
    "us-west-2": "Z1H1FL5HABSF5",
}


def describe_balancer(store: Store, balancer: LoadBalancer) -> Document:
    """Its VPC is that of its subnets or security groups, if these are known."""
    parts = [store.subnets.get(subnet) for subnet in balancer.subnets]
    groups = [store.security_groups.get(group) for group in balancer.security_groups]
    vpc = next((part.vpc for part in (*parts, *groups) if part is not None), None)
    return {
        "LoadBalancerArn": balancer.arn,
        "DNSName": balancer.dns_name,
        "CanonicalHostedZoneId": HOSTED_ZONES.get(store.region, HOSTED_ZONES["eu-central-1"]),
        "CreatedTime": to_datetime(balancer.created_ms),
        "LoadBalancerName": balancer.name,
        "Scheme": balancer.scheme,
        "State": {"Code": balancer.state},
        "Type": "application",
        "AvailabilityZones": describe_zones(store, balancer),
        "SecurityGroups": balancer.security_groups,
        "IpAddressType": "ipv4",
        **({"VpcId": vpc} if vpc else {}),
    }


def describe_zones(store: Store, balancer: LoadBalancer) -> list[Document]:
    zones = subnet_zones(store, balancer.subnets)
    return [{"ZoneName": zone, "SubnetId": subnet} for subnet, zone in zones.items()]


def describe_group(store: Store, group: TargetGroup) -> Document:
    return {
        "TargetGroupArn": group.arn,
        "TargetGroupName": group.name,
        "Protocol": group.protocol,
        "Port": group.port,
        "VpcId": group.vpc,
        "HealthCheckProtocol": group.health_check_protocol,
        "HealthCheckPort": group.health_check_port,
        "HealthCheckEnabled": group.health_check_enabled,
        "HealthCheckIntervalSeconds": group.interval,
        "HealthCheckTimeoutSeconds": group.timeout,
        "HealthyThresholdCount": group.healthy_threshold,
        "UnhealthyThresholdCount": group.unhealthy_threshold,
        "HealthCheckPath": group.health_check_path,
        "Matcher": {"HttpCode": group.matcher},
        "LoadBalancerArns": balancers_of(store, group),
        "TargetType": group.target_type,
        "ProtocolVersion": "HTTP1",
        "IpAddressType": "ipv4",
    }


def default_rule(listener: Listener) -> Rule:
    return next(rule for rule in listener.rules if rule.priority is None)


def describe_listener(listener: Listener) -> Document:
    document: Document = {
        "ListenerArn": listener.arn,
        "LoadBalancerArn": listener.load_balancer,
        "Port": listener.port,
        "Protocol": listener.protocol,
        "DefaultActions": default_rule(listener).actions,
    }
    if listener.protocol == "HTTPS":
        document["Certificates"] = [{"CertificateArn": arn} for arn in listener.certificates[:1]]
        document["SslPolicy"] = listener.ssl_policy
        document["MutualAuthentication"] = {"Mode": "off"}
    return document


def describe_rule(rule: Rule) -> Document:
    return {
        "RuleArn": rule.arn,
        "Priority": "default" if rule.priority is None else str(rule.priority),
        "Conditions": rule.conditions,
        "Actions": rule.actions,
        "IsDefault": rule.priority is None,
    }
