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

variable "inside" {
  description = "Faults inside tasks and how strong: for how many minutes, milliseconds of latency, percent of packets lost, the port that no packet comes in by, percent of the processors. They need the agent beside the application (module service, fault_agent). Null for none."
  type        = object({ minutes = number, latency_ms = number, loss_percent = number, port = number, cpu_percent = number })
  default     = null

  validation {
    condition     = var.inside == null ? true : var.inside.minutes >= 1 && var.inside.minutes <= 720 && var.inside.latency_ms >= 1 && min(var.inside.loss_percent, var.inside.cpu_percent) >= 1 && max(var.inside.loss_percent, var.inside.cpu_percent) <= 100
    error_message = "inside is out of range: 1 to 720 minutes, 1 ms of latency or more, 1 to 100 percent."
  }
}
