# API Gateway in front.

mock_provider "aws" {
  source = "../../mocks"
}

run "nlb" {
  variables {
    edge                       = { mode = "nlb", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000", domain_name = "staging.example.com" }
    waf_requests_per_5_minutes = null
  }

  assert {
    condition     = output.api_url != null
    error_message = "nothing is in front of the internal load balancer"
  }
}

run "direct" {
  command = plan

  variables {
    edge = { mode = "direct", certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000", domain_name = "staging.example.com" }
  }

  assert {
    condition     = length(module.api_direct) == 1 && length(module.api_nlb) == 0
    error_message = "direct does not lead through an HTTP API alone"
  }
}
