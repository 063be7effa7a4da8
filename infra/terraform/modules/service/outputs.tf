output "security_group_id" {
  description = "The tasks' security group."
  value       = aws_security_group.this.id
}

output "port" {
  description = "The container's port, which callers' rules must let through: Service Connect's proxy listens there."
  value       = var.settings.container_port
}

output "service_arn" {
  description = "The ECS service."
  value       = aws_ecs_service.this.id
}

output "service_name" {
  description = "Its name."
  value       = aws_ecs_service.this.name
}

output "task_definition_arn" {
  description = "The revision that was applied."
  value       = aws_ecs_task_definition.this.arn
}

output "target_group_arn_suffix" {
  description = "The target group's name in CloudWatch's dimensions; null without one."
  value       = one(aws_lb_target_group.this[*].arn_suffix)
}

output "errors_alarm_arn" {
  description = "The alarm that rolls deployments back; null without one."
  value       = one(aws_cloudwatch_metric_alarm.errors[*].arn)
}
