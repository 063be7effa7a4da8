# Alarm that rolls a deployment back.

resource "aws_cloudwatch_metric_alarm" "errors" {
  count = var.rollback_alarm != null && (local.balanced || local.settings.service_connect != null) ? 1 : 0

  alarm_name          = "${var.platform.stack}-${var.name}-5xx"
  alarm_description   = "${var.name} answers with 5xx; a deployment under way is rolled back"
  namespace           = local.balanced ? "AWS/ApplicationELB" : "AWS/ECS"
  metric_name         = "HTTPCode_Target_5XX_Count"
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 2
  datapoints_to_alarm = 2
  threshold           = var.rollback_alarm
  comparison_operator = "GreaterThanOrEqualToThreshold"
  treat_missing_data  = "notBreaching" # no request, no error

  dimensions = local.balanced ? {
    LoadBalancer = var.platform.load_balancer.arn_suffix
    TargetGroup  = aws_lb_target_group.this[0].arn_suffix
    } : {
    TargetDiscoveryName = var.name
  }
}
