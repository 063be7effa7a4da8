# Somebody's own root: a provider block that names nothing, and a backend far away.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }

  backend "s3" {
    bucket = "production-state"
    key    = "own.tfstate"
    region = "eu-west-1"
  }
}

provider "aws" {}

variable "image" {
  type    = string
  default = "order-api:1"
}

variable "desired_count" {
  type    = number
  default = 1
}

variable "rollback" {
  type    = bool
  default = false
}

data "aws_caller_identity" "this" {}

resource "aws_ecs_cluster" "this" {
  name = "own"
}

resource "aws_ecs_task_definition" "this" {
  family                   = "own"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512

  container_definitions = jsonencode([{
    name         = "app"
    image        = var.image
    portMappings = [{ containerPort = 8080 }]
  }])
}

resource "aws_ecs_service" "this" {
  name                  = "own"
  cluster               = aws_ecs_cluster.this.id
  task_definition       = aws_ecs_task_definition.this.arn
  launch_type           = "FARGATE"
  desired_count         = var.desired_count
  wait_for_steady_state = true

  deployment_circuit_breaker {
    enable   = true
    rollback = var.rollback
  }

  network_configuration {
    subnets = ["subnet-1", "subnet-2"]
  }
}

output "account" {
  value = data.aws_caller_identity.this.account_id
}
