# The same modules as in staging, onto the local Fargate. What the plane does not have (NAT, endpoints,
# WAF, roles, alarms) is left out, and nothing else differs.

provider "aws" {
  region     = var.region
  access_key = var.aws_access_key_id # never an account's own: where the plane is not, AWS refuses them
  secret_key = var.aws_secret_access_key

  endpoints {
    ec2              = var.aws_endpoint_url
    ecs              = var.aws_endpoint_url
    elbv2            = var.aws_endpoint_url
    servicediscovery = var.aws_endpoint_url
    sts              = var.aws_endpoint_url
  }
}

module "settings" {
  source = "../../modules/settings"

  name               = var.name
  region             = var.region
  availability_zones = var.availability_zones
  namespace          = var.namespace
  load_balancer      = var.load_balancer
  services           = var.services
}

locals {
  services   = module.settings.services
  account_id = "000000000000"
  # a list of subnets stands for the zones in their order
  subnet_ids = [for zone in module.settings.availability_zones : "subnet-0private${substr(zone, -1, 1)}"]

  platform = {
    stack         = var.name
    region        = var.region
    account_id    = local.account_id
    cluster_arn   = module.cluster.arn
    cluster_name  = module.cluster.name
    namespace_arn = module.cluster.namespace_arn
    vpc_id        = var.vpc_id
    subnet_ids    = local.subnet_ids
    load_balancer = {
      security_group_id = module.edge.security_group_id
      listener_arns     = module.edge.listener_arns
      arn_suffix        = module.edge.arn_suffix
    }
    exec = null
  }
}

module "cluster" {
  source = "../../modules/cluster"

  name      = var.name
  namespace = var.namespace
}

module "edge" {
  source = "../../modules/edge"

  name                = var.name
  vpc_id              = var.vpc_id
  subnet_ids          = local.subnet_ids
  public              = true
  load_balancer       = module.settings.load_balancer
  certificate_arn     = "arn:aws:acm:${var.region}:${local.account_id}:certificate/00000000-0000-0000-0000-000000000000"
  deletion_protection = false
}

#### Services: who is called before who calls ####

module "service_first" {
  source   = "../../modules/service"
  for_each = toset(module.settings.tiers[0])

  name                  = each.key
  settings              = local.services[each.key]
  image                 = local.services[each.key].image
  platform              = local.platform
  writable_paths        = lookup(var.writable_paths, each.key, ["/tmp"])
  log_retention_in_days = null # the plane keeps logs without being asked
  wait_for_steady_state = var.wait_for_steady_state
}

module "service_second" {
  source   = "../../modules/service"
  for_each = toset(module.settings.tiers[1])

  name           = each.key
  settings       = local.services[each.key]
  image          = local.services[each.key].image
  platform       = local.platform
  writable_paths = lookup(var.writable_paths, each.key, ["/tmp"])
  reaches = {
    for callee in local.services[each.key].calls : callee => {
      kind = "group", port = module.service_first[callee].port, security_group_id = module.service_first[callee].security_group_id
    }
  }
  log_retention_in_days = null
  wait_for_steady_state = var.wait_for_steady_state

  # a client knows the Service Connect names that existed when it was deployed
  depends_on = [module.service_first]
}

module "service_third" {
  source   = "../../modules/service"
  for_each = toset(module.settings.tiers[2])

  name           = each.key
  settings       = local.services[each.key]
  image          = local.services[each.key].image
  platform       = local.platform
  writable_paths = lookup(var.writable_paths, each.key, ["/tmp"])
  reaches = {
    for callee in local.services[each.key].calls : callee => {
      kind              = "group"
      port              = merge(module.service_first, module.service_second)[callee].port
      security_group_id = merge(module.service_first, module.service_second)[callee].security_group_id
    }
  }
  log_retention_in_days = null
  wait_for_steady_state = var.wait_for_steady_state

  depends_on = [module.service_second]
}
