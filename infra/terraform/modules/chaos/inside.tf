# Faults inside tasks: a slow network, lost packets, a closed port, a busy processor.
# https://docs.aws.amazon.com/fis/latest/userguide/ecs-task-actions.html

locals {
  # On Fargate the actions on the network work by ECS's own endpoints, which the task definition
  # opens by enable_fault_injection, or not at all.
  by_ecs = { useEcsFaultInjectionEndpoints = "true" }

  faults = var.inside == null ? {} : {
    latency = { action = "aws:ecs:task-network-latency", parameters = merge(local.by_ecs, { delayMilliseconds = tostring(var.inside.latency_ms) }) }
    loss    = { action = "aws:ecs:task-network-packet-loss", parameters = merge(local.by_ecs, { lossPercent = tostring(var.inside.loss_percent) }) }
    port    = { action = "aws:ecs:task-network-blackhole-port", parameters = merge(local.by_ecs, { port = tostring(var.inside.port), protocol = "tcp", trafficType = "ingress" }) }
    cpu     = { action = "aws:ecs:task-cpu-stress", parameters = { percent = tostring(var.inside.cpu_percent) } }
  }
  inside = { for pair in setproduct(var.services, keys(local.faults)) : "${pair[0]}-${pair[1]}" => { service = pair[0], fault = local.faults[pair[1]] } }
}

resource "aws_fis_experiment_template" "inside" {
  for_each = local.inside

  description = "${each.value.fault.action} in half of the tasks of ${each.value.service}"
  role_arn    = aws_iam_role.this.arn
  tags        = { Name = "${var.name}-${each.key}" }

  stop_condition {
    source = "aws:cloudwatch:alarm"
    value  = var.stop_alarm_arn
  }

  action {
    name      = "inject"
    action_id = each.value.fault.action

    dynamic "parameter" {
      for_each = merge({ duration = "PT${var.inside.minutes}M" }, each.value.fault.parameters)
      content {
        key   = parameter.key
        value = parameter.value
      }
    }

    target {
      key   = "Tasks"
      value = "tasks"
    }
  }

  target {
    name           = "tasks"
    resource_type  = "aws:ecs:task"
    selection_mode = "PERCENT(50)"
    parameters     = { cluster = var.cluster.name, service = each.value.service }
  }

  experiment_options {
    account_targeting            = "single-account"
    empty_target_resolution_mode = "fail"
  }

  log_configuration {
    log_schema_version = 2

    cloudwatch_logs_configuration {
      log_group_arn = "${aws_cloudwatch_log_group.this.arn}:*"
    }
  }
}

resource "aws_iam_role_policy" "inside" {
  count = var.inside == null ? 0 : 1

  name = "inside-tasks"
  role = aws_iam_role.this.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["ssm:SendCommand"]
        Resource = ["arn:aws:ssm:${var.region}::document/AWSFIS-Run-*"]
      },
      {
        # only to the agents beside this stack's tasks
        Effect    = "Allow"
        Action    = ["ssm:SendCommand"]
        Resource  = ["arn:aws:ssm:${var.region}:${var.account_id}:managed-instance/*"]
        Condition = { StringLike = { "ssm:resourceTag/ECS_TASK_ARN" = "arn:aws:ecs:${var.region}:${var.account_id}:task/${var.cluster.name}/*" } }
      },
      {
        Effect   = "Allow"
        Action   = ["ssm:CancelCommand", "ssm:ListCommands"]
        Resource = ["*"] # a command has no name before it is sent
      },
    ]
  })
}

#### The role of a task as Systems Manager's managed instance ####

resource "aws_iam_role" "agent" {
  count = var.inside == null ? 0 : 1

  name        = "${var.name}-fault-agent" # no prefix: tasks are told the name
  description = "tasks of ${var.name} as managed instances, for FIS"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "ssm.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:aws:ssm:${var.region}:${var.account_id}:*" }
      }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "agent" {
  count = var.inside == null ? 0 : 1

  role       = aws_iam_role.agent[0].name
  policy_arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
}

# once it is registered, the agent's container has this role, also to sign itself off
resource "aws_iam_role_policy" "agent" {
  count = var.inside == null ? 0 : 1

  name = "leave"
  role = aws_iam_role.agent[0].name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect   = "Allow"
      Action   = ["ssm:DeleteActivation", "ssm:DeregisterManagedInstance"]
      Resource = ["*"]
    }]
  })
}
