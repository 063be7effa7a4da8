# Who may use the endpoints, each service says itself (its `reaches`): 443 by reference to its group,
# and not from the whole VPC. Answers need no rule, so there is no egress.
resource "aws_security_group" "this" {
  name        = "${var.name}-endpoints"
  description = "VPC endpoints of ${var.name}"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_endpoint" "interface" {
  for_each = var.interface

  vpc_id              = var.vpc_id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.${var.region}.${each.key}"
  subnet_ids          = var.subnet_ids
  security_group_ids  = [aws_security_group.this.id]
  private_dns_enabled = true # api.ecr.<region>.amazonaws.com leads here, with nothing changed in tasks

  tags = { Name = "${var.name}-${each.key}" }
}

resource "aws_vpc_endpoint" "gateway" {
  for_each = var.gateway

  vpc_id            = var.vpc_id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.${var.region}.${each.key}"
  route_table_ids   = values(var.route_table_ids)

  tags = { Name = "${var.name}-${each.key}" }
}
