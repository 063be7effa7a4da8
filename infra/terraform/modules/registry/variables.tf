variable "repositories" {
  description = "Names of the repositories."
  type        = set(string)
}

variable "force_delete" {
  description = "Whether a repository with images in it may be deleted."
  type        = bool
  default     = false
}

variable "keep_images" {
  description = "Images kept in each: a rollback needs the one before."
  type        = number
  default     = 50

  validation {
    condition     = var.keep_images >= 2
    error_message = "keep_images is ${var.keep_images}; keep at least 2, or there is nothing to roll back to."
  }
}
