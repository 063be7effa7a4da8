variable "name" {
  description = "Name of the gateway."
  type        = string
}

variable "vpc_id" {
  description = "The VPC, made by the network module with nat = none."
  type        = string
}

variable "route_table_ids" {
  description = "Private route tables by zone."
  type        = map(string)
}
