output "stop_tasks_template_ids" {
  description = "Templates that stop half of a service's tasks, by service."
  value       = { for name, template in aws_fis_experiment_template.stop_tasks : name => template.id }
}

output "zone_loss_template_ids" {
  description = "Templates that cut off a zone, by zone."
  value       = { for zone, template in aws_fis_experiment_template.zone_loss : zone => template.id }
}

output "inside_template_ids" {
  description = "Experiments inside tasks, by service and fault."
  value       = { for key, template in aws_fis_experiment_template.inside : key => template.id }
}

output "agent_role" {
  description = "The role that tasks have as managed instances, for the services' fault_agent; null without such faults."
  value       = var.inside == null ? null : { name = aws_iam_role.agent[0].name, arn = aws_iam_role.agent[0].arn }
}
