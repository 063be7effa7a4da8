mock_provider "aws" {
  source = "./mocks"
}

variables {
  name               = "test"
  cidr_block         = "10.1.0.0/16"
  availability_zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  load_subnets       = true
  flow_logs          = { account_id = "123456789012", retention_in_days = 7 }
}

run "zonal" {
  module {
    source = "./modules/network"
  }

  assert {
    condition     = toset(keys(aws_nat_gateway.this)) == toset(var.availability_zones) && length(distinct([for nat in aws_nat_gateway.this : nat.id])) == 3
    error_message = "there is not one NAT gateway in each zone"
  }

  assert {
    condition     = alltrue([for zone, nat in aws_nat_gateway.this : nat.subnet_id == aws_subnet.public[zone].id && aws_subnet.public[zone].availability_zone == zone])
    error_message = "a NAT gateway is not in the public subnet of its own zone"
  }

  assert {
    condition = alltrue([
      for zone in var.availability_zones :
      aws_route.nat[zone].route_table_id == aws_route_table.private[zone].id
      && aws_route.nat[zone].nat_gateway_id == aws_nat_gateway.this[zone].id
      && aws_route_table_association.private[zone].route_table_id == aws_route_table.private[zone].id
      && aws_route_table_association.private[zone].subnet_id == aws_subnet.private[zone].id
    ])
    error_message = "a zone's private subnet does not leave through the zone's own NAT gateway"
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.private : !subnet.map_public_ip_on_launch]) && length(distinct([for subnet in aws_subnet.private : subnet.cidr_block])) == 3
    error_message = "private subnets give out public addresses, or overlap"
  }

  assert {
    condition = alltrue([
      for zone in var.availability_zones : !aws_subnet.load[zone].map_public_ip_on_launch
      && aws_route_table_association.load[zone].route_table_id == aws_route_table.private[zone].id
      && !contains([for s in concat(values(aws_subnet.private), values(aws_subnet.public)) : s.cidr_block], aws_subnet.load[zone].cidr_block)
    ])
    error_message = "load generators have no subnet of their own, or another zone's way out"
  }

  assert {
    condition     = aws_vpc.this.enable_dns_support && aws_vpc.this.enable_dns_hostnames
    error_message = "the private names of endpoints need DNS support and DNS hostnames"
  }

  assert {
    condition     = aws_flow_log.this[0].traffic_type == "ALL" && aws_flow_log.this[0].max_aggregation_interval == 60
    error_message = "flow logs lack what was refused, or come late"
  }

  assert {
    condition     = jsondecode(aws_iam_role.flow[0].assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "another account's flow logs may use the role"
  }
}

run "none" {
  module {
    source = "./modules/network"
  }

  variables {
    nat = "none"
  }

  assert {
    condition     = length(aws_nat_gateway.this) == 0 && length(aws_route.nat) == 0 && length(aws_route_table.private) == 3
    error_message = "nat = none leaves gateways or routes, or takes the route tables away"
  }
}

run "wrong_values_are_refused" {
  command = plan

  module {
    source = "./modules/network"
  }

  variables {
    availability_zones = ["eu-central-1a"]
    nat                = "regional"
    cidr_block         = "10.1.0.0/20"
  }

  expect_failures = [var.availability_zones, var.nat, var.cidr_block]
}
