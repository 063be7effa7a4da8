output "url" {
  description = "Where clients go."
  value       = aws_apigatewayv2_stage.this.invoke_url
}

output "client_address_header" {
  description = "The header with the client's address."
  value       = var.client_address_header
}
