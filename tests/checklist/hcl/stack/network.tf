locals {
  zones = ["eu-central-1a", "eu-central-1b"]
  nats  = var.change.nat == "none" ? [] : var.change.nat == "single" ? [local.zones[0]] : local.zones
}

resource "aws_vpc" "this" {
  cidr_block           = "10.0.0.0/16"
  enable_dns_support   = true
  enable_dns_hostnames = true
}

resource "aws_subnet" "public" {
  for_each = toset(local.zones)

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = cidrsubnet("10.0.0.0/16", 8, index(local.zones, each.key))
}

resource "aws_subnet" "private" {
  for_each = toset(local.zones)

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block = (
    var.change.small_subnets
    ? cidrsubnet("10.0.128.0/24", 4, index(local.zones, each.key))
    : cidrsubnet("10.0.128.0/17", 3, index(local.zones, each.key))
  )
}

resource "aws_internet_gateway" "this" {
  vpc_id = aws_vpc.this.id
}

resource "aws_nat_gateway" "this" {
  for_each = toset(local.nats)

  allocation_id = "eipalloc-${each.key}"
  subnet_id     = aws_subnet.public[each.key].id
}

resource "aws_route_table" "private" {
  for_each = toset(local.zones)

  vpc_id = aws_vpc.this.id
}

resource "aws_route" "out" {
  for_each = toset(var.change.nat == "none" ? [] : local.zones)

  route_table_id         = aws_route_table.private[each.key].id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this[var.change.nat == "single" ? local.zones[0] : each.key].id
}

resource "aws_route_table_association" "private" {
  for_each = toset(local.zones)

  subnet_id      = aws_subnet.private[each.key].id
  route_table_id = aws_route_table.private[each.key].id
}

resource "aws_security_group" "endpoints" {
  vpc_id = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  for_each = var.change.endpoint_from ? { order = aws_security_group.order.id, inventory = aws_security_group.inventory.id } : {}

  security_group_id            = aws_security_group.endpoints.id
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_endpoint" "interface" {
  for_each = toset(var.change.endpoints)

  vpc_id              = aws_vpc.this.id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.eu-central-1.${each.key}"
  subnet_ids          = [for zone in slice(local.zones, 0, var.change.endpoint_zones) : aws_subnet.private[zone].id]
  security_group_ids  = [aws_security_group.endpoints.id]
  private_dns_enabled = var.change.private_dns
}

resource "aws_vpc_endpoint" "s3" {
  count = var.change.s3 ? 1 : 0

  vpc_id            = aws_vpc.this.id
  vpc_endpoint_type = "Gateway"
  service_name      = "com.amazonaws.eu-central-1.s3"
  route_table_ids   = [for zone in local.zones : aws_route_table.private[zone].id]
}
