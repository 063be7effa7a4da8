output "security_group_id" {
  description = "Group of the interface endpoints."
  value       = aws_security_group.this.id

  # tasks that start before the endpoints are there cannot pull
  depends_on = [aws_vpc_endpoint.interface, aws_vpc_endpoint.gateway]
}

output "prefix_list_ids" {
  description = "Prefix lists of the gateway endpoints, by service: what egress to them names."
  value       = { for service, endpoint in aws_vpc_endpoint.gateway : service => endpoint.prefix_list_id }
}
