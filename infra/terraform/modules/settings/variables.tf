variable "name" {
  description = "Name of the stack: cluster, load balancer, prefix of everything else."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name))
    error_message = "name is '${var.name}'; use 2 to 20 lower-case letters, digits and dashes, beginning with a letter: names of load balancers and roles are made from it."
  }
}

variable "region" {
  description = "AWS Region."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is '${var.region}'; a Region looks like eu-central-1."
  }
}

variable "availability_zones" {
  description = "Zones, by name and in order: a zone's CIDR blocks follow from its place, so add at the end."
  type        = list(string)

  validation {
    condition     = length(distinct(var.availability_zones)) == length(var.availability_zones) && length(var.availability_zones) >= 2 && length(var.availability_zones) <= 6
    error_message = "availability_zones has ${length(distinct(var.availability_zones))} different zones; give 2 to 6, each once: with one, the loss of a zone stops everything."
  }

  validation {
    condition     = alltrue([for zone in var.availability_zones : can(regex("^${var.region}[a-z]$", zone))])
    error_message = "availability_zones has zones outside ${var.region}; name its own, as ${var.region}a."
  }
}

variable "namespace" {
  description = "Cloud Map namespace of Service Connect."
  type        = string
}

variable "load_balancer" {
  description = "What the load balancer does with connections and with plain HTTP."
  type = object({
    idle_timeout               = number
    client_keep_alive          = number
    http                       = string
    https                      = bool
    drop_invalid_header_fields = bool
  })

  validation {
    condition     = var.load_balancer.idle_timeout >= 1 && var.load_balancer.idle_timeout <= 4000
    error_message = "load_balancer.idle_timeout is ${var.load_balancer.idle_timeout}; an ALB takes 1 to 4000 seconds."
  }

  validation {
    condition     = contains(["forward", "redirect"], var.load_balancer.http)
    error_message = "load_balancer.http is '${var.load_balancer.http}'; say forward or redirect."
  }

  validation {
    condition     = var.load_balancer.https || var.load_balancer.http == "forward"
    error_message = "load_balancer.http is 'redirect' and https is false: nothing would answer; set https to true."
  }
}

variable "services" {
  description = "The services, by name."
  type = map(object({
    image          = string
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
  }))

  validation {
    condition     = alltrue([for name, s in var.services : can(regex("^[a-z][a-z0-9-]{0,30}[a-z0-9]$", name))])
    error_message = "services has a name that is not 2 to 32 lower-case letters, digits and dashes."
  }

  validation {
    condition     = alltrue([for s in var.services : contains([256, 512, 1024, 2048, 4096, 8192, 16384], s.cpu)])
    error_message = "cpu of ${join(", ", [for n, s in var.services : "${n} is ${s.cpu}" if !contains([256, 512, 1024, 2048, 4096, 8192, 16384], s.cpu)])}; Fargate has 256, 512, 1024, 2048, 4096, 8192 and 16384."
  }

  validation {
    condition     = alltrue([for s in var.services : s.stop_timeout >= 2 && s.stop_timeout <= 120])
    error_message = "stop_timeout of ${join(", ", [for n, s in var.services : "${n} is ${s.stop_timeout}" if s.stop_timeout < 2 || s.stop_timeout > 120])}; Fargate takes 2 to 120 seconds."
  }

  validation {
    condition     = alltrue([for s in var.services : tonumber(lookup(s.environment, "DRAIN_SECONDS", "0")) < s.stop_timeout])
    error_message = "stop_timeout of ${join(", ", [for n, s in var.services : n if tonumber(lookup(s.environment, "DRAIN_SECONDS", "0")) >= s.stop_timeout])} is not above its DRAIN_SECONDS: SIGKILL would come while it still drains."
  }

  # An ALB reuses an idle connection up to idle_timeout; one that the application closes first
  # is a 502 for whoever came last.
  validation {
    condition     = alltrue([for s in var.services : s.target_group == null ? true : tonumber(lookup(s.environment, "KEEP_ALIVE_SECONDS", "5")) > var.load_balancer.idle_timeout])
    error_message = "KEEP_ALIVE_SECONDS of ${join(", ", [for n, s in var.services : n if s.target_group == null ? false : tonumber(lookup(s.environment, "KEEP_ALIVE_SECONDS", "5")) <= var.load_balancer.idle_timeout])} is not above load_balancer.idle_timeout (${var.load_balancer.idle_timeout} s): the load balancer would send requests on connections that the application closes. Unset counts as 5, uvicorn's own."
  }

  validation {
    condition     = alltrue([for s in var.services : s.deployment.circuit_breaker.enable && s.deployment.circuit_breaker.rollback])
    error_message = "deployment.circuit_breaker of ${join(", ", [for n, s in var.services : n if !(s.deployment.circuit_breaker.enable && s.deployment.circuit_breaker.rollback)])} is not on with rollback: a broken release would hang or stay."
  }

  # Floor and ceiling that leave no step: nothing may be started and nothing stopped.
  validation {
    condition     = alltrue([for s in var.services : s.desired_count == 0 || floor(s.desired_count * s.deployment.maximum_percent / 100) > ceil(s.desired_count * s.deployment.minimum_healthy_percent / 100)])
    error_message = "deployment of ${join(", ", [for n, s in var.services : n if s.desired_count != 0 && floor(s.desired_count * s.deployment.maximum_percent / 100) <= ceil(s.desired_count * s.deployment.minimum_healthy_percent / 100)])} leaves no room for a first step: raise maximum_percent or lower minimum_healthy_percent."
  }

  validation {
    condition     = alltrue([for s in var.services : s.target_group == null ? true : s.deployment.health_check_grace_period >= (s.container_health_check == null ? 1 : s.container_health_check.start_period)])
    error_message = "health_check_grace_period of ${join(", ", [for n, s in var.services : n if s.target_group == null ? false : s.deployment.health_check_grace_period < (s.container_health_check == null ? 1 : s.container_health_check.start_period)])} is below the container's start_period, or 0: tasks would be killed while they start."
  }

  validation {
    condition     = alltrue([for s in var.services : s.target_group == null ? true : s.target_group.health_check.timeout < s.target_group.health_check.interval])
    error_message = "target_group.health_check.timeout of ${join(", ", [for n, s in var.services : n if s.target_group == null ? false : s.target_group.health_check.timeout >= s.target_group.health_check.interval])} is not below its interval."
  }

  validation {
    condition     = alltrue([for s in var.services : s.target_group == null ? true : contains(["round_robin", "least_outstanding_requests"], s.target_group.algorithm) && (s.target_group.slow_start == 0 || s.target_group.algorithm == "round_robin")])
    error_message = "target_group of ${join(", ", [for n, s in var.services : n if s.target_group == null ? false : !(contains(["round_robin", "least_outstanding_requests"], s.target_group.algorithm) && (s.target_group.slow_start == 0 || s.target_group.algorithm == "round_robin"))])}: algorithm is round_robin or least_outstanding_requests, and slow_start only goes with round_robin."
  }

  validation {
    condition     = length(distinct([for s in var.services : s.target_group.priority if s.target_group != null])) == length([for s in var.services : s if s.target_group != null])
    error_message = "two services have the same target_group.priority (${join(", ", sort([for n, s in var.services : "${n} ${s.target_group.priority}" if s.target_group != null]))}); each rule of a listener needs its own."
  }

  validation {
    condition     = alltrue([for s in var.services : s.service_connect == null ? true : s.service_connect.idle_timeout == 0 || s.service_connect.idle_timeout >= s.service_connect.per_request_timeout])
    error_message = "service_connect.idle_timeout of ${join(", ", [for n, s in var.services : n if s.service_connect == null ? false : s.service_connect.idle_timeout != 0 && s.service_connect.idle_timeout < s.service_connect.per_request_timeout])} is below per_request_timeout: it would cut the request first."
  }

  validation {
    condition     = length(distinct([for s in var.services : "${s.service_connect.dns_name}:${s.service_connect.port}" if s.service_connect != null])) == length([for s in var.services : s if s.service_connect != null])
    error_message = "two services have the same service_connect name and port; each alias stands once in a namespace."
  }

  validation {
    condition     = alltrue(flatten([for s in var.services : [for callee in s.calls : try(var.services[callee].service_connect.port, null) != null]]))
    error_message = "calls names ${join(", ", flatten([for n, s in var.services : [for callee in s.calls : "${callee} (by ${n})" if try(var.services[callee].service_connect.port, null) == null]]))}: no service with a service_connect name here; give it one or remove the call."
  }

  validation {
    condition     = alltrue(flatten([for s in var.services : [for k, v in s.environment : !can(regex("(PASSWORD|SECRET|TOKEN|CREDENTIAL|API_KEY|PRIVATE_KEY)", upper(k))) && !can(regex("://[^/@]*:[^/@]*@", v))]]))
    error_message = "environment has ${join(", ", flatten([for n, s in var.services : [for k, v in s.environment : "${k} of ${n}" if can(regex("(PASSWORD|SECRET|TOKEN|CREDENTIAL|API_KEY|PRIVATE_KEY)", upper(k))) || can(regex("://[^/@]*:[^/@]*@", v))]]))}: whoever may describe a task definition reads it there; use Secrets Manager."
  }
}
