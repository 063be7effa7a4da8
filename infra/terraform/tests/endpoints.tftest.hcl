mock_provider "aws" {
  source = "./mocks"
}

variables {
  name            = "test"
  region          = "eu-central-1"
  vpc_id          = "vpc-1"
  subnet_ids      = ["subnet-a", "subnet-b"]
  route_table_ids = { eu-central-1a = "rtb-a", eu-central-1b = "rtb-b" }
}

run "six" {
  module {
    source = "./modules/endpoints"
  }

  assert {
    condition = toset([for e in aws_vpc_endpoint.interface : e.service_name]) == toset([
      for s in ["ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssmmessages"] : "com.amazonaws.eu-central-1.${s}"
    ])
    error_message = "an interface endpoint is missing or too many"
  }

  assert {
    condition     = alltrue([for e in aws_vpc_endpoint.interface : e.vpc_endpoint_type == "Interface" && e.private_dns_enabled && toset(e.subnet_ids) == toset(var.subnet_ids) && e.security_group_ids == toset([aws_security_group.this.id])])
    error_message = "an interface endpoint lacks private DNS, a zone, or its group"
  }

  assert {
    condition     = toset(aws_vpc_endpoint.gateway["s3"].route_table_ids) == toset(values(var.route_table_ids)) && aws_vpc_endpoint.gateway["s3"].vpc_endpoint_type == "Gateway"
    error_message = "the S3 gateway is not on every private route table: layers of images go through NAT"
  }
}

run "ecr_without_s3_is_refused" {
  command = plan

  module {
    source = "./modules/endpoints"
  }

  variables {
    gateway = ["dynamodb"]
  }

  expect_failures = [var.gateway]
}
