output "load_balancer_dns_name" {
  description = "What edge.domain_name should point to when the load balancer is public."
  value       = module.edge.dns_name
}

output "api_url" {
  description = "Where clients go when API Gateway is in front; else null."
  value       = var.edge.mode == "nlb" ? one(module.api_nlb[*].url) : one(module.api_direct[*].url)
}

output "cluster" {
  description = "The cluster's name, for `rehearse drill --target aws --cluster`."
  value       = module.cluster.name
}

output "repositories" {
  description = "Where to push the images."
  value       = module.registry.urls
}

output "services" {
  description = "Services and the revisions that were applied."
  value       = { for name, service in local.made : name => { arn = service.service_arn, task_definition = service.task_definition_arn } }
}

output "experiments" {
  description = "FIS experiment templates; null without chaos."
  value       = var.chaos ? { stop_tasks = module.chaos[0].stop_tasks_template_ids, zone_loss = module.chaos[0].zone_loss_template_ids, inside = module.chaos[0].inside_template_ids } : null
}

output "load_results" {
  description = "The bucket with what the load generators measured; null without them."
  value       = one(module.loadgen[*].results_bucket)
}
