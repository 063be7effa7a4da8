# The whole stack of the settings file, behind each edge. What is in it is judged by tests/terraform,
# which reads the states that this leaves; here stands what the root itself can say.

mock_provider "aws" {
  source = "../../mocks"
}

# What is told apart by its ARN or address needs one of its own.

override_resource {
  target = module.service_first["order-api"].aws_iam_role.execution[0]
  values = { arn = "arn:aws:iam::123456789012:role/order-api-execution" }
}

override_resource {
  target = module.service_first["order-api"].aws_lb_target_group.this[0]
  values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/order-api/0" }
}

override_resource {
  target = module.service_second["inventory-api"].aws_iam_role.execution[0]
  values = { arn = "arn:aws:iam::123456789012:role/inventory-api-execution" }
}

override_resource {
  target = module.service_second["inventory-api"].aws_lb_target_group.this[0]
  values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/inventory-api/0" }
}

override_resource {
  target = module.loadgen[0].aws_iam_role.execution
  values = { arn = "arn:aws:iam::123456789012:role/locust-execution" }
}

override_resource {
  target = module.edge.aws_lb_listener.http[0]
  values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/mock/0/80" }
}

override_resource {
  target = module.edge.aws_lb_listener.https[0]
  values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/mock/0/443" }
}

override_resource {
  target = module.api_nlb[0].aws_lb.this
  values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:loadbalancer/net/mock/0" }
}

override_resource {
  target = module.api_nlb[0].aws_lb_listener.this
  values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/net/mock/0/443" }
}

override_resource {
  target = module.api_nlb[0].aws_lb_target_group.this
  values = { arn = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:targetgroup/alb/0" }
}

override_resource {
  target = module.registry.aws_ecr_repository.this["order-api"]
  values = { repository_url = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/order-api" }
}

override_resource {
  target = module.registry.aws_ecr_repository.this["inventory-api"]
  values = { repository_url = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/inventory-api" }
}

override_resource {
  target = module.registry.aws_ecr_repository.this["rehearsal-locust"]
  values = { repository_url = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/rehearsal-locust" }
}

run "public" {
  assert {
    condition     = toset(keys(output.services)) == toset(keys(var.services))
    error_message = "the stack does not have the services of the settings file"
  }

  assert {
    condition     = output.api_url == null
    error_message = "something is in front of the public load balancer"
  }
}

run "nlb" {
  variables {
    edge = { mode = "nlb", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000", domain_name = "staging.example.com" }
  }

  assert {
    condition     = output.api_url != null && length(module.api_nlb) == 1 && length(module.api_direct) == 0
    error_message = "a REST API and an NLB are not in front of the internal load balancer"
  }
}

run "direct" {
  variables {
    edge = { mode = "direct", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000", domain_name = "staging.example.com" }
  }

  assert {
    condition     = length(module.api_direct) == 1 && length(module.api_nlb) == 0
    error_message = "direct does not lead through an HTTP API alone"
  }
}

# What is switched off by default: faults inside tasks, TLS between proxies, plain DNS, no way out.
run "options" {
  variables {
    execute_command           = false
    fault_injection           = true
    certificate_authority_arn = "arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/00000000-0000-0000-0000-000000000000"
    private_dns_zone          = "rehearsal.internal"
  }

  assert {
    condition     = length(output.experiments.inside) == 4 * length(var.services)
    error_message = "there is not every fault for every service"
  }
}

# No way out but endpoints, and so no load generators: they could not reach the public address.
run "isolated" {
  variables {
    nat  = "none"
    load = null
  }

  assert {
    condition     = output.load_results == null
    error_message = "there are load generators that reach nothing"
  }
}
