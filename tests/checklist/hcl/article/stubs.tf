# What the article's HCL needs and does not print: variables, and two security groups.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "acm_certificate_arn" {
  default = "arn:aws:acm:eu-central-1:123456789012:certificate/0"
}

variable "alb_log_bucket" {
  default = "alb-logs"
}

variable "cloud_map_namespace_arn" {
  default = "arn:aws:servicediscovery:eu-central-1:123456789012:namespace/ns-0"
}

variable "cluster_id" {
  default = "arn:aws:ecs:eu-central-1:123456789012:cluster/prod"
}

variable "inventory_api_task_definition_arn" {
  default = "arn:aws:ecs:eu-central-1:123456789012:task-definition/inventory-api:1"
}

variable "order_api_task_definition_arn" {
  default = "arn:aws:ecs:eu-central-1:123456789012:task-definition/order-api:1"
}

variable "private_route_table_ids" {
  default = ["rtb-private-a", "rtb-private-c"]
}

variable "private_subnet_ids" {
  default = ["subnet-private-a", "subnet-private-c"]
}

variable "public_subnet_ids" {
  default = ["subnet-public-a", "subnet-public-c"]
}

variable "region" {
  default = "eu-central-1"
}

variable "task_definition_arn" {
  default = "arn:aws:ecs:eu-central-1:123456789012:task-definition/web-api:1"
}

variable "vpc_cidr" {
  default = "10.0.0.0/16"
}

variable "vpc_id" {
  default = "vpc-0"
}

resource "aws_security_group" "order_task" {
  name_prefix = "order-task-"
  vpc_id      = var.vpc_id
}

resource "aws_security_group" "inventory_task" {
  name_prefix = "inventory-task-"
  vpc_id      = var.vpc_id
}
