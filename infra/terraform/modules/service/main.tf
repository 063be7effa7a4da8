locals {
  settings = var.settings
  managed  = var.log_retention_in_days != null # log group and roles are ours
  balanced = local.settings.target_group != null
  port     = local.settings.container_port
  # the agent of ECS Exec writes there: with a read-only root it would not start
  writable = concat(var.writable_paths, var.execute_command ? ["/var/lib/amazon", "/var/log/amazon"] : [])
  volumes  = { for path in local.writable : trim(replace(path, "/", "-"), "-") => path }
  groups   = { for key, r in var.reaches : key => r if r.kind == "group" }
}

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

          # between the proxies; the application goes on speaking HTTP to its own
          dynamic "tls" {
            for_each = var.service_connect_tls == null ? [] : [var.service_connect_tls]
            content {
              kms_key  = tls.value.kms_key_arn
              role_arn = aws_iam_role.tls[0].arn

              issuer_cert_authority {
                aws_pca_authority_arn = tls.value.certificate_authority_arn
              }
            }
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
    aws_iam_role_policy_attachment.tls,
    aws_cloudwatch_log_group.this,
  ]
}
