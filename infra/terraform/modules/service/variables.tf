variable "name" {
  description = "Name of the service: its family, target group, log group and Service Connect name."
  type        = string
}

variable "image" {
  description = "Image with an immutable tag or a digest."
  type        = string

  validation {
    condition     = !endswith(var.image, ":latest") && can(regex("[:@][^/]+$", var.image))
    error_message = "image is '${var.image}'; name a tag other than latest, or a digest: what runs must be what was tested."
  }
}

variable "settings" {
  description = "The service's part of the settings file."
  type = object({
    cpu            = number
    memory         = number
    container_port = number
    environment    = map(string)
    stop_timeout   = number
    container_health_check = object({
      command      = list(string)
      interval     = number
      timeout      = number
      retries      = number
      start_period = number
    })
    desired_count = number
    deployment = object({
      minimum_healthy_percent       = number
      maximum_percent               = number
      health_check_grace_period     = number
      circuit_breaker               = object({ enable = bool, rollback = bool })
      availability_zone_rebalancing = bool
    })
    target_group = object({
      path_patterns        = list(string)
      priority             = number
      deregistration_delay = number
      slow_start           = number
      algorithm            = string
      health_check = object({
        path                = string
        matcher             = string
        interval            = number
        timeout             = number
        healthy_threshold   = number
        unhealthy_threshold = number
      })
    })
    service_connect = object({
      dns_name            = string
      port                = number
      per_request_timeout = number
      idle_timeout        = number
    })
    calls = list(string)
    container = optional(object({
      entry_point               = list(string)
      command                   = list(string)
      user                      = string
      read_only_root_filesystem = bool
      drop_capabilities         = bool
    }), { entry_point = null, command = null, user = "10001:10001", read_only_root_filesystem = true, drop_capabilities = true })
  })
}

variable "platform" {
  description = "Where the service lives: what is the same for all services of a root."
  type = object({
    stack         = string
    region        = string
    account_id    = string
    cluster_arn   = string
    cluster_name  = string
    namespace_arn = string
    vpc_id        = string
    subnet_ids    = list(string)
    load_balancer = object({
      security_group_id = string
      listener_arns     = map(string)
      arn_suffix        = string
    })
    exec = object({ kms_key_arn = string, log_group_arn = string })
  })
}

variable "reaches" {
  description = "What the tasks may connect to, by a name of one's own. With a security group both sides of the chain are made: the tasks' egress and the other's ingress. Else a prefix list, or a CIDR block for what is outside."
  type = map(object({
    port              = number
    security_group_id = optional(string)
    prefix_list_id    = optional(string)
    cidr_ipv4         = optional(string)
    kind              = string # group, prefix-list or cidr: known before the ids are
  }))
  default = {}

  validation {
    condition     = alltrue([for r in var.reaches : contains(["group", "prefix-list", "cidr"], r.kind)])
    error_message = "reaches has a kind other than group, prefix-list and cidr."
  }
}

variable "secrets" {
  description = "Environment variables from Secrets Manager or Parameter Store, as the API's valueFrom: <secret's ARN>:<key>::"
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for value in values(var.secrets) : can(regex("^arn:[^:]+:(secretsmanager:[^:]*:[^:]*:secret:|ssm:[^:]*:[^:]*:parameter/).", value))])
    error_message = "secrets has ${join(", ", [for name, value in var.secrets : name if !can(regex("^arn:[^:]+:(secretsmanager:[^:]*:[^:]*:secret:|ssm:[^:]*:[^:]*:parameter/).", value))])}: give the ARN of a secret or of a parameter, not its value."
  }
}

variable "service_connect_tls" {
  description = "TLS between Service Connect's proxies: the ARN of a private CA of ACM, which costs by the month, and a KMS key for the certificates' keys (null: AWS's own). Null: plain text within the VPC."
  type        = object({ certificate_authority_arn = string, kms_key_arn = optional(string) })
  default     = null

  validation {
    condition     = var.service_connect_tls == null ? true : var.settings.service_connect != null
    error_message = "service_connect_tls is set and the service publishes no Service Connect name; it is the callee that brings the certificate."
  }
}

variable "environment" {
  description = "Environment variables beside those of the settings, as addresses that only this environment knows."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for k, v in var.environment : !can(regex("(PASSWORD|SECRET|TOKEN|CREDENTIAL|API_KEY|PRIVATE_KEY)", upper(k))) && !can(regex("://[^/@]*:[^/@]*@", v))])
    error_message = "environment holds a secret (${join(", ", [for k, v in var.environment : k if can(regex("(PASSWORD|SECRET|TOKEN|CREDENTIAL|API_KEY|PRIVATE_KEY)", upper(k))) || can(regex("://[^/@]*:[^/@]*@", v))])}); put it into secrets."
  }
}

variable "writable_paths" {
  description = "Paths with a volume; all else of the file system is read-only. On Fargate an empty volume belongs to root (0755) unless the image declares the path as VOLUME. With execute_command those of its agent come on top."
  type        = list(string)
  default     = ["/tmp"]
}

variable "repository_arn" {
  description = "ECR repository that the image comes from, or null."
  type        = string
  default     = null
}

variable "cpu_architecture" {
  description = "X86_64 or ARM64, as the image was built for."
  type        = string
  default     = "X86_64"

  validation {
    condition     = contains(["X86_64", "ARM64"], var.cpu_architecture)
    error_message = "cpu_architecture is '${var.cpu_architecture}'; say X86_64 or ARM64."
  }
}

variable "log_retention_in_days" {
  description = "Days that logs are kept; null where the log group and the roles are not Terraform's, as on the local Fargate."
  type        = number
  default     = 14
}

variable "execute_command" {
  description = "ECS Exec into tasks."
  type        = bool
  default     = false
}

variable "fault_injection" {
  description = "Lets FIS inject network faults into tasks. AWS demands that ECS Exec is off then."
  type        = bool
  default     = false

  validation {
    condition     = !(var.fault_injection && var.execute_command)
    error_message = "fault_injection and execute_command are both on; FIS's task actions need ECS Exec switched off."
  }
}

variable "fault_agent" {
  description = "The agent beside the application by which FIS's actions in tasks work (CPU, latency, packet loss, closed ports, killed processes): its image and the role of the managed instance, from the module chaos. Null: no agent. It needs the internet to install its tools, and is not for production."
  type        = object({ image = string, role_name = string, role_arn = string })
  default     = null

  validation {
    condition     = var.fault_agent == null ? true : var.fault_injection
    error_message = "fault_agent is set and fault_injection is off; on Fargate its actions on the network need both."
  }

  validation {
    condition     = var.fault_agent == null ? true : !endswith(var.fault_agent.image, ":latest") && can(regex("[:@][^/]+$", var.fault_agent.image))
    error_message = "fault_agent.image needs a tag other than latest, or a digest."
  }
}

variable "rollback_alarm" {
  description = "5xx answers per minute from which a deployment is rolled back; null: no alarm."
  type        = number
  default     = null
}

variable "autoscaling" {
  description = "Bounds, CPU target in percent and requests per minute and task; null for a fixed count."
  type        = object({ min = number, max = number, cpu_percent = number, requests_per_minute = number })
  default     = null

  validation {
    condition     = var.autoscaling == null ? true : var.autoscaling.min >= 2 && var.autoscaling.max >= var.autoscaling.min
    error_message = "autoscaling.min is below 2 or above max; with one task its replacement is an outage."
  }
}

variable "plain_dns" {
  description = "A private DNS namespace of Cloud Map: A records instead of Service Connect, or beside it for clients outside the namespace. Null: Service Connect only."
  type        = object({ namespace_id = string }) # an object, as the id is known only later
  default     = null
}

variable "wait_for_steady_state" {
  description = "Whether an apply waits until the deployment has ended, and fails if it was rolled back."
  type        = bool
  default     = true
}
