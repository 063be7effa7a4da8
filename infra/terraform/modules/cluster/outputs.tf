output "arn" {
  description = "The cluster."
  value       = aws_ecs_cluster.this.arn
}

output "name" {
  description = "Its name."
  value       = aws_ecs_cluster.this.name
}

output "namespace_arn" {
  description = "The Cloud Map namespace."
  value       = aws_service_discovery_http_namespace.this.arn
}

output "exec" {
  description = "Key and log group of ECS Exec sessions, for task roles; null where they are not recorded."
  value = var.exec_logging == null ? null : {
    kms_key_arn   = aws_kms_key.exec[0].arn
    log_group_arn = aws_cloudwatch_log_group.exec[0].arn
  }
}

output "private_dns_namespace_id" {
  description = "The namespace with DNS; null without one."
  value       = one(aws_service_discovery_private_dns_namespace.this[*].id)
}
