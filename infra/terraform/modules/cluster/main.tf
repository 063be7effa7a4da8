# HTTP is enough for Service Connect, which does not use DNS. What
# Service Connect makes in it is found by API only.
resource "aws_service_discovery_http_namespace" "this" {
  name        = var.namespace
  description = "Service Connect of ${var.name}"
}

# For clients that know no Service Connect: Lambda functions, other VPCs' machines, batch tasks.
resource "aws_service_discovery_private_dns_namespace" "this" {
  count = var.private_dns == null ? 0 : 1

  name        = var.private_dns.name
  vpc         = var.private_dns.vpc_id
  description = "plain DNS of ${var.name}"
}

resource "aws_ecs_cluster" "this" {
  name = var.name
  tags = var.tags

  setting {
    name  = "containerInsights"
    value = var.container_insights
  }

  service_connect_defaults {
    namespace = aws_service_discovery_http_namespace.this.arn
  }

  dynamic "configuration" {
    for_each = var.exec_logging == null ? [] : [var.exec_logging]
    content {
      execute_command_configuration {
        kms_key_id = aws_kms_key.exec[0].arn
        logging    = "OVERRIDE"

        log_configuration {
          cloud_watch_encryption_enabled = true
          cloud_watch_log_group_name     = aws_cloudwatch_log_group.exec[0].name
        }
      }
    }
  }
}

resource "aws_ecs_cluster_capacity_providers" "this" {
  cluster_name       = aws_ecs_cluster.this.name
  capacity_providers = ["FARGATE"]
}

#### ECS Exec: what was typed into production is kept, encrypted ####

resource "aws_kms_key" "exec" {
  count = var.exec_logging == null ? 0 : 1

  description             = "ECS Exec sessions of ${var.name}"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::${var.exec_logging.account_id}:root" }
        Action    = "kms:*"
        Resource  = "*"
      },
      {
        Effect    = "Allow"
        Principal = { Service = "logs.${var.exec_logging.region}.amazonaws.com" }
        Action    = ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"]
        Resource  = "*"
        Condition = {
          ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:aws:logs:${var.exec_logging.region}:${var.exec_logging.account_id}:log-group:/ecs/${var.name}/exec" }
        }
      },
    ]
  })
}

resource "aws_cloudwatch_log_group" "exec" {
  count = var.exec_logging == null ? 0 : 1

  name              = "/ecs/${var.name}/exec"
  retention_in_days = var.exec_logging.retention_in_days
  kms_key_id        = aws_kms_key.exec[0].arn
}
