variable "name" {
  description = "Name of the web ACL."
  type        = string
}

variable "guarded" {
  description = "ARNs of what it guards, by a name of one's own: an ALB, or the stage of a REST API. HTTP APIs and NLBs take no web ACL."
  type        = map(string)
}

variable "requests_per_5_minutes" {
  description = "Requests per address in five minutes. Keep it above what a load test sends from one address, or drills measure the WAF."
  type        = number

  validation {
    condition     = var.requests_per_5_minutes >= 10
    error_message = "requests_per_5_minutes is ${var.requests_per_5_minutes}; WAF takes no less than 10."
  }
}

variable "client_address_header" {
  description = "Header with the client's address, where the connection's is not the client's: behind an HTTP API it is the VPC link's. Null: the connection's."
  type        = string
  default     = null
}

variable "log_retention_in_days" {
  description = "Days that its log is kept."
  type        = number
}
