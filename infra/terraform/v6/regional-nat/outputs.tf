output "nat_gateway_id" {
  description = "The gateway."
  value       = aws_nat_gateway.this.id
}
