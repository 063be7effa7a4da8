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
      length(local.secrets) == 0 ? [] : [{ Effect = "Allow", Action = ["secretsmanager:GetSecretValue"], Resource = local.secrets }],
      length(local.parameters) == 0 ? [] : [{ Effect = "Allow", Action = ["ssm:GetParameters"], Resource = local.parameters }],
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
  count = local.managed && (var.execute_command || var.fault_agent != null) ? 1 : 0

  name = var.execute_command ? "exec" : "faults"
  role = aws_iam_role.task[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      !var.execute_command ? [] : [{
        Effect   = "Allow"
        Action   = ["ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel", "ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel"]
        Resource = ["*"] # these take no resource
      }],
      !var.execute_command || var.platform.exec == null ? [] : [
        { Effect = "Allow", Action = ["kms:Decrypt"], Resource = [var.platform.exec.kms_key_arn] },
        { Effect = "Allow", Action = ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], Resource = ["${var.platform.exec.log_group_arn}:*"] },
        { Effect = "Allow", Action = ["logs:DescribeLogGroups"], Resource = ["*"] },
      ],
      var.fault_agent == null ? [] : [
        { Effect = "Allow", Action = ["ssm:AddTagsToResource", "ssm:CreateActivation"], Resource = ["*"] }, # the activation has no name before it is made
        { Effect = "Allow", Action = ["iam:PassRole"], Resource = [var.fault_agent.role_arn] },
      ],
    )
  })
}

#### TLS of Service Connect: ECS fetches and renews the certificates ####

resource "aws_iam_role" "tls" {
  count = var.service_connect_tls == null ? 0 : 1

  name_prefix = substr("${var.name}-tls-", 0, 38)
  description = "certificates of ${var.name} for Service Connect"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ecs.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = { StringEquals = { "aws:SourceAccount" = var.platform.account_id } }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "tls" {
  count = var.service_connect_tls == null ? 0 : 1

  role       = aws_iam_role.tls[0].name
  policy_arn = "arn:aws:iam::aws:policy/service-role/AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity"
}

locals {
  # valueFrom is the secret's ARN and ":key:stage:version"; a parameter's is its ARN
  secrets    = distinct([for value in values(var.secrets) : join(":", slice(split(":", value), 0, 7)) if split(":", value)[2] == "secretsmanager"])
  parameters = distinct([for value in values(var.secrets) : value if split(":", value)[2] == "ssm"])

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
