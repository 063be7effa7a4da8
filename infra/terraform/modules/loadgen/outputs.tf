output "security_group_id" {
  description = "The generators' group."
  value       = aws_security_group.this.id
}

output "log_group" {
  description = "Where master and workers write."
  value       = aws_cloudwatch_log_group.this.name
}

output "results_bucket" {
  description = "Where the results are: <master or worker>/<start>-<host>/."
  value       = aws_s3_bucket.results.bucket
}
