# Security groups: a chain by reference, both ends of each link side by side.

resource "aws_security_group" "this" {
  name        = "${var.platform.stack}-${var.name}"
  description = "tasks of ${var.name}"
  vpc_id      = var.platform.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "from_load_balancer" {
  count = local.balanced ? 1 : 0

  security_group_id            = var.platform.load_balancer.security_group_id
  referenced_security_group_id = aws_security_group.this.id
  description                  = "to ${var.name}"
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
}

resource "aws_vpc_security_group_ingress_rule" "from_load_balancer" {
  count = local.balanced ? 1 : 0

  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = var.platform.load_balancer.security_group_id
  description                  = "from the load balancer"
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
}

resource "aws_vpc_security_group_egress_rule" "reaches" {
  for_each = var.reaches

  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = each.value.security_group_id
  prefix_list_id               = each.value.prefix_list_id
  cidr_ipv4                    = each.value.cidr_ipv4
  description                  = "to ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

# The other end belongs to whoever is reached, and is made here: a caller without it is one that
# times out.
resource "aws_vpc_security_group_ingress_rule" "reaches" {
  for_each = local.groups

  security_group_id            = each.value.security_group_id
  referenced_security_group_id = aws_security_group.this.id
  description                  = "from ${var.name}"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}
