locals {
  balanced = { for name, s in var.services : name => s if s.balanced }
  called   = { for name, s in var.services : name => s if s.service_connect }
}

#### What the load balancer itself answers: there was no task to ask ####

resource "aws_cloudwatch_metric_alarm" "load_balancer_errors" {
  alarm_name          = "${var.name}-load-balancer-5xx"
  alarm_description   = "the load balancer answers with 5xx: no healthy target, or targets that hang up"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "HTTPCode_ELB_5XX_Count"
  dimensions          = { LoadBalancer = var.load_balancer_arn_suffix }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = var.errors_per_minute
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

#### Per service ####

resource "aws_cloudwatch_metric_alarm" "unhealthy" {
  for_each = local.balanced

  alarm_name          = "${var.name}-${each.key}-unhealthy"
  alarm_description   = "${each.key} has had an unhealthy target for five minutes"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "UnHealthyHostCount"
  dimensions          = { LoadBalancer = var.load_balancer_arn_suffix, TargetGroup = each.value.target_group_arn_suffix }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 5
  threshold           = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

resource "aws_cloudwatch_metric_alarm" "slow" {
  for_each = local.balanced

  alarm_name          = "${var.name}-${each.key}-p99"
  alarm_description   = "p99 of ${each.key} is above ${var.p99_seconds} s"
  namespace           = "AWS/ApplicationELB"
  metric_name         = "TargetResponseTime"
  dimensions          = { LoadBalancer = var.load_balancer_arn_suffix, TargetGroup = each.value.target_group_arn_suffix }
  extended_statistic  = "p99"
  period              = 60
  evaluation_periods  = 3
  threshold           = var.p99_seconds
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "notBreaching"

  # a p99 of five requests is the slowest of five
  evaluate_low_sample_count_percentiles = "ignore"

  alarm_actions = var.alarm_topic_arns
  ok_actions    = var.alarm_topic_arns
}

resource "aws_cloudwatch_metric_alarm" "running" {
  for_each = var.services

  alarm_name          = "${var.name}-${each.key}-running"
  alarm_description   = "${each.key} runs fewer than ${each.value.running} tasks"
  namespace           = "ECS/ContainerInsights"
  metric_name         = "RunningTaskCount"
  dimensions          = { ClusterName = var.cluster.name, ServiceName = each.key }
  statistic           = "Minimum"
  period              = 60
  evaluation_periods  = 3
  threshold           = each.value.running
  comparison_operator = "LessThanThreshold"
  treat_missing_data  = each.value.running > 0 ? "breaching" : "notBreaching" # no task, no metric
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

# Between services: the load balancer does not see these.
resource "aws_cloudwatch_metric_alarm" "called_errors" {
  for_each = local.called

  alarm_name          = "${var.name}-${each.key}-called-5xx"
  alarm_description   = "${each.key} answers other services with 5xx"
  namespace           = "AWS/ECS"
  metric_name         = "HTTPCode_Target_5XX_Count"
  dimensions          = { TargetDiscoveryName = each.key }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 2
  threshold           = var.errors_per_minute
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_topic_arns
  ok_actions          = var.alarm_topic_arns
}

#### What ECS did, and when: deployments and tasks, kept for the day after ####

resource "aws_cloudwatch_log_group" "events" {
  name              = "/aws/events/${var.name}-ecs"
  retention_in_days = var.retention_in_days
}

resource "aws_cloudwatch_log_resource_policy" "events" {
  policy_name = "${var.name}-ecs-events"
  policy_document = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = ["events.amazonaws.com", "delivery.logs.amazonaws.com"] }
      Action    = ["logs:CreateLogStream", "logs:PutLogEvents"]
      Resource  = "${aws_cloudwatch_log_group.events.arn}:*"
    }]
  })
}

resource "aws_cloudwatch_event_rule" "tasks" {
  name        = "${var.name}-ecs-tasks"
  description = "task states of ${var.cluster.name}"
  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Task State Change"]
    detail      = { clusterArn = [var.cluster.arn] }
  })
}

# Deployment and action events have no clusterArn; the service's ARN names the cluster.
resource "aws_cloudwatch_event_rule" "deployments" {
  name        = "${var.name}-ecs-deployments"
  description = "deployments in ${var.cluster.name}"
  event_pattern = jsonencode({
    source      = ["aws.ecs"]
    detail-type = ["ECS Deployment State Change", "ECS Service Action"]
    resources   = [{ prefix = "arn:aws:ecs:${var.region}:${var.account_id}:service/${var.cluster.name}/" }]
  })
}

resource "aws_cloudwatch_event_target" "events" {
  for_each = { tasks = aws_cloudwatch_event_rule.tasks.name, deployments = aws_cloudwatch_event_rule.deployments.name }

  rule = each.value
  arn  = aws_cloudwatch_log_group.events.arn

  depends_on = [aws_cloudwatch_log_resource_policy.events]
}

#### One page ####

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({
    widgets = concat(
      [
        {
          type = "metric", x = 0, y = 0, width = 12, height = 6
          properties = {
            title = "Answers", region = var.region, stat = "Sum", period = 60
            metrics = [
              ["AWS/ApplicationELB", "RequestCount", "LoadBalancer", var.load_balancer_arn_suffix],
              ["AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "LoadBalancer", var.load_balancer_arn_suffix],
              ["AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "LoadBalancer", var.load_balancer_arn_suffix],
            ]
          }
        },
        {
          type = "metric", x = 12, y = 0, width = 12, height = 6
          properties = {
            title   = "Running tasks", region = var.region, stat = "Minimum", period = 60
            metrics = [for name, s in var.services : ["ECS/ContainerInsights", "RunningTaskCount", "ClusterName", var.cluster.name, "ServiceName", name]]
          }
        },
      ],
      [
        for i, name in keys(local.balanced) : {
          type = "metric", x = 0, y = 6 + 6 * i, width = 24, height = 6
          properties = {
            title = "${name}: p50 and p99", region = var.region, period = 60
            metrics = [
              for stat in ["p50", "p99"] : [
                "AWS/ApplicationELB", "TargetResponseTime", "LoadBalancer", var.load_balancer_arn_suffix,
                "TargetGroup", local.balanced[name].target_group_arn_suffix, { stat = stat }
              ]
            ]
          }
        }
      ],
    )
  })
}
