# Security groups: the workers to their master, all of them to the world.

resource "aws_security_group" "this" {
  name        = "${var.name}-locust"
  description = "load generators of ${var.name}"
  vpc_id      = var.platform.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "bunch" {
  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = aws_security_group.this.id
  description                  = "workers to their master"
  ip_protocol                  = "tcp"
  from_port                    = local.bunch
  to_port                      = local.bunch
}

resource "aws_vpc_security_group_egress_rule" "bunch" {
  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = aws_security_group.this.id
  description                  = "workers to their master"
  ip_protocol                  = "tcp"
  from_port                    = local.bunch
  to_port                      = local.bunch
}

resource "aws_vpc_security_group_egress_rule" "out" {
  for_each = toset(["80", "443"])

  security_group_id = aws_security_group.this.id
  description       = "load, image, logs"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  security_group_id            = var.platform.endpoints_security_group_id
  referenced_security_group_id = aws_security_group.this.id
  description                  = "image and logs of the load generators"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}
