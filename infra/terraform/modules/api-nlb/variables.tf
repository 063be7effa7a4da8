variable "name" {
  description = "Name of the API, prefix of the rest."
  type        = string
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets by zone; the NLB has an address in each."
  type        = map(string)
}

variable "load_balancer" {
  description = "The internal ALB behind: it needs its listener on 443 before it can be a target."
  type        = object({ arn = string, security_group_id = string, https_listener_arn = string })
}

variable "domain_name" {
  description = "A name on the ALB's certificate: API Gateway checks it."
  type        = string
}

variable "health_check_path" {
  description = "What the NLB asks the ALB for. Anything below 500 says that the ALB is there, also its 404."
  type        = string
  default     = "/"
}

variable "deletion_protection" {
  description = "Refuses to delete the NLB."
  type        = bool
  default     = true
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
