variable "name" {
  description = "Name of the cluster."
  type        = string
}

variable "namespace" {
  description = "Name of the Cloud Map namespace."
  type        = string
}

variable "private_dns" {
  description = "A private DNS zone beside the namespace, and the VPC that it is seen from; null for none. Its name must be another than the namespace's: both are Cloud Map's."
  type        = object({ name = string, vpc_id = string })
  default     = null

  validation {
    condition     = var.private_dns == null ? true : var.private_dns.name != var.namespace && can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.private_dns.name))
    error_message = "private_dns.name must be a domain of two parts or more, as rehearsal.internal, and not the namespace's name."
  }
}

variable "exec_logging" {
  description = "Account, Region and retention of what is typed in ECS Exec sessions; null: not recorded."
  type        = object({ account_id = string, region = string, retention_in_days = number })
  default     = null
}

variable "container_insights" {
  description = "enhanced: metrics per task and container, which show which task was the bad one."
  type        = string
  default     = "enhanced"

  validation {
    condition     = contains(["enhanced", "enabled", "disabled"], var.container_insights)
    error_message = "container_insights is '${var.container_insights}'; say enhanced, enabled or disabled."
  }
}

variable "tags" {
  description = "Tags of the cluster."
  type        = map(string)
  default     = {}
}
