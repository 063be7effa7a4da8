output "url" {
  description = "Where clients go."
  value       = aws_api_gateway_stage.this.invoke_url
}

output "stage_arn" {
  description = "The stage."
  value       = aws_api_gateway_stage.this.arn
}
