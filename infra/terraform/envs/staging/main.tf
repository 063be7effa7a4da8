provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = { Stack = var.name, Environment = "staging" }
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
  services = module.settings.services
  public   = var.edge.mode == "none"

  # API Gateway gives up after 29 s. The load balancer must before it, or nobody learns which target
  # was slow; the settings' idle timeout is for clients that come straight to it.
  behind_api = local.public ? {} : { idle_timeout = min(module.settings.load_balancer.idle_timeout, 25) }

  # "order-api:1" of the settings is tag 1 of the repository order-api
  repositories = { for name, s in local.services : name => split(":", s.image)[0] }
  locust       = "rehearsal-locust"

  private_subnets = [for zone in var.availability_zones : module.network.private_subnet_ids[zone]]

  platform = {
    stack         = var.name
    region        = var.region
    account_id    = var.account_id
    cluster_arn   = module.cluster.arn
    cluster_name  = module.cluster.name
    namespace_arn = module.cluster.namespace_arn
    vpc_id        = module.network.vpc_id
    subnet_ids    = local.private_subnets
    load_balancer = {
      security_group_id = module.edge.security_group_id
      listener_arns     = module.edge.listener_arns
      arn_suffix        = module.edge.arn_suffix
    }
    exec = module.cluster.exec
  }

  # The role is known before the templates that need the services' alarm.
  fault_agent = var.chaos && var.fault_injection && var.faults_inside != null ? {
    image     = var.faults_inside.agent_image
    role_name = module.chaos[0].agent_role.name
    role_arn  = module.chaos[0].agent_role.arn
  } : null

  # Certificates for who is called; who only calls brings none.
  tls = { for name, s in local.services : name => var.certificate_authority_arn == null || s.service_connect == null ? null : { certificate_authority_arn = var.certificate_authority_arn } }

  # What every task reaches. With 443 only, it would not reach the services that it calls: those are
  # added below, from `calls`. By NAT it may go out, too: to AWS services without an endpoint.
  common = merge(
    {
      endpoints = { kind = "group", port = 443, security_group_id = module.endpoints.security_group_id }
      s3        = { kind = "prefix-list", port = 443, prefix_list_id = module.endpoints.prefix_list_ids["s3"] }
    },
    var.nat == "none" ? {} : { internet = { kind = "cidr", port = 443, cidr_ipv4 = "0.0.0.0/0" } },
  )

  database = {
    for name in keys(local.services) : name => name == var.database_service ? {
      reaches     = { database = { kind = "group", port = module.data[0].port, security_group_id = module.data[0].security_group_id } }
      environment = { DATABASE_URL = module.data[0].url }
      secrets     = module.data[0].secrets
      } : {
      reaches     = {}
      environment = {}
      secrets     = {}
    }
  }
}

module "network" {
  source = "../../modules/network"

  name               = var.name
  cidr_block         = var.cidr_block
  availability_zones = module.settings.availability_zones
  nat                = var.nat
  load_subnets       = var.load != null
  flow_logs          = { account_id = var.account_id, retention_in_days = var.retention_in_days }
}

module "endpoints" {
  source = "../../modules/endpoints"

  name            = var.name
  region          = var.region
  vpc_id          = module.network.vpc_id
  subnet_ids      = local.private_subnets
  route_table_ids = module.network.private_route_table_ids
  interface       = var.interface_endpoints
}

module "registry" {
  source = "../../modules/registry"

  repositories = toset(concat(values(local.repositories), var.load == null ? [] : [local.locust]))
  force_delete = !var.deletion_protection
}

module "cluster" {
  source = "../../modules/cluster"

  name         = var.name
  namespace    = var.namespace
  private_dns  = var.private_dns_zone == null ? null : { name = var.private_dns_zone, vpc_id = module.network.vpc_id }
  exec_logging = { account_id = var.account_id, region = var.region, retention_in_days = var.retention_in_days }
}

#### Edge ####

module "edge" {
  source = "../../modules/edge"

  name                = var.name
  vpc_id              = module.network.vpc_id
  subnet_ids          = local.public ? [for zone in var.availability_zones : module.network.public_subnet_ids[zone]] : local.private_subnets
  public              = local.public
  load_balancer       = merge(module.settings.load_balancer, { http = "redirect", https = true }, local.behind_api)
  certificate_arn     = var.edge.certificate_arn
  deletion_protection = var.deletion_protection
  access_logs         = { account_id = var.account_id, region = var.region, days = 30, force_destroy = !var.deletion_protection }
}

module "waf" {
  source = "../../modules/waf"
  count  = var.waf_requests_per_5_minutes == null ? 0 : 1

  name                   = var.name
  guarded                = var.edge.mode == "nlb" ? { stage = module.api_nlb[0].stage_arn } : { load_balancer = module.edge.arn }
  requests_per_5_minutes = var.waf_requests_per_5_minutes
  client_address_header  = one(module.api_direct[*].client_address_header)
  log_retention_in_days  = var.retention_in_days
}

module "api_nlb" {
  source = "../../modules/api-nlb"
  count  = var.edge.mode == "nlb" ? 1 : 0

  name                = var.name
  vpc_id              = module.network.vpc_id
  subnet_ids          = module.network.private_subnet_ids
  load_balancer       = { arn = module.edge.arn, security_group_id = module.edge.security_group_id, https_listener_arn = module.edge.listener_arns["https"] }
  domain_name         = var.edge.domain_name
  deletion_protection = var.deletion_protection

  log_retention_in_days = var.retention_in_days
}

module "api_direct" {
  source = "../../modules/api-direct"
  count  = var.edge.mode == "direct" ? 1 : 0

  name          = var.name
  vpc_id        = module.network.vpc_id
  subnet_ids    = local.private_subnets
  load_balancer = { security_group_id = module.edge.security_group_id, https_listener_arn = module.edge.listener_arns["https"] }
  domain_name   = var.edge.domain_name

  log_retention_in_days = var.retention_in_days
}

#### Data ####

module "data" {
  source = "../../modules/data"
  count  = var.database_service == null ? 0 : 1

  name                = var.name
  vpc_id              = module.network.vpc_id
  subnet_ids          = local.private_subnets
  deletion_protection = var.deletion_protection
}

#### Services: who is called before who calls ####

module "service_first" {
  source   = "../../modules/service"
  for_each = toset(module.settings.tiers[0])

  name                  = each.key
  settings              = local.services[each.key]
  image                 = "${module.registry.urls[local.repositories[each.key]]}:${split(":", local.services[each.key].image)[1]}"
  repository_arn        = module.registry.arns[local.repositories[each.key]]
  platform              = local.platform
  reaches               = merge(local.common, local.database[each.key].reaches)
  environment           = local.database[each.key].environment
  secrets               = local.database[each.key].secrets
  log_retention_in_days = var.retention_in_days
  execute_command       = var.execute_command
  fault_injection       = var.fault_injection
  fault_agent           = local.fault_agent
  service_connect_tls   = local.tls[each.key]
  plain_dns             = var.private_dns_zone == null ? null : { namespace_id = module.cluster.private_dns_namespace_id }
  rollback_alarm        = var.rollback_alarm
  autoscaling           = var.autoscaling
}

module "service_second" {
  source   = "../../modules/service"
  for_each = toset(module.settings.tiers[1])

  name           = each.key
  settings       = local.services[each.key]
  image          = "${module.registry.urls[local.repositories[each.key]]}:${split(":", local.services[each.key].image)[1]}"
  repository_arn = module.registry.arns[local.repositories[each.key]]
  platform       = local.platform
  reaches = merge(local.common, local.database[each.key].reaches, {
    for callee in local.services[each.key].calls : callee => {
      kind = "group", port = module.service_first[callee].port, security_group_id = module.service_first[callee].security_group_id
    }
  })
  environment           = local.database[each.key].environment
  secrets               = local.database[each.key].secrets
  log_retention_in_days = var.retention_in_days
  execute_command       = var.execute_command
  fault_injection       = var.fault_injection
  fault_agent           = local.fault_agent
  service_connect_tls   = local.tls[each.key]
  plain_dns             = var.private_dns_zone == null ? null : { namespace_id = module.cluster.private_dns_namespace_id }
  rollback_alarm        = var.rollback_alarm
  autoscaling           = var.autoscaling

  # a client knows the Service Connect names that existed when it was deployed
  depends_on = [module.service_first]
}

module "service_third" {
  source   = "../../modules/service"
  for_each = toset(module.settings.tiers[2])

  name           = each.key
  settings       = local.services[each.key]
  image          = "${module.registry.urls[local.repositories[each.key]]}:${split(":", local.services[each.key].image)[1]}"
  repository_arn = module.registry.arns[local.repositories[each.key]]
  platform       = local.platform
  reaches = merge(local.common, local.database[each.key].reaches, {
    for callee in local.services[each.key].calls : callee => {
      kind              = "group"
      port              = merge(module.service_first, module.service_second)[callee].port
      security_group_id = merge(module.service_first, module.service_second)[callee].security_group_id
    }
  })
  environment           = local.database[each.key].environment
  secrets               = local.database[each.key].secrets
  log_retention_in_days = var.retention_in_days
  execute_command       = var.execute_command
  fault_injection       = var.fault_injection
  fault_agent           = local.fault_agent
  service_connect_tls   = local.tls[each.key]
  plain_dns             = var.private_dns_zone == null ? null : { namespace_id = module.cluster.private_dns_namespace_id }
  rollback_alarm        = var.rollback_alarm
  autoscaling           = var.autoscaling

  depends_on = [module.service_second]
}

locals {
  made = merge(module.service_first, module.service_second, module.service_third)
}

#### Watching, breaking, loading ####

module "observability" {
  source = "../../modules/observability"

  name                     = var.name
  region                   = var.region
  account_id               = var.account_id
  cluster                  = { name = module.cluster.name, arn = module.cluster.arn }
  load_balancer_arn_suffix = module.edge.arn_suffix
  services = {
    for name, s in local.services : name => {
      running                 = s.desired_count
      balanced                = s.target_group != null
      target_group_arn_suffix = local.made[name].target_group_arn_suffix
      service_connect         = s.service_connect != null
    }
  }
  retention_in_days = var.retention_in_days
}

module "chaos" {
  source = "../../modules/chaos"
  count  = var.chaos ? 1 : 0

  name           = var.name
  region         = var.region
  account_id     = var.account_id
  cluster        = { name = module.cluster.name, arn = module.cluster.arn }
  services       = toset(keys(local.services))
  zones          = { for zone in var.availability_zones : zone => { subnet_arn = "arn:aws:ec2:${var.region}:${var.account_id}:subnet/${module.network.private_subnet_ids[zone]}" } }
  stop_alarm_arn = module.observability.stop_alarm_arn
  inside         = var.fault_injection ? var.faults_inside : null
}

module "loadgen" {
  source = "../../modules/loadgen"
  count  = var.load == null ? 0 : 1

  name                  = var.name
  image                 = "${module.registry.urls[local.locust]}:${var.load.image_tag}"
  repository_arn        = module.registry.arns[local.locust]
  results               = { image = var.load.results_image, days = 90, force_destroy = !var.deletion_protection }
  load                  = { url = "https://${var.edge.domain_name}", rate = var.load.rate, workers = var.load.workers, duration = 0, running = var.load.running }
  log_retention_in_days = var.retention_in_days
  platform = {
    region        = var.region
    account_id    = var.account_id
    cluster_arn   = module.cluster.arn
    namespace_arn = module.cluster.namespace_arn
    vpc_id        = module.network.vpc_id
    subnet_ids    = [for zone in var.availability_zones : module.network.load_subnet_ids[zone]]

    endpoints_security_group_id = module.endpoints.security_group_id
  }
}
