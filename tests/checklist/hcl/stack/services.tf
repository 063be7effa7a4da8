locals {
  account = "123456789012"
  image   = "${local.account}.dkr.ecr.eu-central-1.amazonaws.com"
}

resource "aws_ecs_cluster" "this" {
  name = "shop"
}

resource "aws_service_discovery_http_namespace" "this" {
  name = "shop"
}

resource "aws_ecr_repository" "order" {
  name                 = "order-api"
  image_tag_mutability = "IMMUTABLE"
}

resource "aws_iam_role" "this" {
  for_each = toset(["execution", "task"])

  name = each.key
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
    }]
  })
}

resource "aws_iam_role_policy" "execution" {
  role = aws_iam_role.this["execution"].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["ecr:BatchGetImage", "logs:PutLogEvents"]
      Resource = "*"
    }]
  })
}

resource "aws_ecs_task_definition" "this" {
  for_each = {
    order     = {}
    inventory = { ORDER_API_URL = "http://order-api:8080" }
  }

  family                   = "${each.key}-api"
  requires_compatibilities = ["FARGATE"]
  network_mode             = var.change.network_mode
  cpu                      = 256
  memory                   = 512
  execution_role_arn       = aws_iam_role.this["execution"].arn
  task_role_arn            = aws_iam_role.this[var.change.one_role ? "execution" : "task"].arn
  enable_fault_injection   = var.change.fault_injection

  container_definitions = jsonencode([{
    name                   = "app"
    image                  = "${aws_ecr_repository.order.repository_url}:${var.change.tag}"
    essential              = true
    command                = var.change.command
    stopTimeout            = var.change.stop_timeout
    readonlyRootFilesystem = var.change.read_only
    user                   = var.change.user == "" ? null : var.change.user
    linuxParameters        = { capabilities = { drop = ["ALL"] } }
    portMappings = [{
      containerPort = 8080
      name          = var.change.port_name
      appProtocol   = var.change.app_protocol == "" ? null : var.change.app_protocol
    }]
    environment = [
      for name, value in merge(each.value, { KEEP_ALIVE_SECONDS = var.change.keep_alive }, var.change.environment) :
      { name = name, value = value }
    ]
    secrets = [{
      name      = "DATABASE_PASSWORD"
      valueFrom = "arn:aws:secretsmanager:eu-central-1:${local.account}:secret:database"
    }]
    logConfiguration = {
      logDriver = "awslogs"
      options = {
        awslogs-group   = "/shop/${each.key}"
        mode            = var.change.log_mode
        max-buffer-size = "25m"
      }
    }
  }])
}

resource "aws_security_group" "order" {
  vpc_id = aws_vpc.this.id
}

resource "aws_security_group" "inventory" {
  vpc_id = aws_vpc.this.id
}

resource "aws_vpc_security_group_ingress_rule" "task" {
  for_each = { order = aws_security_group.order.id, inventory = aws_security_group.inventory.id }

  security_group_id            = each.value
  referenced_security_group_id = var.change.task_from == "group" ? aws_security_group.balancer.id : null
  cidr_ipv4                    = var.change.task_from == "anywhere" ? "0.0.0.0/0" : var.change.task_from == "vpc" ? "10.0.0.0/16" : null
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_vpc_security_group_ingress_rule" "order_from_inventory" {
  count = var.change.peer_ingress ? 1 : 0

  security_group_id            = aws_security_group.order.id
  referenced_security_group_id = aws_security_group.inventory.id
  ip_protocol                  = "tcp"
  from_port                    = 8080
  to_port                      = 8080
}

resource "aws_vpc_security_group_egress_rule" "task" {
  for_each = { order = aws_security_group.order.id, inventory = aws_security_group.inventory.id }

  security_group_id = each.value
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

resource "aws_appautoscaling_target" "order" {
  service_namespace  = "ecs"
  scalable_dimension = "ecs:service:DesiredCount"
  resource_id        = "service/${aws_ecs_cluster.this.name}/order-api"
  min_capacity       = var.change.scalable_minimum
  max_capacity       = 8
}

resource "aws_ecs_service" "order" {
  name                               = "order-api"
  cluster                            = aws_ecs_cluster.this.arn
  task_definition                    = aws_ecs_task_definition.this["order"].arn
  launch_type                        = "FARGATE"
  desired_count                      = var.change.desired
  deployment_minimum_healthy_percent = var.change.minimum
  deployment_maximum_percent         = var.change.maximum
  availability_zone_rebalancing      = var.change.rebalancing
  health_check_grace_period_seconds  = var.change.grace
  enable_execute_command             = var.change.execute

  deployment_circuit_breaker {
    enable   = var.change.breaker
    rollback = var.change.breaker
  }

  network_configuration {
    subnets          = [for zone in var.change.zones : aws_subnet.private[zone].id]
    security_groups  = concat([aws_security_group.order.id], var.change.shared_group ? [aws_security_group.balancer.id] : [])
    assign_public_ip = var.change.assign_public_ip
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.this["order"].arn
    container_name   = "app"
    container_port   = 8080
  }

  dynamic "service_connect_configuration" {
    for_each = var.change.connect ? [1] : []
    content {
      enabled   = true
      namespace = var.change.named_namespace ? aws_service_discovery_http_namespace.this.arn : ""
      service {
        port_name      = "http"
        discovery_name = "order-api"
        client_alias {
          port     = 8080
          dns_name = "order-api"
        }
        timeout {
          per_request_timeout_seconds = var.change.per_request < 0 ? null : var.change.per_request
          idle_timeout_seconds        = 300
        }
      }
    }
  }

  depends_on = [aws_lb_listener_rule.this]
}

resource "aws_ecs_service" "inventory" {
  name                              = "inventory-api"
  cluster                           = aws_ecs_cluster.this.arn
  task_definition                   = aws_ecs_task_definition.this["inventory"].arn
  launch_type                       = "FARGATE"
  desired_count                     = 2
  availability_zone_rebalancing     = "ENABLED"
  health_check_grace_period_seconds = 60

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets         = [for zone in local.zones : aws_subnet.private[zone].id]
    security_groups = [aws_security_group.inventory.id]
  }

  load_balancer {
    target_group_arn = aws_lb_target_group.this["inventory"].arn
    container_name   = "app"
    container_port   = 8080
  }

  service_connect_configuration {
    enabled   = true
    namespace = aws_service_discovery_http_namespace.this.arn

    dynamic "service" {
      for_each = var.change.peer_alias == "" ? [] : [1]
      content {
        port_name      = "http"
        discovery_name = "inventory-api"
        client_alias {
          port     = 8080
          dns_name = var.change.peer_alias
        }
        timeout {
          per_request_timeout_seconds = 15
          idle_timeout_seconds        = 300
        }
      }
    }
  }

  depends_on = [aws_lb_listener_rule.this, aws_ecs_service.order]
}
