# One stack for each case: as it should be, with what the case changes.

terraform {
  required_version = ">= 1.7"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

variable "cases" {
  description = "What each case changes in the stack; its name is the rule that it breaks."
  type        = any
}

module "case" {
  source   = "./stack"
  for_each = var.cases

  change = each.value
}
