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
        '{ http = "redirect", https = true })',
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
        "modules/loadgen/main.tf",
        "environment            = []",
        'environment            = [{ name = "API_TOKEN", value = "hunter2" }]',
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
)


def plant(stack: Workspace) -> None:
    """Put every bug into a stack."""
    for bug in (*IN_MODULES, *IN_STACK):
        stack.edit(bug.file, bug.old, bug.new)
