"""ELB's things as its Describe operations return them."""

from infra.local.api.elbv2.usage import balancers_of
from infra.local.api.zones import subnet_zones
from infra.local.clock import to_datetime
from infra.local.store import Document, Listener, LoadBalancer, Rule, Store, TargetGroup

# The Route 53 zone of eu-central-1's load balancers, for alias records
HOSTED_ZONE = "Z215JYRZR1TBD5"


def describe_balancer(store: Store, balancer: LoadBalancer) -> Document:
    return {
        "LoadBalancerArn": balancer.arn,
        "DNSName": balancer.dns_name,
        "CanonicalHostedZoneId": HOSTED_ZONE,
        "CreatedTime": to_datetime(balancer.created_ms),
        "LoadBalancerName": balancer.name,
        "Scheme": balancer.scheme,
        "State": {"Code": balancer.state},
        "Type": "application",
        "AvailabilityZones": describe_zones(store, balancer),
        "SecurityGroups": balancer.security_groups,
        "IpAddressType": "ipv4",
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


def describe_listener(listener: Listener) -> Document:
    default = next(rule for rule in listener.rules if rule.priority is None)
    document: Document = {
        "ListenerArn": listener.arn,
        "LoadBalancerArn": listener.load_balancer,
        "Port": listener.port,
        "Protocol": listener.protocol,
        "DefaultActions": default.actions,
    }
    if listener.protocol == "HTTPS":
        document["Certificates"] = [{"CertificateArn": arn} for arn in listener.certificates[:1]]
        document["SslPolicy"] = listener.ssl_policy
    return document


def describe_rule(rule: Rule) -> Document:
    return {
        "RuleArn": rule.arn,
        "Priority": "default" if rule.priority is None else str(rule.priority),
        "Conditions": rule.conditions,
        "Actions": rule.actions,
        "IsDefault": rule.priority is None,
    }
