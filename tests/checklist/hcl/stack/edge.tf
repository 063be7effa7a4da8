resource "aws_security_group" "balancer" {
  vpc_id = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "balancer" {
  for_each = toset([for port in var.change.ingress_ports : tostring(port)])

  security_group_id = aws_security_group.balancer.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)
}

resource "aws_vpc_security_group_egress_rule" "balancer" {
  for_each = var.change.balancer_egress ? { order = aws_security_group.order.id, inventory = aws_security_group.inventory.id } : {}

  security_group_id            = aws_security_group.balancer.id
  referenced_security_group_id = each.value
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_lb" "this" {
  load_balancer_type         = "application"
  internal                   = false
  subnets                    = [for subnet in aws_subnet.public : subnet.id]
  security_groups            = [aws_security_group.balancer.id]
  idle_timeout               = var.change.idle_timeout
  drop_invalid_header_fields = true

  access_logs {
    bucket  = "access-logs"
    enabled = var.change.access_logs
  }
}

resource "aws_lb" "static" {
  load_balancer_type = "network"
  internal           = true
  subnets            = [for subnet in aws_subnet.private : subnet.id]
  security_groups    = var.change.nlb_guarded ? [aws_security_group.balancer.id] : []
}

resource "aws_lb_target_group" "this" {
  for_each = toset(concat(["order", "inventory"], var.change.rule_target == "stray" ? ["stray"] : []))

  name                 = each.key
  vpc_id               = aws_vpc.this.id
  port                 = 8080
  protocol             = "HTTP"
  target_type          = var.change.target_type
  deregistration_delay = var.change.deregistration

  health_check {
    path                = "/healthz"
    matcher             = "200"
    interval            = 10
    timeout             = var.change.health_timeout
    healthy_threshold   = 2
    unhealthy_threshold = 3
  }
}

resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = "arn:aws:acm:eu-central-1:123456789012:certificate/0"

  default_action {
    type = "fixed-response"
    fixed_response {
      content_type = "text/plain"
      status_code  = "404"
    }
  }
}

resource "aws_lb_listener" "http" {
  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type             = var.change.http
    target_group_arn = var.change.http == "forward" ? aws_lb_target_group.this["order"].arn : null

    dynamic "redirect" {
      for_each = var.change.http == "redirect" ? [1] : []
      content {
        port        = "443"
        protocol    = "HTTPS"
        status_code = "HTTP_301"
      }
    }
  }
}

resource "aws_lb_listener_rule" "this" {
  for_each = { order = var.change.rule_target, inventory = "inventory" }

  listener_arn = aws_lb_listener.https.arn

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[each.value].arn
  }

  condition {
    path_pattern {
      values = ["/${each.key}/*"]
    }
  }
}

resource "aws_wafv2_web_acl_association" "this" {
  count = var.change.web_acl ? 1 : 0

  resource_arn = aws_lb.this.arn
  web_acl_arn  = "arn:aws:wafv2:eu-central-1:123456789012:regional/webacl/edge/0"
}

resource "aws_api_gateway_integration" "this" {
  rest_api_id             = "api"
  resource_id             = "orders"
  http_method             = "ANY"
  integration_http_method = "ANY"
  type                    = "HTTP_PROXY"
  connection_type         = "VPC_LINK"
  connection_id           = "link"
  uri                     = "http://edge.internal/"
  timeout_milliseconds    = var.change.integration_millis
}
