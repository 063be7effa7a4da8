variable "name" {
  description = "Name of the cluster."
  type        = string
}

variable "namespace" {
  description = "Name of the Cloud Map namespace."
  type        = string
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
