# Target group and path.

locals {
  # with the port in it, the new group can be made before the old one goes; 32 characters at most
  target_group = local.managed ? "${trimsuffix(substr(var.name, 0, 26), "-")}-${local.port}" : var.name
}

resource "aws_lb_target_group" "this" {
  count = local.balanced ? 1 : 0

  name                          = local.target_group
  vpc_id                        = var.platform.vpc_id
  target_type                   = "ip" # a Fargate task is an address; there is no instance
  protocol                      = "HTTP"
  port                          = local.port
  deregistration_delay          = local.settings.target_group.deregistration_delay # the default is 300
  slow_start                    = local.settings.target_group.slow_start
  load_balancing_algorithm_type = local.settings.target_group.algorithm

  health_check {
    protocol            = "HTTP"
    port                = "traffic-port"
    path                = local.settings.target_group.health_check.path
    matcher             = local.settings.target_group.health_check.matcher
    interval            = local.settings.target_group.health_check.interval
    timeout             = local.settings.target_group.health_check.timeout
    healthy_threshold   = local.settings.target_group.health_check.healthy_threshold
    unhealthy_threshold = local.settings.target_group.health_check.unhealthy_threshold
  }

  # another port is another group, and the old one is in use until the listener has the new one
  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_lb_listener_rule" "this" {
  for_each = local.balanced ? var.platform.load_balancer.listener_arns : {}

  listener_arn = each.value
  priority     = local.settings.target_group.priority # explicit: a list's order would shuffle them

  action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[0].arn
  }

  condition {
    path_pattern {
      values = local.settings.target_group.path_patterns
    }
  }
}
