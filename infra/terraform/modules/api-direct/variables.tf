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
  description = "The internal ALB behind and its listener on 443."
  type        = object({ security_group_id = string, https_listener_arn = string })
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
    condition     = var.timeout_milliseconds >= 50 && var.timeout_milliseconds <= 30000
    error_message = "timeout_milliseconds is ${var.timeout_milliseconds}; an HTTP API takes 50 to 30000."
  }
}

variable "client_address_header" {
  description = "Header that the API sets to the client's address, for the web ACL behind it."
  type        = string
  default     = "X-Client-Address"
}

variable "throttle" {
  description = "Requests per second, and at once, that the API lets through. AWS's own limits are those of the account and Region, 10000 and 5000."
  type        = object({ rate = number, burst = number })
  default     = { rate = 10000, burst = 5000 }
}

variable "log_retention_in_days" {
  description = "Days that access logs are kept."
  type        = number
}
