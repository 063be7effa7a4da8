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

variable "private_ipv4_addresses" {
  description = "The NLB's address by zone, for clients that allow addresses and not names; {}: AWS chooses. Only when it is made."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.private_ipv4_addresses), keys(var.subnet_ids))) == 0
    error_message = "private_ipv4_addresses has ${join(", ", setsubtract(keys(var.private_ipv4_addresses), keys(var.subnet_ids)))}, zones without a subnet here."
  }
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

variable "log_retention_in_days" {
  description = "Days that access logs are kept."
  type        = number
}

variable "account_settings" {
  description = "Whether API Gateway's role for logs is set here. It is one per account and Region: false where another stack has set it."
  type        = bool
  default     = true
}
