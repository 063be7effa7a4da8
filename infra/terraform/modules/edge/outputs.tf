output "arn" {
  description = "The load balancer."
  value       = aws_lb.this.arn
}

output "arn_suffix" {
  description = "Its name in CloudWatch's dimensions."
  value       = aws_lb.this.arn_suffix
}

output "dns_name" {
  description = "Where it answers."
  value       = aws_lb.this.dns_name
}

output "security_group_id" {
  description = "Its security group."
  value       = aws_security_group.this.id
}

output "listener_arns" {
  description = "The listeners that forward to services, by protocol: the one on 80 is not among them when it redirects."
  value = merge(
    var.load_balancer.http == "forward" ? { http = aws_lb_listener.http[0].arn } : {},
    var.load_balancer.https ? { https = aws_lb_listener.https[0].arn } : {},
  )
}
