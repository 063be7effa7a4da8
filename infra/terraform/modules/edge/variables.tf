variable "name" {
  description = "Name of the load balancer, prefix of the rest."
  type        = string
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets, one per zone: public ones for a public load balancer, else private ones."
  type        = list(string)
}

variable "public" {
  description = "Whether the internet reaches it. If not, whoever stands in front (api-nlb, api-direct) adds its own rule to the group."
  type        = bool
}

variable "load_balancer" {
  description = "idle_timeout and client_keep_alive in seconds; http is forward or redirect; https says whether there is a listener on 443."
  type = object({
    idle_timeout               = number
    client_keep_alive          = number
    http                       = string
    https                      = bool
    drop_invalid_header_fields = bool
  })
}

variable "certificate_arn" {
  description = "Certificate of the listener on 443."
  type        = string
  default     = null

  validation {
    condition     = !var.load_balancer.https || var.certificate_arn != null
    error_message = "certificate_arn is null and load_balancer.https is true; name the certificate in ACM, or switch https off."
  }
}

variable "deletion_protection" {
  description = "Refuses to delete the load balancer; false where `terraform destroy` is meant to work."
  type        = bool
  default     = true
}

variable "access_logs" {
  description = "Account, and days that access logs are kept in a bucket made for them; null for none."
  type        = object({ account_id = string, region = string, days = number, force_destroy = bool })
  default     = null
}
