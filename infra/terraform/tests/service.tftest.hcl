mock_provider "aws" {
  source = "./mocks"
}

variables {
  name  = "caller"
  image = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/caller:7"

  settings = {
    cpu            = 256
    memory         = 512
    container_port = 8080
    environment    = { KEEP_ALIVE_SECONDS = "75" }
    stop_timeout   = 30
    container_health_check = {
      command = ["CMD", "true"], interval = 15, timeout = 10, retries = 3, start_period = 30
    }
    desired_count = 2
    deployment = {
      minimum_healthy_percent = 100, maximum_percent = 200, health_check_grace_period = 60
      circuit_breaker         = { enable = true, rollback = true }, availability_zone_rebalancing = true
    }
    target_group = {
      path_patterns = ["/caller"], priority = 10, deregistration_delay = 30, slow_start = 0, algorithm = "round_robin"
      health_check  = { path = "/healthz", matcher = "200", interval = 10, timeout = 8, healthy_threshold = 2, unhealthy_threshold = 3 }
    }
    service_connect = { dns_name = "caller", port = 8080, per_request_timeout = 15, idle_timeout = 300 }
    calls           = ["callee"]
  }

  platform = {
    stack         = "test"
    region        = "eu-central-1"
    account_id    = "123456789012"
    cluster_arn   = "arn:aws:ecs:eu-central-1:123456789012:cluster/test"
    cluster_name  = "test"
    namespace_arn = "arn:aws:servicediscovery:eu-central-1:123456789012:namespace/ns-1"
    vpc_id        = "vpc-1"
    subnet_ids    = ["subnet-a", "subnet-b"]
    load_balancer = {
      security_group_id = "sg-alb"
      listener_arns     = { https = "arn:aws:elasticloadbalancing:eu-central-1:123456789012:listener/app/test/1/1" }
      arn_suffix        = "app/test/1"
    }
    exec = null
  }

  reaches = {
    callee    = { kind = "group", port = 9090, security_group_id = "sg-callee" }
    endpoints = { kind = "group", port = 443, security_group_id = "sg-endpoints" }
    s3        = { kind = "prefix-list", port = 443, prefix_list_id = "pl-s3" }
  }

  secrets         = { PGPASSWORD = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-x:password::" }
  repository_arn  = "arn:aws:ecr:eu-central-1:123456789012:repository/caller"
  execute_command = true
  rollback_alarm  = 10
  autoscaling     = { min = 2, max = 4, cpu_percent = 60, requests_per_minute = 100 }
}

run "whole" {
  module {
    source = "./modules/service"
  }

  assert {
    condition = (
      aws_vpc_security_group_egress_rule.from_load_balancer[0].security_group_id == "sg-alb"
      && aws_vpc_security_group_egress_rule.from_load_balancer[0].referenced_security_group_id == aws_security_group.this.id
      && aws_vpc_security_group_ingress_rule.from_load_balancer[0].security_group_id == aws_security_group.this.id
      && aws_vpc_security_group_ingress_rule.from_load_balancer[0].referenced_security_group_id == "sg-alb"
      && alltrue([for r in [aws_vpc_security_group_egress_rule.from_load_balancer[0], aws_vpc_security_group_ingress_rule.from_load_balancer[0]] : r.from_port == 8080 && r.to_port == 8080])
    )
    error_message = "the chain from the load balancer to the tasks is broken"
  }

  assert {
    condition = (
      aws_vpc_security_group_egress_rule.reaches["callee"].security_group_id == aws_security_group.this.id
      && aws_vpc_security_group_egress_rule.reaches["callee"].referenced_security_group_id == "sg-callee"
      && aws_vpc_security_group_egress_rule.reaches["callee"].from_port == 9090
      && contains(keys(aws_vpc_security_group_ingress_rule.reaches), "callee")
      && try(aws_vpc_security_group_ingress_rule.reaches["callee"].security_group_id == "sg-callee", false)
      && try(aws_vpc_security_group_ingress_rule.reaches["callee"].referenced_security_group_id == aws_security_group.this.id, false)
    )
    error_message = "the chain from the caller to the callee is broken"
  }

  assert {
    condition     = keys(aws_vpc_security_group_ingress_rule.reaches) == ["callee", "endpoints"] && aws_vpc_security_group_egress_rule.reaches["s3"].prefix_list_id == "pl-s3"
    error_message = "what is reached by a group lacks its ingress, or the prefix list its egress"
  }

  assert {
    condition = alltrue([
      for r in concat(aws_vpc_security_group_ingress_rule.from_load_balancer, values(aws_vpc_security_group_ingress_rule.reaches)) :
      r.cidr_ipv4 == null && r.cidr_ipv6 == null && r.referenced_security_group_id != null
    ])
    error_message = "tasks let in addresses instead of groups"
  }

  assert {
    condition     = aws_ecs_service.this.deployment_circuit_breaker[0].enable && aws_ecs_service.this.deployment_circuit_breaker[0].rollback
    error_message = "the circuit breaker is off, or does not roll back"
  }

  assert {
    condition     = try(aws_ecs_service.this.alarms[0].rollback && aws_ecs_service.this.alarms[0].alarm_names == toset([aws_cloudwatch_metric_alarm.errors[0].alarm_name]), false)
    error_message = "no alarm rolls a deployment back"
  }

  assert {
    condition     = aws_ecs_service.this.deployment_minimum_healthy_percent == 100 && aws_ecs_service.this.deployment_maximum_percent == 200 && aws_ecs_service.this.health_check_grace_period_seconds == 60 && aws_ecs_service.this.availability_zone_rebalancing == "ENABLED" && aws_ecs_service.this.wait_for_steady_state
    error_message = "the deployment is not the one of the settings"
  }

  assert {
    condition     = !aws_ecs_service.this.network_configuration[0].assign_public_ip && aws_ecs_service.this.network_configuration[0].security_groups == toset([aws_security_group.this.id])
    error_message = "tasks have public addresses, or another group"
  }

  assert {
    condition = (
      aws_ecs_service.this.service_connect_configuration[0].service[0].port_name == jsondecode(aws_ecs_task_definition.this.container_definitions)[0].portMappings[0].name
      && jsondecode(aws_ecs_task_definition.this.container_definitions)[0].portMappings[0].appProtocol == "http"
      && aws_ecs_service.this.service_connect_configuration[0].service[0].client_alias[0].dns_name == "caller"
      && aws_ecs_service.this.service_connect_configuration[0].service[0].timeout[0].per_request_timeout_seconds == 15
      && aws_ecs_service.this.service_connect_configuration[0].service[0].timeout[0].idle_timeout_seconds == 300
    )
    error_message = "Service Connect's port name, protocol, alias or timeouts are wrong"
  }

  assert {
    condition     = aws_lb_target_group.this[0].target_type == "ip" && aws_lb_target_group.this[0].name == "caller-8080" && tostring(aws_lb_target_group.this[0].deregistration_delay) == "30" && aws_lb_target_group.this[0].health_check[0].path == "/healthz"
    error_message = "the target group does not take addresses, drains for the default time, or could not be replaced when the port changes"
  }

  assert {
    condition     = aws_ecs_task_definition.this.network_mode == "awsvpc" && aws_ecs_task_definition.this.requires_compatibilities == toset(["FARGATE"]) && !aws_ecs_task_definition.this.enable_fault_injection
    error_message = "the task definition is not one for Fargate"
  }

  assert {
    condition = (
      jsondecode(aws_ecs_task_definition.this.container_definitions)[0].readonlyRootFilesystem
      && jsondecode(aws_ecs_task_definition.this.container_definitions)[0].user == "10001:10001"
      && jsondecode(aws_ecs_task_definition.this.container_definitions)[0].linuxParameters.capabilities.drop == ["ALL"]
      && jsondecode(aws_ecs_task_definition.this.container_definitions)[0].stopTimeout == 30
      && toset([for m in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].mountPoints : m.containerPath]) == toset(["/tmp", "/var/lib/amazon", "/var/log/amazon"])
      && jsondecode(aws_ecs_task_definition.this.container_definitions)[0].logConfiguration.options.mode == "non-blocking"
    )
    error_message = "the container may write, is root, keeps capabilities, blocks on its log, or has no room for ECS Exec's agent"
  }

  assert {
    condition = (
      [for s in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].secrets : s.name] == ["PGPASSWORD"]
      && alltrue([for e in jsondecode(aws_ecs_task_definition.this.container_definitions)[0].environment : !can(regex("PASSWORD|SECRET|TOKEN", e.name)) && !strcontains(e.value, ":secret:")])
    )
    error_message = "a secret is in the environment, or not among the secrets"
  }

  assert {
    condition     = jsondecode(aws_iam_role_policy.execution[0].policy).Statement[3].Resource == ["arn:aws:secretsmanager:eu-central-1:123456789012:secret:db-x"]
    error_message = "ECS may read other secrets than the service's, or not this one"
  }

  assert {
    condition     = aws_iam_role.execution[0].name != aws_iam_role.task[0].name && jsondecode(aws_iam_role.task[0].assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "one role for both purposes, or one that any account's ECS may use"
  }

  assert {
    condition     = length(aws_appautoscaling_policy.cpu) == 1 && endswith(aws_appautoscaling_policy.requests[0].target_tracking_scaling_policy_configuration[0].predefined_metric_specification[0].resource_label, aws_lb_target_group.this[0].arn_suffix)
    error_message = "autoscaling does not look at CPU and requests of this service"
  }
}

run "with_faults_inside" {
  module {
    source = "./modules/service"
  }

  variables {
    execute_command     = false
    fault_injection     = true
    fault_agent         = { image = "public.ecr.aws/amazon-ssm-agent/amazon-ssm-agent:3", role_name = "agent", role_arn = "arn:aws:iam::123456789012:role/agent" }
    service_connect_tls = { certificate_authority_arn = "arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/1" }
    secrets             = { TOKEN = "arn:aws:ssm:eu-central-1:123456789012:parameter/caller/token" }
  }

  assert {
    condition = (
      [for c in jsondecode(aws_ecs_task_definition.this.container_definitions) : "${c.name} ${c.essential}"] == ["app true", "amazon-ssm-agent false"]
      && jsondecode(aws_ecs_task_definition.this.container_definitions)[1].environment == [{ name = "MANAGED_INSTANCE_ROLE_NAME", value = "agent" }]
      && aws_ecs_task_definition.this.pid_mode == "task"
      && aws_ecs_task_definition.this.enable_fault_injection
      && !aws_ecs_service.this.enable_execute_command
    )
    error_message = "FIS does not reach into the task, or the task ends with the agent"
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.task[0].policy).Statement : s.Action] == [["ssm:AddTagsToResource", "ssm:CreateActivation"], ["iam:PassRole"]] && jsondecode(aws_iam_role_policy.task[0].policy).Statement[1].Resource == [var.fault_agent.role_arn]
    error_message = "the agent may not sign on, or may hand out any role"
  }

  assert {
    condition     = aws_ecs_service.this.service_connect_configuration[0].service[0].tls[0].issuer_cert_authority[0].aws_pca_authority_arn == var.service_connect_tls.certificate_authority_arn && aws_ecs_service.this.service_connect_configuration[0].service[0].tls[0].role_arn == aws_iam_role.tls[0].arn && aws_iam_role_policy_attachment.tls[0].role == aws_iam_role.tls[0].name
    error_message = "callers come in plain text, or ECS may not fetch the certificate"
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.execution[0].policy).Statement : s.Resource if s.Action == ["ssm:GetParameters"]] == [["arn:aws:ssm:eu-central-1:123456789012:parameter/caller/token"]]
    error_message = "ECS may not read the service's parameter, or others too"
  }
}

run "nobodys_target" {
  module {
    source = "./modules/service"
  }

  variables {
    settings = {
      cpu           = 256, memory = 512, container_port = 8080, environment = {}, stop_timeout = 30, container_health_check = null
      desired_count = 2
      deployment    = { minimum_healthy_percent = 100, maximum_percent = 200, health_check_grace_period = 60, circuit_breaker = { enable = true, rollback = true }, availability_zone_rebalancing = true }
      target_group  = null, service_connect = null, calls = []
    }
    plain_dns             = { namespace_id = "ns-private" }
    log_retention_in_days = null
    execute_command       = false
    autoscaling           = null
  }

  assert {
    condition     = length(aws_lb_target_group.this) == 0 && length(aws_vpc_security_group_ingress_rule.from_load_balancer) == 0 && aws_ecs_service.this.health_check_grace_period_seconds == null && length(aws_ecs_service.this.service_connect_configuration) == 0
    error_message = "a service that nobody balances or calls has more than it needs"
  }

  assert {
    condition     = length(aws_ecs_service.this.service_registries) == 1 && [for r in aws_service_discovery_service.this[0].dns_config[0].dns_records : r.type] == ["A"]
    error_message = "the service is not in DNS"
  }

  assert {
    condition     = length(aws_iam_role.execution) == 0 && length(aws_cloudwatch_log_group.this) == 0
    error_message = "roles or log groups are made where the plane has its own"
  }
}

run "wrong_values_are_refused" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    image           = "caller:latest"
    fault_injection = true # beside execute_command
    secrets         = { PGPASSWORD = "hunter2" }
    environment     = { DATABASE_URL = "postgresql://orders:hunter2@db/orders" }
    autoscaling     = { min = 1, max = 4, cpu_percent = 60, requests_per_minute = 100 }
  }

  expect_failures = [var.image, var.fault_injection, var.environment, var.secrets, var.autoscaling]
}
