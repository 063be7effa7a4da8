variable "name" {
  description = "Name of the database instance."
  type        = string
}

variable "vpc_id" {
  description = "The VPC."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets in two zones at least."
  type        = list(string)

  validation {
    condition     = length(var.subnet_ids) >= 2
    error_message = "subnet_ids has ${length(var.subnet_ids)}; RDS wants subnets in two zones."
  }
}

variable "database" {
  description = "Name of the database."
  type        = string
  default     = "orders"
}

variable "instance_class" {
  description = "Size of the instance."
  type        = string
  default     = "db.t4g.micro"
}

variable "multi_az" {
  description = "A standby in another zone."
  type        = bool
  default     = true
}

variable "deletion_protection" {
  description = "Refuses to delete it; if false, there is no final snapshot either."
  type        = bool
  default     = true
}
