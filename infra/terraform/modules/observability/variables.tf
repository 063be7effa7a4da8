variable "name" {
  description = "Prefix of names."
  type        = string
}

variable "region" {
  description = "AWS Region."
  type        = string
}

variable "account_id" {
  description = "The account."
  type        = string
}

variable "cluster" {
  description = "The cluster's name and ARN."
  type        = object({ name = string, arn = string })
}

variable "load_balancer_arn_suffix" {
  description = "The load balancer in CloudWatch's dimensions."
  type        = string
}

variable "services" {
  description = "By name: least number of running tasks, the target group in CloudWatch's dimensions (null without one), and whether others call it by Service Connect."
  type = map(object({
    running                 = number
    balanced                = bool
    target_group_arn_suffix = string
    service_connect         = bool
  }))
}

variable "p99_seconds" {
  description = "p99 of the targets' answers from which to warn."
  type        = number
  default     = 1
}

variable "errors_per_minute" {
  description = "5xx answers per minute from which to warn, and from which an experiment is stopped."
  type        = number
  default     = 10
}

variable "alarm_topic_arns" {
  description = "SNS topics that alarms go to."
  type        = list(string)
  default     = []
}

variable "retention_in_days" {
  description = "Days that ECS's events are kept."
  type        = number
  default     = 30
}
