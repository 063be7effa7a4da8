"""What is known to differ from moto: reason -> places, as patterns of `operation.path`.

Where moto has nothing and the plane has what AWS documents, the reason says only that.
"""

_ATTRIBUTES = "*_load_balancer_attributes.Attributes"
_CONDITION = "*.Rules.*.Conditions.*"
_PORT = "*_task_definition.taskDefinition.containerDefinitions.0.portMappings.0"

KNOWN: dict[str, dict[str, tuple[str, ...]]] = {
    "elbv2": {
        "made up by each": (
            "*_load_balancer*.LoadBalancers.*.CanonicalHostedZoneId",
            "*_load_balancer*.LoadBalancers.*.DNSName",
        ),
        "the plane knows the VPC only of its own security groups": (
            "*_load_balancer*.LoadBalancers.*.VpcId",
        ),
        "the plane's load balancers are active at once; AWS's as moto's when they are described": (
            "create_load_balancer.LoadBalancers.*.State.Code",
        ),
        "moto has only the attributes that were set, and those of a Network Load Balancer": (
            f"{_ATTRIBUTES}.*",
        ),
        "moto lacks most attributes, and returns only those that are changed": (
            "*_target_group_attributes.Attributes.load_balancing.*",
            "*_target_group_attributes.Attributes.s*",
            "*_target_group_attributes.Attributes.target_group_health.*",
        ),
        "moto has an attribute of load balancers among those of groups": (
            "*_target_group_attributes.Attributes.waf.fail_open.enabled",
        ),
        "moto's HTTP listeners have a security policy": ("*_listener*.Listeners.*.SslPolicy",),
        "moto returns actions and conditions as they were given, ELB in both forms": (
            "*.Listeners.*.DefaultActions.*.ForwardConfig",
            "*.Rules.*.Actions.*.ForwardConfig",
            f"{_CONDITION}.PathPatternConfig",
            f"{_CONDITION}.Values",
        ),
    },
    "servicediscovery": {
        "made up anew by each client": ("*.CreatorRequestId",),
        "moto lacks it": (
            "*.CreatedByAccount",
            "*.ResourceOwner",
            "*.DnsConfig.NamespaceId",
            "*.DnsConfig.RoutingPolicy",
            "*_service*.Type",
            "get_namespace.Namespace.Properties.DnsProperties.SOA",
            "get_namespace.Namespace.Properties.HttpProperties.HttpName",
        ),
        "an HTTP namespace has no DNS": ("get_namespace.Namespace.Properties.DnsProperties",),
    },
    "ecs": {
        "moto does not fill in what a port leaves out": (f"{_PORT}.hostPort", f"{_PORT}.protocol"),
        "moto lacks it": (
            "*.taskDefinition.registeredAt",
            "*.taskDefinition.deregisteredAt",
            "register_task_definition.tags",
        ),
        "moto lists in order of age whatever is asked for": ("list_task_definitions.*",),
    },
}
