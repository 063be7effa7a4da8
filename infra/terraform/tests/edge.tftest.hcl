mock_provider "aws" {
  source = "./mocks"
}

variables {
  name            = "test"
  vpc_id          = "vpc-1"
  subnet_ids      = ["subnet-a", "subnet-b"]
  public          = true
  load_balancer   = { idle_timeout = 60, client_keep_alive = 3600, http = "redirect", https = true, drop_invalid_header_fields = true }
  certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
  access_logs     = { account_id = "123456789012", region = "eu-central-1", days = 30, force_destroy = true }
}

run "public" {
  module {
    source = "./modules/edge"
  }

  assert {
    condition     = toset([for r in aws_vpc_security_group_ingress_rule.world : "${r.from_port} ${coalesce(r.cidr_ipv4, r.cidr_ipv6)}"]) == toset(["80 0.0.0.0/0", "80 ::/0", "443 0.0.0.0/0", "443 ::/0"])
    error_message = "the internet does not reach both listeners, over IPv4 and IPv6: a redirect on a closed port redirects nobody"
  }

  assert {
    condition     = aws_lb_listener.http[0].default_action[0].type == "redirect" && aws_lb_listener.http[0].default_action[0].redirect[0].status_code == "HTTP_301" && tolist(keys(output.listener_arns)) == tolist(["https"])
    error_message = "port 80 serves in clear"
  }

  assert {
    condition     = aws_lb_listener.https[0].ssl_policy == "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09" && aws_lb_listener.https[0].default_action[0].fixed_response[0].status_code == "404"
    error_message = "the listener on 443 has an old policy, or hands unknown paths to a service"
  }

  assert {
    condition     = !aws_lb.this.internal && aws_lb.this.idle_timeout == 60 && aws_lb.this.drop_invalid_header_fields && aws_lb.this.enable_zonal_shift && aws_lb.this.desync_mitigation_mode == "defensive" && aws_lb.this.enable_deletion_protection
    error_message = "a setting of the load balancer is missing"
  }

  assert {
    condition     = aws_lb.this.access_logs[0].enabled && aws_s3_bucket_public_access_block.logs[0].restrict_public_buckets && jsondecode(aws_s3_bucket_policy.logs[0].policy).Statement[0].Principal.Service == "logdelivery.elasticloadbalancing.amazonaws.com"
    error_message = "access logs are off, or their bucket is open, or ELB may not write to it"
  }
}

run "private_without_https" {
  module {
    source = "./modules/edge"
  }

  variables {
    public          = false
    access_logs     = null
    load_balancer   = { idle_timeout = 60, client_keep_alive = 3600, http = "forward", https = false, drop_invalid_header_fields = true }
    certificate_arn = null
  }

  assert {
    condition     = aws_lb.this.internal && length(aws_vpc_security_group_ingress_rule.world) == 0 && length(aws_s3_bucket.logs) == 0
    error_message = "an internal load balancer is open to the internet, or has what was not asked for"
  }

  assert {
    condition     = tolist(keys(output.listener_arns)) == tolist(["http"]) && length(aws_lb_listener.https) == 0
    error_message = "without https only port 80 listens"
  }
}

run "behind_api_gateway" {
  module {
    source = "./modules/edge"
  }

  variables {
    public = false
  }

  assert {
    condition     = length(aws_lb_listener.http) == 0 && length(aws_lb_listener.https) == 1 && tolist(keys(output.listener_arns)) == tolist(["https"])
    error_message = "an internal load balancer redirects on a port that nobody can come to"
  }
}

run "wrong_values_are_refused" {
  command = plan

  module {
    source = "./modules/edge"
  }

  variables {
    certificate_arn = null
  }

  expect_failures = [var.certificate_arn]
}
