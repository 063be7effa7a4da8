resource "aws_cloudwatch_log_group" "this" {
  name              = "/fis/${var.name}"
  retention_in_days = 30
}

#### Half of a service's tasks stop: what a deployment never tries ####

resource "aws_fis_experiment_template" "stop_tasks" {
  for_each = var.services

  description = "stop half of the tasks of ${each.key}"
  role_arn    = aws_iam_role.this.arn
  tags        = { Name = "${var.name}-stop-tasks-${each.key}" }

  # an experiment without an end of its own is an outage
  stop_condition {
    source = "aws:cloudwatch:alarm"
    value  = var.stop_alarm_arn
  }

  action {
    name      = "stop"
    action_id = "aws:ecs:stop-task"

    target {
      key   = "Tasks"
      value = "tasks"
    }
  }

  target {
    name           = "tasks"
    resource_type  = "aws:ecs:task"
    selection_mode = "PERCENT(50)"
    parameters     = { cluster = var.cluster.name, service = each.key }
  }

  experiment_options {
    account_targeting            = "single-account"
    empty_target_resolution_mode = "fail" # else nothing is stopped and the experiment passes
  }

  log_configuration {
    log_schema_version = 2

    cloudwatch_logs_configuration {
      log_group_arn = "${aws_cloudwatch_log_group.this.arn}:*"
    }
  }
}

#### A zone is gone ####

resource "aws_fis_experiment_template" "zone_loss" {
  for_each = var.zones

  description = "cut off ${each.key}"
  role_arn    = aws_iam_role.this.arn
  tags        = { Name = "${var.name}-zone-loss-${each.key}" }

  stop_condition {
    source = "aws:cloudwatch:alarm"
    value  = var.stop_alarm_arn
  }

  action {
    name      = "disrupt"
    action_id = "aws:network:disrupt-connectivity"

    parameter {
      key   = "duration"
      value = "PT${var.zone_loss_minutes}M"
    }

    parameter {
      key   = "scope"
      value = "all"
    }

    target {
      key   = "Subnets"
      value = "subnets"
    }
  }

  target {
    name           = "subnets"
    resource_type  = "aws:ec2:subnet"
    selection_mode = "ALL"
    resource_arns  = [each.value.subnet_arn]
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

#### What FIS may do: this cluster's tasks, these subnets ####

resource "aws_iam_role" "this" {
  name_prefix = "${var.name}-fis-"
  description = "experiments on ${var.name}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "fis.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = var.account_id }
        ArnLike      = { "aws:SourceArn" = "arn:aws:fis:${var.region}:${var.account_id}:experiment/*" }
      }
    }]
  })
}

resource "aws_iam_role_policy" "this" {
  name = "experiments"
  role = aws_iam_role.this.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect   = "Allow"
        Action   = ["ecs:StopTask", "ecs:DescribeTasks"]
        Resource = ["arn:aws:ecs:${var.region}:${var.account_id}:task/${var.cluster.name}/*"]
      },
      {
        Effect    = "Allow"
        Action    = ["ecs:ListTasks"]
        Resource  = ["*"]
        Condition = { ArnEquals = { "ecs:cluster" = var.cluster.arn } }
      },
      {
        # the action swaps the subnets' network ACL for one of its own
        Effect = "Allow"
        Action = [
          "ec2:CreateNetworkAcl", "ec2:CreateNetworkAclEntry", "ec2:CreateTags", "ec2:DeleteNetworkAcl",
          "ec2:DescribeManagedPrefixLists", "ec2:DescribeNetworkAcls", "ec2:DescribeSubnets", "ec2:DescribeVpcs",
          "ec2:GetManagedPrefixListEntries", "ec2:ReplaceNetworkAclAssociation",
        ]
        Resource = ["*"]
      },
      {
        Effect   = "Allow"
        Action   = ["cloudwatch:DescribeAlarms", "tag:GetResources"]
        Resource = ["*"]
      },
      {
        Effect   = "Allow"
        Action   = ["logs:CreateLogDelivery", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:PutResourcePolicy"]
        Resource = ["*"]
      },
    ]
  })
}
