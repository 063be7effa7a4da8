output "stop_alarm_arn" {
  description = "The alarm that should stop an experiment: clients get 5xx from the load balancer."
  value       = aws_cloudwatch_metric_alarm.load_balancer_errors.arn
}

output "events_log_group" {
  description = "Log group of deployment and task events: the true timeline of a drill."
  value       = aws_cloudwatch_log_group.events.name
}
