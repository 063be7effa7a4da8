# Roles: one for ECS itself, one for the application.

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
