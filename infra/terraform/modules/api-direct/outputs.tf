output "url" {
  description = "Where clients go."
  value       = aws_apigatewayv2_stage.this.invoke_url
}
