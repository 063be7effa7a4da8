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

resource "aws_ecs_task_definition" "this" {
  for_each = local.commands

  family                   = "${var.name}-locust-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 1024 # one process uses one processor: more workers, not larger ones
  memory                   = 2048
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  volume {
    name = "data"
  }

  volume {
    name = "tmp"
  }

  container_definitions = jsonencode([{
    name                   = "app"
    image                  = var.image
    essential              = true
    command                = each.value
    readonlyRootFilesystem = true
    user                   = "10001:10001"
    stopTimeout            = 60
    environment            = []
    linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
    mountPoints = [
      { sourceVolume = "data", containerPath = "/data", readOnly = false },
      { sourceVolume = "tmp", containerPath = "/tmp", readOnly = false },
    ]
    # without appProtocol it is TCP, which Locust speaks between master and workers
    portMappings = each.key == "master" ? [{ name = "bunch", containerPort = local.bunch, protocol = "tcp" }] : []
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group         = aws_cloudwatch_log_group.this.name
        awslogs-region        = var.platform.region
        awslogs-stream-prefix = each.key
        mode                  = "non-blocking"
        max-buffer-size       = "25m"
      }
    }
  }])
}

#### Security groups: the workers to their master, all of them to the world ####

resource "aws_security_group" "this" {
  name        = "${var.name}-locust"
  description = "load generators of ${var.name}"
  vpc_id      = var.platform.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "bunch" {
  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = aws_security_group.this.id
  description                  = "workers to their master"
  ip_protocol                  = "tcp"
  from_port                    = local.bunch
  to_port                      = local.bunch
}

resource "aws_vpc_security_group_egress_rule" "bunch" {
  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = aws_security_group.this.id
  description                  = "workers to their master"
  ip_protocol                  = "tcp"
  from_port                    = local.bunch
  to_port                      = local.bunch
}

resource "aws_vpc_security_group_egress_rule" "out" {
  for_each = toset(["80", "443"])

  security_group_id = aws_security_group.this.id
  description       = "load, image, logs"
  ip_protocol       = "tcp"
  from_port         = tonumber(each.key)
  to_port           = tonumber(each.key)
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  security_group_id            = var.platform.endpoints_security_group_id
  referenced_security_group_id = aws_security_group.this.id
  description                  = "image and logs of the load generators"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

#### Services ####

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

  depends_on = [aws_iam_role_policy.execution, aws_vpc_security_group_egress_rule.out, aws_vpc_security_group_ingress_rule.bunch]
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

#### Roles ####

resource "aws_iam_role" "execution" {
  name_prefix        = "${var.name}-locust-exec-"
  description        = "pulls the image and writes the logs of the load generators"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "execution" {
  name = "start"
  role = aws_iam_role.execution.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{ Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = ["${aws_cloudwatch_log_group.this.arn}:*"] }],
      var.repository_arn == null ? [] : [
        { Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = ["*"] },
        { Effect = "Allow", Action = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], Resource = [var.repository_arn] },
      ],
    )
  })
}

# Without permissions: a generator needs none.
resource "aws_iam_role" "task" {
  name_prefix        = "${var.name}-locust-"
  description        = "the load generators themselves"
  assume_role_policy = local.trust
}
