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

#### Answered by moto: what the plane does not have ####

resource "aws_vpc" "this" {
  cidr_block = "10.0.0.0/16"
}

resource "aws_subnet" "this" {
  for_each = { "eu-central-1a" = "10.0.1.0/24", "eu-central-1b" = "10.0.2.0/24" }

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value
}

resource "aws_iam_role" "task" {
  name = "own-task"

  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Action    = "sts:AssumeRole"
      Effect    = "Allow"
      Principal = { Service = "ecs-tasks.amazonaws.com" }
    }]
  })
}

#### Answered by the plane ####

resource "aws_security_group" "task" {
  name   = "own-task"
  vpc_id = aws_vpc.this.id
}

resource "aws_ecs_cluster" "this" {
  name = "own"
}

resource "aws_ecs_task_definition" "this" {
  family                   = "own"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 256
  memory                   = 512
  task_role_arn            = aws_iam_role.task.arn

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
    subnets         = [for subnet in aws_subnet.this : subnet.id]
    security_groups = [aws_security_group.task.id]
  }
}

output "account" {
  value = data.aws_caller_identity.this.account_id
}
