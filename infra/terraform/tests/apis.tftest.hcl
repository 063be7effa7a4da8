mock_provider "aws" {
  source = "./mocks"
}

variables {
  name                  = "test"
  vpc_id                = "vpc-1"
  domain_name           = "staging.example.com"
  log_retention_in_days = 7
}

run "nlb" {
  module {
    source = "./modules/api-nlb"
  }

  variables {
    subnet_ids             = { eu-central-1a = "subnet-a", eu-central-1b = "subnet-b" }
    private_ipv4_addresses = { eu-central-1a = "10.0.0.10" }
    load_balancer          = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/test/1", security_group_id = "sg-alb", https_listener_arn = "arn:listener" }
  }

  assert {
    condition     = aws_lb.this.load_balancer_type == "network" && aws_lb.this.internal && aws_lb.this.security_groups == toset([aws_security_group.this.id])
    error_message = "the NLB has no security group, and can never get one"
  }

  assert {
    condition     = aws_lb.this.enforce_security_group_inbound_rules_on_private_link_traffic == "off" && aws_lb.this.enable_zonal_shift && aws_lb.this.enable_deletion_protection
    error_message = "API Gateway is refused by the NLB's group, or another setting of the NLB is missing"
  }

  assert {
    condition     = toset([for m in aws_lb.this.subnet_mapping : "${m.subnet_id} ${coalesce(m.private_ipv4_address, "any")}"]) == toset(["subnet-a 10.0.0.10", "subnet-b any"])
    error_message = "the NLB is not in every zone, or not at the address that was asked for"
  }

  assert {
    condition     = aws_lb_target_group.this.target_type == "alb" && aws_lb_target_group.this.protocol == "TCP" && aws_lb_target_group_attachment.this.target_id == var.load_balancer.arn && aws_lb_target_group_attachment.this.port == 443
    error_message = "the NLB's target is not the ALB"
  }

  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.to_load_balancer.security_group_id == "sg-alb"
      && aws_vpc_security_group_ingress_rule.to_load_balancer.referenced_security_group_id == aws_security_group.this.id
      && aws_vpc_security_group_egress_rule.to_load_balancer.security_group_id == aws_security_group.this.id
      && aws_vpc_security_group_egress_rule.to_load_balancer.referenced_security_group_id == "sg-alb"
      && alltrue([for r in [aws_vpc_security_group_ingress_rule.to_load_balancer, aws_vpc_security_group_egress_rule.to_load_balancer] : r.from_port == 443 && r.to_port == 443])
    )
    error_message = "the chain from the NLB to the ALB is broken"
  }

  assert {
    condition     = aws_api_gateway_vpc_link.this.target_arns == tolist([aws_lb.this.arn]) && aws_api_gateway_integration.any.connection_type == "VPC_LINK" && aws_api_gateway_integration.any.timeout_milliseconds == 29000 && aws_api_gateway_integration.any.uri == "https://staging.example.com/{proxy}"
    error_message = "the API does not lead to the NLB, or with the stage's name in the path"
  }

  assert {
    condition     = aws_api_gateway_stage.this.access_log_settings[0].destination_arn == aws_cloudwatch_log_group.this.arn && strcontains(aws_api_gateway_stage.this.access_log_settings[0].format, "$context.integration.latency") && strcontains(aws_api_gateway_stage.this.access_log_settings[0].format, "$context.requestId") && length(aws_api_gateway_account.this) == 1
    error_message = "the stage writes no access log, or may not"
  }
}

run "direct" {
  module {
    source = "./modules/api-direct"
  }

  variables {
    subnet_ids    = ["subnet-a", "subnet-b"]
    load_balancer = { security_group_id = "sg-alb", https_listener_arn = "arn:listener" }
  }

  assert {
    condition = (
      aws_vpc_security_group_ingress_rule.to_load_balancer.security_group_id == "sg-alb"
      && aws_vpc_security_group_ingress_rule.to_load_balancer.referenced_security_group_id == aws_security_group.this.id
      && aws_vpc_security_group_egress_rule.to_load_balancer.referenced_security_group_id == "sg-alb"
      && aws_apigatewayv2_vpc_link.this.security_group_ids == toset([aws_security_group.this.id])
      && aws_apigatewayv2_vpc_link.this.subnet_ids == toset(["subnet-a", "subnet-b"])
    )
    error_message = "the chain from the VPC link to the ALB is broken"
  }

  assert {
    condition     = aws_apigatewayv2_integration.this.integration_uri == "arn:listener" && aws_apigatewayv2_integration.this.tls_config[0].server_name_to_verify == "staging.example.com" && aws_apigatewayv2_stage.this.name == "$default"
    error_message = "the HTTP API does not lead to the listener, or puts its stage into the path"
  }

  assert {
    condition     = try(aws_apigatewayv2_integration.this.request_parameters["overwrite:header.${output.client_address_header}"], null) == "$context.identity.sourceIp"
    error_message = "a client can say what its address is, and the web ACL believes it"
  }

  assert {
    condition     = aws_apigatewayv2_stage.this.access_log_settings[0].destination_arn == aws_cloudwatch_log_group.this.arn && aws_apigatewayv2_stage.this.default_route_settings[0].throttling_rate_limit > 0 && aws_apigatewayv2_stage.this.default_route_settings[0].throttling_burst_limit > 0
    error_message = "the HTTP API writes no access log, or lets nothing through"
  }
}

run "what_is_slower_than_api_gateway_is_refused" {
  command = plan

  module {
    source = "./modules/api-nlb"
  }

  variables {
    subnet_ids             = { eu-central-1a = "subnet-a" }
    private_ipv4_addresses = { eu-central-1c = "10.0.0.10" }
    load_balancer          = { arn = "arn:alb", security_group_id = "sg-alb", https_listener_arn = "arn:listener" }
    timeout_milliseconds   = 60000
  }

  expect_failures = [var.timeout_milliseconds, var.private_ipv4_addresses]
}
