# Cluster, registry, database, watching.

mock_provider "aws" {
  source = "./mocks"
}

variables {
  name       = "test"
  region     = "eu-central-1"
  account_id = "123456789012"
  cluster    = { name = "test", arn = "arn:aws:ecs:eu-central-1:123456789012:cluster/test" }
}

run "cluster" {
  module {
    source = "./modules/cluster"
  }

  variables {
    namespace    = "test"
    exec_logging = { account_id = "123456789012", region = "eu-central-1", retention_in_days = 7 }
    private_dns  = { name = "test.internal", vpc_id = "vpc-1" }
  }

  assert {
    condition     = [for s in aws_ecs_cluster.this.setting : "${s.name} ${s.value}"] == ["containerInsights enhanced"] && aws_ecs_cluster.this.service_connect_defaults[0].namespace == aws_service_discovery_http_namespace.this.arn
    error_message = "metrics per task are off, or services find no namespace"
  }

  assert {
    condition = (
      aws_ecs_cluster.this.configuration[0].execute_command_configuration[0].logging == "OVERRIDE"
      && aws_ecs_cluster.this.configuration[0].execute_command_configuration[0].kms_key_id == aws_kms_key.exec[0].arn
      && aws_ecs_cluster.this.configuration[0].execute_command_configuration[0].log_configuration[0].cloud_watch_encryption_enabled
      && aws_ecs_cluster.this.configuration[0].execute_command_configuration[0].log_configuration[0].cloud_watch_log_group_name == aws_cloudwatch_log_group.exec[0].name
      && aws_kms_key.exec[0].enable_key_rotation
    )
    error_message = "what is typed in ECS Exec is not kept, or not encrypted"
  }

  assert {
    condition     = strcontains(aws_kms_key.exec[0].policy, "log-group:${aws_cloudwatch_log_group.exec[0].name}") && aws_cloudwatch_log_group.exec[0].kms_key_id == aws_kms_key.exec[0].arn
    error_message = "CloudWatch may not use the key for this log: the log group would be refused"
  }

  assert {
    condition     = aws_service_discovery_private_dns_namespace.this[0].vpc == "vpc-1" && output.private_dns_namespace_id == aws_service_discovery_private_dns_namespace.this[0].id && aws_ecs_cluster_capacity_providers.this.capacity_providers == toset(["FARGATE"])
    error_message = "plain DNS is not in the VPC, or the cluster is not on Fargate"
  }
}

run "registry" {
  module {
    source = "./modules/registry"
  }

  variables {
    repositories = ["order-api", "inventory-api"]
  }

  assert {
    condition     = alltrue([for r in aws_ecr_repository.this : r.image_tag_mutability == "IMMUTABLE" && r.image_scanning_configuration[0].scan_on_push && !r.force_delete]) && length(aws_ecr_repository.this) == 2
    error_message = "a tag may move, or an image is not scanned, or goes with its repository"
  }

  assert {
    condition     = alltrue([for name, p in aws_ecr_lifecycle_policy.this : p.repository == name && jsondecode(p.policy).rules[0].selection.countNumber >= 2])
    error_message = "nothing is left to roll back to, or images are kept for ever"
  }
}

run "data" {
  module {
    source = "./modules/data"
  }

  variables {
    vpc_id     = "vpc-1"
    subnet_ids = ["subnet-a", "subnet-b"]
  }

  assert {
    condition     = aws_db_instance.this.manage_master_user_password == true && aws_db_instance.this.password == null
    error_message = "the password is in the state"
  }

  assert {
    condition     = aws_db_instance.this.storage_encrypted && !aws_db_instance.this.publicly_accessible && aws_db_instance.this.multi_az && aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot && aws_db_instance.this.backup_retention_period >= 7
    error_message = "the database is open, in one zone, unencrypted, without backup, or gone with a destroy"
  }

  assert {
    condition     = aws_db_instance.this.vpc_security_group_ids == toset([aws_security_group.this.id]) && aws_db_subnet_group.this.subnet_ids == toset(var.subnet_ids) && [for p in aws_db_parameter_group.this.parameter : "${p.name} ${p.value}"] == ["rds.force_ssl 1"]
    error_message = "the database is not in the private subnets behind its group, or takes plain connections"
  }

  assert {
    condition     = alltrue([for value in values(output.secrets) : can(regex("^arn:aws:secretsmanager:.*:secret:[^:]+:(username|password)::$", value))]) && !can(regex("://[^/@]*:[^/@]*@", output.url)) && strcontains(output.url, ":5432/")
    error_message = "what tasks are told has a password in it, or is no secret's ARN"
  }
}

run "observability" {
  module {
    source = "./modules/observability"
  }

  variables {
    load_balancer_arn_suffix = "app/test/1"
    alarm_topic_arns         = ["arn:aws:sns:eu-central-1:123456789012:alarms"]
    services = {
      front = { running = 2, balanced = true, target_group_arn_suffix = "targetgroup/front/1", service_connect = false }
      back  = { running = 3, balanced = false, target_group_arn_suffix = null, service_connect = true }
    }
  }

  assert {
    condition     = keys(aws_cloudwatch_metric_alarm.unhealthy) == ["front"] && keys(aws_cloudwatch_metric_alarm.slow) == ["front"] && keys(aws_cloudwatch_metric_alarm.called_errors) == ["back"] && keys(aws_cloudwatch_metric_alarm.running) == ["back", "front"]
    error_message = "an alarm is missing, or watches what there is not"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.called_errors["back"].namespace == "AWS/ECS" && aws_cloudwatch_metric_alarm.called_errors["back"].dimensions == tomap({ TargetDiscoveryName = "back" })
    error_message = "Service Connect's metrics are in AWS/ECS, by the name of the service that is called"
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.unhealthy["front"].dimensions == tomap({ LoadBalancer = "app/test/1", TargetGroup = "targetgroup/front/1" }) && aws_cloudwatch_metric_alarm.slow["front"].extended_statistic == "p99" && aws_cloudwatch_metric_alarm.running["back"].threshold == 3 && aws_cloudwatch_metric_alarm.running["back"].treat_missing_data == "breaching"
    error_message = "an alarm watches another target group, an average, or is content with no task at all"
  }

  assert {
    condition     = alltrue([for a in concat([aws_cloudwatch_metric_alarm.load_balancer_errors], values(aws_cloudwatch_metric_alarm.unhealthy), values(aws_cloudwatch_metric_alarm.slow), values(aws_cloudwatch_metric_alarm.running), values(aws_cloudwatch_metric_alarm.called_errors)) : a.alarm_actions == toset(var.alarm_topic_arns)])
    error_message = "an alarm tells nobody"
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.tasks.event_pattern).detail-type == ["ECS Task State Change"] && contains(jsondecode(aws_cloudwatch_event_rule.deployments.event_pattern).detail-type, "ECS Deployment State Change") && alltrue([for t in aws_cloudwatch_event_target.events : t.arn == aws_cloudwatch_log_group.events.arn]) && length(aws_cloudwatch_event_target.events) == 2
    error_message = "what ECS does is not kept"
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_log_resource_policy.events.policy_document).Statement[0].Principal.Service == ["events.amazonaws.com", "delivery.logs.amazonaws.com"]
    error_message = "EventBridge may not write to the log"
  }
}

run "one_name_for_both_namespaces_is_refused" {
  command = plan

  module {
    source = "./modules/cluster"
  }

  variables {
    namespace   = "test.internal"
    private_dns = { name = "test.internal", vpc_id = "vpc-1" }
  }

  expect_failures = [var.private_dns]
}
