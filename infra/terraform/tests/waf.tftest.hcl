mock_provider "aws" {
  source = "./mocks"
}

variables {
  name                   = "test"
  guarded                = { load_balancer = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/app/test/1" }
  requests_per_5_minutes = 1000
  log_retention_in_days  = 7
}

run "by_address" {
  module {
    source = "./modules/waf"
  }

  assert {
    condition     = aws_wafv2_web_acl_association.this["load_balancer"].resource_arn == var.guarded["load_balancer"] && aws_wafv2_web_acl_association.this["load_balancer"].web_acl_arn == aws_wafv2_web_acl.this.arn
    error_message = "the web ACL guards nothing"
  }

  assert {
    condition = toset(flatten([for r in aws_wafv2_web_acl.this.rule : [for s in r.statement : [for g in s.managed_rule_group_statement : g.name]]])) == toset([
      "AWSManagedRulesCommonRuleSet", "AWSManagedRulesKnownBadInputsRuleSet",
    ])
    error_message = "a group of AWS's rules is missing"
  }

  assert {
    condition     = [for r in aws_wafv2_web_acl.this.rule : "${r.statement[0].rate_based_statement[0].limit} ${r.statement[0].rate_based_statement[0].aggregate_key_type} ${length(r.action[0].block)}" if r.name == "rate"] == ["1000 IP 1"]
    error_message = "the limit per address is missing, is another or blocks nobody"
  }

  assert {
    condition     = startswith(aws_cloudwatch_log_group.this.name, "aws-waf-logs-") && aws_wafv2_web_acl_logging_configuration.this.log_destination_configs == toset([aws_cloudwatch_log_group.this.arn])
    error_message = "the log has a name that WAF refuses, or nobody writes to it"
  }
}

run "by_header" {
  module {
    source = "./modules/waf"
  }

  variables {
    client_address_header = "X-Client-Address"
  }

  assert {
    condition     = [for r in aws_wafv2_web_acl.this.rule : "${r.statement[0].rate_based_statement[0].aggregate_key_type} ${r.statement[0].rate_based_statement[0].forwarded_ip_config[0].header_name} ${r.statement[0].rate_based_statement[0].forwarded_ip_config[0].fallback_behavior}" if r.name == "rate"] == ["FORWARDED_IP X-Client-Address MATCH"]
    error_message = "behind an HTTP API all clients are one address"
  }
}

run "wrong_values_are_refused" {
  command = plan

  module {
    source = "./modules/waf"
  }

  variables {
    requests_per_5_minutes = 1
  }

  expect_failures = [var.requests_per_5_minutes]
}
