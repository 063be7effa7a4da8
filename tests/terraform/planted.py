"""Bugs planted into a copy of the stack, and what must be said about each."""

from dataclasses import dataclass

from tests.terraform.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Bug:
    """A text of a file and what replaces it; `said` is what the tests of the modules answer."""

    name: str
    file: str
    old: str
    new: str
    said: str = ""


# Found by the *.tftest.hcl of the modules.
IN_MODULES = (
    Bug(
        "all zones leave by the first one's NAT gateway",
        "modules/network/main.tf",
        "nat_gateway_id         = aws_nat_gateway.this[each.key].id",
        "nat_gateway_id         = aws_nat_gateway.this[var.availability_zones[0]].id",
        "does not leave through the zone's own NAT gateway",
    ),
    Bug(
        "all NAT gateways in the first zone",
        "modules/network/main.tf",
        "subnet_id     = aws_subnet.public[each.key].id",
        "subnet_id     = aws_subnet.public[var.availability_zones[0]].id",
        "is not in the public subnet of its own zone",
    ),
    Bug(
        "endpoints without private DNS",
        "modules/endpoints/main.tf",
        "private_dns_enabled = true",
        "private_dns_enabled = false",
        "an interface endpoint lacks private DNS",
    ),
    Bug(
        "S3 gateway on one route table",
        "modules/endpoints/main.tf",
        "route_table_ids   = values(var.route_table_ids)",
        "route_table_ids   = slice(values(var.route_table_ids), 0, 1)",
        "the S3 gateway is not on every private route table",
    ),
    Bug(
        "ECR without S3 accepted",
        "modules/endpoints/variables.tf",
        'condition     = !contains(var.interface, "ecr.dkr") || contains(var.gateway, "s3")',
        'condition     = contains(var.interface, "logs") || contains(var.gateway, "s3")',
        "Missing expected failure",
    ),
    Bug(
        "port 80 unreachable",
        "modules/edge/main.tf",
        "var.load_balancer.https ? [80, 443] : [80]",
        "var.load_balancer.https ? [443] : [80]",
        "a redirect on a closed port redirects nobody",
    ),
    Bug(
        "old TLS policy",
        "modules/edge/main.tf",
        "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09",
        "ELBSecurityPolicy-2016-08",
        "the listener on 443 has an old policy",
    ),
    Bug(
        "circuit breaker without rollback",
        "modules/service/main.tf",
        "rollback = local.settings.deployment.circuit_breaker.rollback",
        "rollback = false",
        "the circuit breaker is off, or does not roll back",
    ),
    Bug(
        "alarm that only watches",
        "modules/service/main.tf",
        "      enable      = true\n      rollback    = true",
        "      enable      = true\n      rollback    = false",
        "no alarm rolls a deployment back",
    ),
    Bug(
        "callee that does not let its caller in",
        "modules/service/security.tf",
        "for_each = local.groups",
        'for_each = { for k, r in local.groups : k => r if k != "callee" }',
        "the chain from the caller to the callee is broken",
    ),
    Bug(
        "secrets in the environment",
        "modules/service/task.tf",
        "merge(local.settings.environment, var.environment)",
        "merge(local.settings.environment, var.environment, var.secrets)",
        "a secret is in the environment",
    ),
    Bug(
        "tasks open to everybody",
        "modules/service/security.tf",
        '''  referenced_security_group_id = var.platform.load_balancer.security_group_id
  description                  = "from the load balancer"''',
        '''  cidr_ipv4                    = "0.0.0.0/0"
  description                  = "from the load balancer"''',
        "tasks let in addresses instead of groups",
    ),
    Bug(
        "ECS Exec's agent without a place to write",
        "modules/service/main.tf",
        'var.execute_command ? ["/var/lib/amazon", "/var/log/amazon"] : []',
        "[]",
        "has no room for ECS Exec's agent",
    ),
    Bug(
        "an agent whose end is the task's",
        "modules/service/task.tf",
        "essential    = false # without it",
        "essential    = true # without it",
        "or the task ends with the agent",
    ),
    Bug(
        "parameters that ECS may not read",
        "modules/service/iam.tf",
        'Action = ["ssm:GetParameters"]',
        'Action = ["ssm:PutParameter"]',
        "ECS may not read the service's parameter",
    ),
    Bug(
        "load generators that leave by another zone",
        "modules/network/main.tf",
        "  subnet_id      = aws_subnet.load[each.key].id\n"
        "  route_table_id = aws_route_table.private[each.key].id",
        "  subnet_id      = aws_subnet.load[each.key].id\n"
        "  route_table_id = aws_route_table.private[var.availability_zones[0]].id",
        "load generators have no subnet of their own, or another zone's way out",
    ),
    Bug(
        "a redirect behind API Gateway",
        "modules/edge/main.tf",
        'var.public || var.load_balancer.http == "forward" ? 1 : 0',
        "var.public || !var.public ? 1 : 0",
        "an internal load balancer redirects on a port that nobody can come to",
    ),
    Bug(
        "all clients of an HTTP API counted as one",
        "modules/waf/main.tf",
        'var.client_address_header == null ? "IP" : "FORWARDED_IP"',
        '"IP"',
        "behind an HTTP API all clients are one address",
    ),
    Bug(
        "a client's word for its address",
        "modules/api-direct/main.tf",
        '"overwrite:header.${var.client_address_header}"',
        '"append:header.${var.client_address_header}"',
        "a client can say what its address is",
    ),
    Bug(
        "an NLB without a security group",
        "modules/api-nlb/main.tf",
        "  security_groups    = [aws_security_group.this.id]\n",
        "",
        "the NLB has no security group, and can never get one",
    ),
    Bug(
        "an ALB as an address",
        "modules/api-nlb/main.tf",
        'target_type = "alb"',
        'target_type = "ip"',
        "the NLB's target is not the ALB",
    ),
    Bug(
        "tags that move",
        "modules/registry/main.tf",
        'image_tag_mutability = "IMMUTABLE"',
        'image_tag_mutability = "MUTABLE"',
        "a tag may move",
    ),
    Bug(
        "a password in the state",
        "modules/data/main.tf",
        "manage_master_user_password = true",
        'password = "hunter2"',
        "the password is in the state",
    ),
    Bug(
        "ECS Exec unrecorded",
        "modules/cluster/main.tf",
        'logging    = "OVERRIDE"',
        'logging    = "NONE"',
        "what is typed in ECS Exec is not kept",
    ),
    Bug(
        "the article's namespace of Service Connect's metrics",
        "modules/observability/main.tf",
        'namespace           = "AWS/ECS"',
        'namespace           = "AWS/ECS/ManagedScaling"',
        "Service Connect's metrics are in AWS/ECS",
    ),
    Bug(
        "an alarm that tells nobody",
        "modules/observability/main.tf",
        """  alarm_actions = var.alarm_topic_arns
  ok_actions    = var.alarm_topic_arns
""",
        "",
        "an alarm tells nobody",
    ),
    Bug(
        "an experiment that finds nothing and passes",
        "modules/chaos/inside.tf",
        'empty_target_resolution_mode = "fail"',
        'empty_target_resolution_mode = "skip"',
        "passes where it finds nothing to break",
    ),
    Bug(
        "network faults by a way that Fargate has not",
        "modules/chaos/inside.tf",
        'by_ecs = { useEcsFaultInjectionEndpoints = "true" }',
        'by_ecs = { useEcsFaultInjectionEndpoints = "false" }',
        "work by ECS's endpoints or not at all",
    ),
    Bug(
        "two masters at a deployment",
        "modules/loadgen/main.tf",
        "deployment_maximum_percent         = 100",
        "deployment_maximum_percent         = 200",
        "there can be two masters",
    ),
    Bug(
        "results fetched before they are written",
        "modules/loadgen/task.tf",
        '{ containerName = "results", condition = "START" }',
        '{ containerName = "results", condition = "COMPLETE" }',
        "its results are fetched before it has ended",
    ),
)

# Found in the state of the whole stack, by the functions of `facts`.
IN_STACK = (
    Bug(
        "callers that do not name their callees",
        "envs/staging/main.tf",
        """  reaches = merge(local.common, local.database[each.key].reaches, {
    for callee in local.services[each.key].calls : callee => {
      kind = "group", port = module.service_first[callee].port, security_group_id = """
        """module.service_first[callee].security_group_id
    }
  })""",
        "  reaches = merge(local.common, local.database[each.key].reaches)",
    ),
    Bug(
        "idle timeout above the applications' keep-alive",
        "envs/staging/main.tf",
        '{ http = "redirect", https = true }, local.behind_api)',
        '{ http = "redirect", https = true, idle_timeout = 90 })',
    ),
    Bug(
        "tasks that do not reach the endpoints",
        "envs/staging/main.tf",
        'endpoints = { kind = "group", port = 443,',
        'endpoints = { kind = "group", port = 80,',
    ),
    Bug(
        "a password in a generator's environment",
        "modules/loadgen/task.tf",
        "environment = []",
        'environment = [{ name = "API_TOKEN", value = "hunter2" }]',
    ),
    Bug(
        "API Gateway that gives up before the load balancer",
        "envs/staging/main.tf",
        "min(module.settings.load_balancer.idle_timeout, 25)",
        "module.settings.load_balancer.idle_timeout",
    ),
    Bug(
        "callee after its caller",
        "envs/staging/main.tf",
        "  depends_on = [module.service_first]\n",
        "",
    ),
    Bug(
        "service before its listener's rule",
        "modules/service/main.tf",
        "  depends_on = [\n    aws_lb_listener_rule.this,\n",
        "  depends_on = [\n",
    ),
    Bug(
        "workers before their master",
        "modules/loadgen/main.tf",
        "depends_on = [aws_ecs_service.master, ",
        "depends_on = [",
    ),
    Bug(
        "a load balancer before it may write its log",
        "modules/edge/main.tf",
        "  depends_on = [aws_s3_bucket_policy.logs]\n",
        "",
    ),
    Bug(
        "a stage with logs before the account has a role for them",
        "modules/api-nlb/api.tf",
        ", aws_api_gateway_account.this]",
        "]",
    ),
)


def plant(stack: Workspace) -> None:
    """Put every bug into a stack."""
    for bug in (*IN_MODULES, *IN_STACK):
        stack.edit(bug.file, bug.old, bug.new)
