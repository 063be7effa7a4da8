output "vpc_id" {
  description = "The VPC."
  value       = aws_vpc.this.id
}

output "public_subnet_ids" {
  description = "Public subnets by zone."
  value       = { for zone, subnet in aws_subnet.public : zone => subnet.id }
}

output "private_subnet_ids" {
  description = "Private subnets by zone."
  value       = { for zone, subnet in aws_subnet.private : zone => subnet.id }

  # whoever starts tasks there needs the way out first
  depends_on = [aws_route.nat, aws_route_table_association.private]
}

output "private_route_table_ids" {
  description = "Private route tables by zone."
  value       = { for zone, table in aws_route_table.private : zone => table.id }
}

output "load_subnet_ids" {
  description = "Subnets of load generators by zone; empty without them."
  value       = { for zone, subnet in aws_subnet.load : zone => subnet.id }

  depends_on = [aws_route.nat, aws_route_table_association.load]
}
