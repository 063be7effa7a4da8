output "name" {
  description = "Name of the stack."
  value       = var.name
}

output "region" {
  description = "AWS Region."
  value       = var.region
}

output "availability_zones" {
  description = "The zones, in order."
  value       = var.availability_zones
}

output "namespace" {
  description = "Cloud Map namespace."
  value       = var.namespace
}

output "load_balancer" {
  description = "Settings of the load balancer."
  value       = var.load_balancer
}

output "services" {
  description = "The services, typed and checked."
  value       = var.services
}

output "tiers" {
  description = "Names of the services in three lists: those that call nobody; those that call only these; the rest."
  value       = [local.first, local.second, local.third]

  precondition {
    condition     = length(local.unplaced) == 0
    error_message = "calls of ${join(", ", local.unplaced)} go in a circle or through more than three services in a row; a callee must be deployed before its caller, and this stack has three tiers."
  }
}
