output "stop_tasks_template_ids" {
  description = "Templates that stop half of a service's tasks, by service."
  value       = { for name, template in aws_fis_experiment_template.stop_tasks : name => template.id }
}

output "zone_loss_template_ids" {
  description = "Templates that cut off a zone, by zone."
  value       = { for zone, template in aws_fis_experiment_template.zone_loss : zone => template.id }
}
