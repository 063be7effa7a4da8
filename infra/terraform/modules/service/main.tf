locals {
  settings = var.settings
  managed  = var.log_retention_in_days != null # log group and roles are ours
  balanced = local.settings.target_group != null
  port     = local.settings.container_port
  volumes  = { for path in var.writable_paths : trim(replace(path, "/", "-"), "-") => path }
  groups   = { for key, r in var.reaches : key => r if r.kind == "group" }

  container = merge(
    {
      name      = "app"
      image     = var.image
      essential = true
      # the name is what Service Connect refers to; without appProtocol it is TCP, with neither
      # retries nor time limits
      portMappings           = [{ name = "http", containerPort = local.port, protocol = "tcp", appProtocol = "http" }]
      environment            = [for k, v in merge(local.settings.environment, var.environment) : { name = k, value = v }]
      secrets                = [for k, v in var.secrets : { name = k, valueFrom = v }]
      stopTimeout            = local.settings.stop_timeout
      readonlyRootFilesystem = true
      user                   = "10001:10001"
      mountPoints            = [for volume, path in local.volumes : { sourceVolume = volume, containerPath = path, readOnly = false }]
      # a process 1 that reaps; the application gets SIGTERM either way, as its command is no shell
      linuxParameters = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = "/ecs/${var.name}"
          awslogs-region        = var.platform.region
          awslogs-stream-prefix = "ecs"
          # blocking would stop the application where CloudWatch does not answer
          mode            = "non-blocking"
          max-buffer-size = "25m"
        }
      }
    },
    local.settings.container_health_check == null ? {} : {
      healthCheck = {
        command     = local.settings.container_health_check.command
        interval    = local.settings.container_health_check.interval
        timeout     = local.settings.container_health_check.timeout
        retries     = local.settings.container_health_check.retries
        startPeriod = local.settings.container_health_check.start_period
      }
    },
  )
}

#### Task definition ####

resource "aws_cloudwatch_log_group" "this" {
  count = local.managed ? 1 : 0

  name              = "/ecs/${var.name}"
  retention_in_days = var.log_retention_in_days
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc" # Fargate knows no other; said so that nobody has to guess
  cpu                      = local.settings.cpu
  memory                   = local.settings.memory
  execution_role_arn       = local.managed ? aws_iam_role.execution[0].arn : null
  task_role_arn            = local.managed ? aws_iam_role.task[0].arn : null
  track_latest             = true # a revision that `rehearse deploy` registered is not undone
  enable_fault_injection   = var.fault_injection
  container_definitions    = jsonencode([local.container])

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.cpu_architecture
  }

  dynamic "volume" {
    for_each = local.volumes
    content {
      name = volume.key
    }
  }
}

#### Target group and path ####

resource "aws_lb_target_group" "this" {
  count = local.balanced ? 1 : 0

  name                          = var.name
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

#### Security groups: a chain by reference, both ends of each link side by side ####

resource "aws_security_group" "this" {
  name        = "${var.platform.stack}-${var.name}"
  description = "tasks of ${var.name}"
  vpc_id      = var.platform.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "from_load_balancer" {
  count = local.balanced ? 1 : 0

  security_group_id            = var.platform.load_balancer.security_group_id
  referenced_security_group_id = aws_security_group.this.id
  description                  = "to ${var.name}"
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
}

resource "aws_vpc_security_group_ingress_rule" "from_load_balancer" {
  count = local.balanced ? 1 : 0

  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = var.platform.load_balancer.security_group_id
  description                  = "from the load balancer"
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
}

resource "aws_vpc_security_group_egress_rule" "reaches" {
  for_each = var.reaches

  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = each.value.security_group_id
  prefix_list_id               = each.value.prefix_list_id
  cidr_ipv4                    = each.value.cidr_ipv4
  description                  = "to ${each.key}"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

# The other end belongs to whoever is reached, and is made here: a caller without it is one that
# times out.
resource "aws_vpc_security_group_ingress_rule" "reaches" {
  for_each = local.groups

  security_group_id            = each.value.security_group_id
  referenced_security_group_id = aws_security_group.this.id
  description                  = "from ${var.name}"
  ip_protocol                  = "tcp"
  from_port                    = each.value.port
  to_port                      = each.value.port
}

#### Service ####

resource "aws_ecs_service" "this" {
  name             = var.name
  cluster          = var.platform.cluster_arn
  task_definition  = aws_ecs_task_definition.this.arn
  launch_type      = "FARGATE"
  platform_version = "LATEST"

  # counts when the service is made; afterwards autoscaling, or whoever scales by hand, has it
  desired_count = local.settings.desired_count

  deployment_minimum_healthy_percent = local.settings.deployment.minimum_healthy_percent
  deployment_maximum_percent         = local.settings.deployment.maximum_percent
  availability_zone_rebalancing      = local.settings.deployment.availability_zone_rebalancing ? "ENABLED" : "DISABLED"
  health_check_grace_period_seconds  = local.balanced ? local.settings.deployment.health_check_grace_period : null
  enable_execute_command             = var.execute_command
  enable_ecs_managed_tags            = true
  propagate_tags                     = "SERVICE"
  wait_for_steady_state              = var.wait_for_steady_state

  deployment_circuit_breaker {
    enable   = local.settings.deployment.circuit_breaker.enable
    rollback = local.settings.deployment.circuit_breaker.rollback
  }

  # the breaker sees tasks that do not start; this one sees tasks that start and answer badly
  dynamic "alarms" {
    for_each = aws_cloudwatch_metric_alarm.errors
    content {
      enable      = true
      rollback    = true
      alarm_names = [alarms.value.alarm_name]
    }
  }

  network_configuration {
    subnets          = var.platform.subnet_ids
    security_groups  = [aws_security_group.this.id]
    assign_public_ip = false
  }

  dynamic "load_balancer" {
    for_each = aws_lb_target_group.this
    content {
      target_group_arn = load_balancer.value.arn
      container_name   = "app"
      container_port   = local.port
    }
  }

  dynamic "service_connect_configuration" {
    for_each = local.settings.service_connect != null || length(local.settings.calls) > 0 ? [1] : []
    content {
      enabled   = true
      namespace = var.platform.namespace_arn

      dynamic "service" {
        for_each = local.settings.service_connect == null ? [] : [local.settings.service_connect]
        content {
          port_name      = "http"
          discovery_name = var.name # Cloud Map's name; tasks resolve only the alias below

          client_alias {
            dns_name = service.value.dns_name
            port     = service.value.port
          }

          # explicit: 15 s per request is a default that surprises whoever streams
          timeout {
            per_request_timeout_seconds = service.value.per_request_timeout
            idle_timeout_seconds        = service.value.idle_timeout
          }
        }
      }

      dynamic "log_configuration" {
        for_each = local.managed ? [1] : []
        content {
          log_driver = "awslogs"
          options = {
            awslogs-group         = "/ecs/${var.name}"
            awslogs-region        = var.platform.region
            awslogs-stream-prefix = "proxy"
            mode                  = "non-blocking"
            max-buffer-size       = "25m"
          }
        }
      }
    }
  }

  dynamic "service_registries" {
    for_each = aws_service_discovery_service.this
    content {
      registry_arn = service_registries.value.arn
    }
  }

  lifecycle {
    ignore_changes = [desired_count]

    # wait_for_steady_state is content with a rollback, too: only this says that it was one
    postcondition {
      condition     = self.task_definition == aws_ecs_task_definition.this.arn
      error_message = "${var.name} runs ${self.task_definition}, not the revision that was applied: the deployment was rolled back. See the service's events."
    }
  }

  # ECS refuses a target group that no load balancer uses; tasks that start before their rules and
  # permissions fail and count for the circuit breaker
  depends_on = [
    aws_lb_listener_rule.this,
    aws_vpc_security_group_egress_rule.from_load_balancer,
    aws_vpc_security_group_ingress_rule.from_load_balancer,
    aws_vpc_security_group_egress_rule.reaches,
    aws_vpc_security_group_ingress_rule.reaches,
    aws_iam_role_policy.execution,
    aws_iam_role_policy.task,
    aws_cloudwatch_log_group.this,
  ]
}

#### Plain DNS by Cloud Map: no retries, no time limits, names cached by clients ####

resource "aws_service_discovery_service" "this" {
  count = var.dns_namespace_id == null ? 0 : 1

  name = var.name

  dns_config {
    namespace_id   = var.dns_namespace_id
    routing_policy = "MULTIVALUE"

    dns_records {
      type = "A"
      ttl  = 10 # as long as that, clients still call a task that is gone
    }
  }
}

#### Alarm that rolls a deployment back ####

resource "aws_cloudwatch_metric_alarm" "errors" {
  count = var.rollback_alarm != null && (local.balanced || local.settings.service_connect != null) ? 1 : 0

  alarm_name          = "${var.platform.stack}-${var.name}-5xx"
  alarm_description   = "${var.name} answers with 5xx; a deployment under way is rolled back"
  namespace           = local.balanced ? "AWS/ApplicationELB" : "AWS/ECS"
  metric_name         = "HTTPCode_Target_5XX_Count"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  threshold           = var.rollback_alarm
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching" # no request, no error

  dimensions = local.balanced ? {
    LoadBalancer = var.platform.load_balancer.arn_suffix
    TargetGroup  = aws_lb_target_group.this[0].arn_suffix
    } : {
    TargetDiscoveryName = var.name
  }
}

#### Autoscaling: out fast, in slowly ####

resource "aws_appautoscaling_target" "this" {
  count = var.autoscaling == null ? 0 : 1

  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${var.platform.cluster_name}/${aws_ecs_service.this.name}"
  min_capacity       = var.autoscaling.min
  max_capacity       = var.autoscaling.max
}

resource "aws_appautoscaling_policy" "cpu" {
  count = var.autoscaling == null ? 0 : 1

  name               = "cpu"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = aws_appautoscaling_target.this[0].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.autoscaling.cpu_percent
    scale_out_cooldown = 30
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = "ECSServiceAverageCPUUtilization"
    }
  }
}

resource "aws_appautoscaling_policy" "requests" {
  count = var.autoscaling != null && local.balanced ? 1 : 0

  name               = "requests"
  policy_type        = "TargetTrackingScaling"
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = aws_appautoscaling_target.this[0].resource_id

  target_tracking_scaling_policy_configuration {
    target_value       = var.autoscaling.requests_per_minute
    scale_out_cooldown = 30
    scale_in_cooldown  = 300

    predefined_metric_specification {
      predefined_metric_type = "ALBRequestCountPerTarget"
      resource_label         = "${var.platform.load_balancer.arn_suffix}/${aws_lb_target_group.this[0].arn_suffix}"
    }
  }

  # the label is refused while no listener leads to the group
  depends_on = [aws_lb_listener_rule.this]
}

#### Roles: one for ECS itself, one for the application ####

resource "aws_iam_role" "execution" {
  count = local.managed ? 1 : 0

  name_prefix        = substr("${var.name}-execution-", 0, 38)
  description        = "pulls the image, reads the secrets and writes the logs of ${var.name}"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "execution" {
  count = local.managed ? 1 : 0

  name = "start"
  role = aws_iam_role.execution[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Effect   = "Allow"
        Action   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        Resource = ["${aws_cloudwatch_log_group.this[0].arn}:*"]
      }],
      var.repository_arn == null ? [] : [
        { Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = ["*"] }, # takes no resource
        {
          Effect   = "Allow"
          Action   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
          Resource = [var.repository_arn]
        },
      ],
      length(var.secrets) == 0 ? [] : [{
        Effect = "Allow"
        Action = ["secretsmanager:GetSecretValue"]
        # valueFrom is the ARN and ":key:stage:version"
        Resource = distinct([for value in var.secrets : join(":", slice(split(":", value), 0, 7))])
      }],
    )
  })
}

resource "aws_iam_role" "task" {
  count = local.managed ? 1 : 0

  name_prefix        = substr("${var.name}-task-", 0, 38)
  description        = "what the application of ${var.name} may do"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "task" {
  count = local.managed && var.execute_command ? 1 : 0

  name = "exec"
  role = aws_iam_role.task[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{
        Effect   = "Allow"
        Action   = ["ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"]
        Resource = ["*"] # these take no resource
      }],
      var.platform.exec == null ? [] : [
        { Effect = "Allow", Action = ["kms:Decrypt"], Resource = [var.platform.exec.kms_key_arn] },
        { Effect = "Allow", Action = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], Resource = ["${var.platform.exec.log_group_arn}:*"] },
        { Effect = "Allow", Action = ["logs:DescribeLogGroups"], Resource = ["*"] },
      ],
    )
  })
}

locals {
  # without the conditions, any account's ECS could be made to use these roles
  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.platform.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:aws:ecs:${var.platform.region}:${var.platform.account_id}:*" }
      }
    }]
  })
}
