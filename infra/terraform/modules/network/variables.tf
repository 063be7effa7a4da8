variable "name" {
  description = "Prefix of names."
  type        = string
}

variable "cidr_block" {
  description = "The VPC's block, a /16: a /20 for each zone's tasks (every task takes an address), a /24 for what is public."
  type        = string

  validation {
    condition     = can(cidrhost(var.cidr_block, 0)) && endswith(var.cidr_block, "/16")
    error_message = "cidr_block is '${var.cidr_block}'; give a /16, as 10.0.0.0/16."
  }
}

variable "availability_zones" {
  description = "Zones by name and in order. Not read from AWS: a new zone there must not change a plan."
  type        = list(string)

  validation {
    condition     = length(distinct(var.availability_zones)) >= 2
    error_message = "availability_zones has ${length(distinct(var.availability_zones))} zones; give at least two."
  }
}

variable "nat" {
  description = "zonal: a NAT gateway in each zone, so that a zone lost takes only its own way out. none: no way out but VPC endpoints (or a regional NAT gateway, module v6/regional-nat)."
  type        = string
  default     = "zonal"

  validation {
    condition     = contains(["zonal", "none"], var.nat)
    error_message = "nat is '${var.nat}'; say zonal or none. For a regional NAT gateway say none and add the module v6/regional-nat."
  }
}

variable "load_subnets" {
  description = "Whether load generators get private subnets of their own, a /24 in each zone."
  type        = bool
  default     = false
}

variable "flow_logs" {
  description = "Account and retention of the flow logs, or null for none."
  type        = object({ account_id = string, retention_in_days = number })
  default     = null
}
