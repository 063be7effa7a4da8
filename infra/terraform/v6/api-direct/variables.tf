variable "name" {
  description = "Name of the API, prefix of the rest."
  type        = string
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets, one per zone."
  type        = list(string)
}

variable "load_balancer" {
  description = "The internal ALB behind."
  type        = object({ arn = string, security_group_id = string })
}

variable "domain_name" {
  description = "A name on the ALB's certificate: API Gateway checks it."
  type        = string
}

variable "timeout_milliseconds" {
  description = "When API Gateway gives up. Everything behind must be quicker."
  type        = number
  default     = 29000

  validation {
    condition     = var.timeout_milliseconds >= 50 && var.timeout_milliseconds <= 29000
    error_message = "timeout_milliseconds is ${var.timeout_milliseconds}; API Gateway takes 50 to 29000."
  }
}
