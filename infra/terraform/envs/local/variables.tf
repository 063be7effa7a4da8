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

#### The plane ####

# `rehearse up --terraform` and `rehearse terraform` set these three (TF_VAR_aws_endpoint_url ...).

variable "aws_endpoint_url" {
  description = "Where the local Fargate answers AWS calls."
  type        = string
  default     = "http://127.0.0.1:4566"

  validation {
    condition     = can(regex("^https?://[^/]+$", var.aws_endpoint_url))
    error_message = "aws_endpoint_url is '${var.aws_endpoint_url}'; give scheme, host and port, as http://127.0.0.1:4566."
  }
}

variable "aws_access_key_id" {
  description = "Access key of the plane; it looks at it only where it listens to more than loopback."
  type        = string
  default     = "test"
}

variable "aws_secret_access_key" {
  description = "Its secret."
  type        = string
  default     = "test"
  sensitive   = true
}

variable "vpc_id" {
  description = "The VPC that the plane's own security groups are in. The plane has no networks: VPC and subnets are names there, and nothing is made for them."
  type        = string
  default     = "vpc-0a1b2c3d4e5f60718"
}

variable "writable_paths" {
  description = "By service, the paths with a volume; a service that is not named has /tmp."
  type        = map(list(string))
  default     = { order-api = ["/tmp", "/data"] } # its SQLite file
}

variable "wait_for_steady_state" {
  description = "Whether an apply waits for deployments to end, and fails when one was rolled back."
  type        = bool
  default     = true
}
