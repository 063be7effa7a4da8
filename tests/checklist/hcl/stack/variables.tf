terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

variable "change" {
  description = "What differs from a stack as it should be. Defaults are what it should be."
  type = object({
    # network
    network_mode     = optional(string, "awsvpc")
    assign_public_ip = optional(bool, false)
    zones            = optional(list(string), ["eu-central-1a", "eu-central-1b"])
    nat              = optional(string, "zonal") # zonal, single, none
    small_subnets    = optional(bool, false)
    # load balancer
    target_type        = optional(string, "ip")
    http               = optional(string, "redirect")
    access_logs        = optional(bool, true)
    rule_target        = optional(string, "order") # the group that /orders goes to: order, stray
    health_timeout     = optional(number, 5)
    ingress_ports      = optional(list(number), [80, 443])
    idle_timeout       = optional(number, 28)
    deregistration     = optional(number, 30)
    nlb_guarded        = optional(bool, true)
    web_acl            = optional(bool, true)
    integration_millis = optional(number, 29000)
    # security groups
    shared_group    = optional(bool, false)
    task_from       = optional(string, "group") # group, anywhere, vpc
    balancer_egress = optional(bool, true)
    peer_ingress    = optional(bool, true)
    # services
    desired          = optional(number, 2)
    minimum          = optional(number, 100)
    maximum          = optional(number, 200)
    breaker          = optional(bool, true)
    rebalancing      = optional(string, "ENABLED")
    grace            = optional(number, 60)
    execute          = optional(bool, true)
    fault_injection  = optional(bool, false)
    scalable_minimum = optional(number, 2)
    # container
    keep_alive   = optional(string, "75")
    stop_timeout = optional(number, 30)
    command      = optional(list(string), ["python", "-m", "app"])
    tag          = optional(string, "1.4.2")
    read_only    = optional(bool, true)
    user         = optional(string, "10001")
    environment  = optional(map(string), {})
    log_mode     = optional(string, "non-blocking")
    one_role     = optional(bool, false)
    port_name    = optional(string, "http")
    app_protocol = optional(string, "http")
    # Service Connect
    connect         = optional(bool, true)
    named_namespace = optional(bool, true)
    peer_alias      = optional(string, "") # what inventory-api publishes: nothing
    per_request     = optional(number, 15)
    # endpoints
    endpoints      = optional(list(string), ["ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssmmessages"])
    s3             = optional(bool, true)
    endpoint_from  = optional(bool, true)
    private_dns    = optional(bool, true)
    endpoint_zones = optional(number, 2)
  })
}
