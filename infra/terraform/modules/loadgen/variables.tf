variable "name" {
  description = "Prefix of names."
  type        = string
}

variable "image" {
  description = "rehearsal-locust, by tag or digest."
  type        = string
}

variable "repository_arn" {
  description = "Its ECR repository, or null."
  type        = string
  default     = null
}

variable "platform" {
  description = "Where it runs. Its own subnets and group: a generator in the tasks' group would walk in by their rules."
  type = object({
    region        = string
    account_id    = string
    cluster_arn   = string
    namespace_arn = string
    vpc_id        = string
    subnet_ids    = list(string)

    # of the VPC endpoints: with private DNS, image and logs are reached through them or not at all
    endpoints_security_group_id = string
  })
}

variable "load" {
  description = "Where to, how many requests per second in all, how many workers share them, for how many seconds (0: until scaled to nothing). running says whether it goes now."
  type        = object({ url = string, rate = number, workers = number, duration = number, running = bool })

  validation {
    condition     = can(regex("^https?://[^/]+$", var.load.url))
    error_message = "load.url is '${var.load.url}'; give scheme and host, as https://staging.example.com."
  }

  validation {
    condition     = var.load.rate > 0 && var.load.workers >= 1
    error_message = "load.rate and load.workers must be above 0."
  }
}

variable "log_retention_in_days" {
  description = "Days that its logs are kept."
  type        = number
  default     = 14
}

variable "results" {
  description = "What was measured goes to a bucket made for it: by this image of the AWS command line, kept for so many days, deleted with what is in it or not at all."
  type        = object({ image = string, days = number, force_destroy = bool })

  validation {
    condition     = !endswith(var.results.image, ":latest") && can(regex("[:@][^/]+$", var.results.image))
    error_message = "results.image is '${var.results.image}'; name a tag other than latest, or a digest."
  }
}
