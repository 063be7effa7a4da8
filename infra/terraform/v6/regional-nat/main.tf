# One gateway for the VPC: AWS spreads it over the zones that have something to send, gives it its
# addresses, and needs no public subnet. What it cannot do is be lost one zone at a time, on purpose.
resource "aws_nat_gateway" "this" {
  vpc_id            = var.vpc_id
  availability_mode = "regional"
  connectivity_type = "public"

  tags = { Name = var.name }
}

resource "aws_route" "nat" {
  for_each = var.route_table_ids

  route_table_id         = each.value
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.this.id
}
