locals {
  bunch = 5557 # where workers find their master
  args  = ["--host", var.load.url, "--rate", tostring(var.load.rate), "--duration", tostring(var.load.duration)]
  commands = {
    master = concat(["--master", "--headless", "--expect-workers", tostring(var.load.workers)], local.args)
    worker = concat(["--worker", "--master-host", "locust-master"], local.args)
  }
  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.platform.account_id } }
    }]
  })
}

resource "aws_cloudwatch_log_group" "this" {
  name              = "/ecs/${var.name}-locust"
  retention_in_days = var.log_retention_in_days
}

resource "aws_ecs_service" "master" {
  name             = "locust-master"
  cluster          = var.platform.cluster_arn
  task_definition  = aws_ecs_task_definition.this["master"].arn
  launch_type      = "FARGATE"
  platform_version = "LATEST"
  desired_count    = var.load.running ? 1 : 0

  # never two masters at a time: they would share the workers out between them
  deployment_minimum_healthy_percent = 0
  deployment_maximum_percent         = 100
  availability_zone_rebalancing      = "DISABLED" # which wants a maximum above 100

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.platform.subnet_ids
    security_groups  = [aws_security_group.this.id]
    assign_public_ip = false
  }

  service_connect_configuration {
    enabled   = true
    namespace = var.platform.namespace_arn

    service {
      port_name      = "bunch"
      discovery_name = "locust-master"

      client_alias {
        dns_name = "locust-master"
        port     = local.bunch
      }

      timeout {
        idle_timeout_seconds = 3600
      }
    }
  }

  depends_on = [aws_iam_role_policy.execution, aws_iam_role_policy.task, aws_vpc_security_group_egress_rule.out, aws_vpc_security_group_ingress_rule.bunch]
}

resource "aws_ecs_service" "worker" {
  name             = "locust-worker"
  cluster          = var.platform.cluster_arn
  task_definition  = aws_ecs_task_definition.this["worker"].arn
  launch_type      = "FARGATE"
  platform_version = "LATEST"
  desired_count    = var.load.running ? var.load.workers : 0

  deployment_minimum_healthy_percent = 0
  deployment_maximum_percent         = 200
  availability_zone_rebalancing      = "ENABLED"

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.platform.subnet_ids
    security_groups  = [aws_security_group.this.id]
    assign_public_ip = false
  }

  service_connect_configuration {
    enabled   = true
    namespace = var.platform.namespace_arn
  }

  # a worker that starts before its master's name exists never learns it
  depends_on = [aws_ecs_service.master, aws_vpc_security_group_egress_rule.bunch]
}
