variable "name" {
  description = "Prefix of names."
  type        = string
}

variable "region" {
  description = "AWS Region."
  type        = string
}

variable "vpc_id" {
  description = "The VPC, with DNS support and DNS hostnames on."
  type        = string
}

variable "subnet_ids" {
  description = "One private subnet per zone that has tasks."
  type        = list(string)
}

variable "route_table_ids" {
  description = "Private route tables by zone, for the gateway endpoints."
  type        = map(string)
}

variable "interface" {
  description = "Interface endpoints by service. ecs, ecs-agent and ecs-telemetry are not among them: Fargate does not use them, but in Regions opened since the end of 2023."
  type        = set(string)
  default     = ["ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssmmessages"]

  validation {
    condition = length(setsubtract(var.interface, [
      "ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssmmessages", "ssm", "ec2messages", "kms", "sts", "monitoring", "xray",
      "guardduty-data", "ecs", "ecs-agent", "ecs-telemetry",
    ])) == 0
    error_message = "interface has ${join(", ", setsubtract(var.interface, ["ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssmmessages", "ssm", "ec2messages", "kms", "sts", "monitoring", "xray", "guardduty-data", "ecs", "ecs-agent", "ecs-telemetry"]))}, which tasks on Fargate do not use, or which is no interface endpoint (s3 and dynamodb go into gateway)."
  }

  validation {
    condition     = contains(var.interface, "ecr.api") == contains(var.interface, "ecr.dkr")
    error_message = "interface has one of ecr.api and ecr.dkr; a pull needs both."
  }
}

variable "gateway" {
  description = "Gateway endpoints by service; they cost nothing."
  type        = set(string)
  default     = ["s3", "dynamodb"]

  validation {
    condition     = length(setsubtract(var.gateway, ["s3", "dynamodb"])) == 0
    error_message = "gateway has ${join(", ", setsubtract(var.gateway, ["s3", "dynamodb"]))}; there are gateway endpoints for s3 and dynamodb only."
  }

  validation {
    condition     = !contains(var.interface, "ecr.dkr") || contains(var.gateway, "s3")
    error_message = "gateway lacks s3 while interface has ecr.dkr: the layers of an image come from S3."
  }
}
