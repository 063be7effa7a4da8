#### From the settings file (app.auto.tfvars.json); types and checks are in modules/settings ####

variable "name" {
  description = "Name of the stack."
  type        = string
}

variable "region" {
  description = "AWS Region."
  type        = string
}

variable "availability_zones" {
  description = "Zones, in order."
  type        = list(string)
}

variable "namespace" {
  description = "Cloud Map namespace."
  type        = string
}

variable "load_balancer" {
  description = "Settings of the load balancer."
  type        = any
}

variable "services" {
  description = "The services, by name."
  type        = any
}

#### What only this environment has (staging.auto.tfvars) ####

variable "account_id" {
  description = "The account; the provider refuses to work in another."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id is '${var.account_id}'; an account has 12 digits."
  }
}

variable "cidr_block" {
  description = "The VPC's /16."
  type        = string
}

variable "nat" {
  description = "zonal or none."
  type        = string
}

variable "interface_endpoints" {
  description = "Interface endpoints by service."
  type        = set(string)
}

variable "edge" {
  description = "mode: none is a public ALB; nlb is API Gateway, NLB, ALB, as in the article; direct is an HTTP API and an ALB. domain_name is on the certificate. Port 80 redirects here whatever the settings say: there it forwards so that curl needs no certificate."
  type        = object({ mode = string, certificate_arn = string, domain_name = string })

  validation {
    condition     = contains(["none", "nlb", "direct"], var.edge.mode)
    error_message = "edge.mode is '${var.edge.mode}'; say none, nlb or direct."
  }
}

variable "waf_requests_per_5_minutes" {
  description = "Requests per address in five minutes, or null for no web ACL. 200 requests per second from one address are 60000."
  type        = number
}

variable "retention_in_days" {
  description = "Days that logs are kept."
  type        = number
}

variable "deletion_protection" {
  description = "Refuses to delete load balancer and database."
  type        = bool
}

variable "execute_command" {
  description = "ECS Exec into tasks."
  type        = bool
}

variable "fault_injection" {
  description = "Network faults by FIS; needs execute_command off."
  type        = bool
}

variable "rollback_alarm" {
  description = "5xx answers per minute that roll a deployment back; null for no alarm."
  type        = number
}

variable "autoscaling" {
  description = "Bounds and targets of every service; null for fixed counts."
  type        = object({ min = number, max = number, cpu_percent = number, requests_per_minute = number })
}

variable "database_service" {
  description = "The service that keeps its data in PostgreSQL; null for no database."
  type        = string

  validation {
    condition     = var.database_service == null ? true : contains(keys(var.services), var.database_service)
    error_message = "database_service names no service of the settings."
  }
}

variable "chaos" {
  description = "Whether there are FIS experiment templates."
  type        = bool
}

variable "faults_inside" {
  description = "With fault_injection: faults inside tasks, how strong, and the image of the agent that FIS reaches them by; null for none."
  type        = object({ agent_image = string, minutes = number, latency_ms = number, loss_percent = number, port = number, cpu_percent = number })
}

variable "certificate_authority_arn" {
  description = "A private CA of ACM for TLS between Service Connect's proxies; null: plain text within the VPC."
  type        = string
}

variable "private_dns_zone" {
  description = "A private DNS zone that services are in, too, for clients that know no Service Connect; null for none."
  type        = string
}

variable "load" {
  description = "Load generators: requests per second, workers, whether they run, the image of the AWS command line that keeps their results; null for none."
  type        = object({ image_tag = string, results_image = string, rate = number, workers = number, running = bool })
}
