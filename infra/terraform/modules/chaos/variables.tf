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

variable "services" {
  description = "Services whose tasks may be stopped."
  type        = set(string)
}

variable "zones" {
  description = "By zone, the private subnet that is cut off."
  type        = map(object({ subnet_arn = string }))
}

variable "stop_alarm_arn" {
  description = "The alarm that ends an experiment at once."
  type        = string
}

variable "zone_loss_minutes" {
  description = "How long a zone is gone."
  type        = number
  default     = 5

  validation {
    condition     = var.zone_loss_minutes >= 1 && var.zone_loss_minutes <= 60
    error_message = "zone_loss_minutes is ${var.zone_loss_minutes}; say 1 to 60."
  }
}
