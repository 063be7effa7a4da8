output "load_balancer_arn" {
  description = "The load balancer."
  value       = module.edge.arn
}

output "services" {
  description = "Services and the revisions that were applied."
  value = {
    for name, service in merge(module.service_first, module.service_second, module.service_third) :
    name => { arn = service.service_arn, task_definition = service.task_definition_arn }
  }
}
