output "security_group_id" {
  description = "The database's group."
  value       = aws_security_group.this.id
}

output "port" {
  description = "The database's port."
  value       = local.port
}

output "url" {
  description = "DATABASE_URL without user and password: libpq takes those from PGUSER and PGPASSWORD."
  value       = "postgresql://${aws_db_instance.this.address}:${local.port}/${var.database}"
}

output "secrets" {
  description = "PGUSER and PGPASSWORD as a task definition's valueFrom."
  value = {
    PGUSER     = "${aws_db_instance.this.master_user_secret[0].secret_arn}:username::"
    PGPASSWORD = "${aws_db_instance.this.master_user_secret[0].secret_arn}:password::"
  }
}
