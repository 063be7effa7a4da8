# What breaks the stack, and what loads it.

mock_provider "aws" {
  source = "./mocks"
}

variables {
  name = "test"
}

run "chaos" {
  module {
    source = "./modules/chaos"
  }

  variables {
    region         = "eu-central-1"
    account_id     = "123456789012"
    cluster        = { name = "test", arn = "arn:aws:ecs:eu-central-1:123456789012:cluster/test" }
    services       = ["order-api", "inventory-api"]
    zones          = { eu-central-1a = { subnet_arn = "arn:aws:ec2:eu-central-1:123456789012:subnet/subnet-a" } }
    stop_alarm_arn = "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:test"
    inside         = { minutes = 5, latency_ms = 400, loss_percent = 10, port = 8080, cpu_percent = 100 }
  }

  assert {
    condition = alltrue([
      for t in concat(values(aws_fis_experiment_template.stop_tasks), values(aws_fis_experiment_template.zone_loss), values(aws_fis_experiment_template.inside)) :
      [for c in t.stop_condition : "${c.source} ${c.value}"] == ["aws:cloudwatch:alarm ${var.stop_alarm_arn}"] && t.experiment_options[0].empty_target_resolution_mode == "fail"
    ])
    error_message = "an experiment has no end, or passes where it finds nothing to break"
  }

  assert {
    condition     = alltrue([for name, t in aws_fis_experiment_template.stop_tasks : [for x in t.target : x.resource_type] == ["aws:ecs:task"] && [for x in t.target : x.parameters] == [tomap({ cluster = "test", service = name })] && [for x in t.target : x.selection_mode] == ["PERCENT(50)"]])
    error_message = "an experiment stops another service's tasks, or all of them"
  }

  assert {
    condition     = [for t in aws_fis_experiment_template.zone_loss : one([for x in t.target : one(x.resource_arns)])] == [var.zones["eu-central-1a"].subnet_arn] && [for t in aws_fis_experiment_template.zone_loss : one(t.action).action_id] == ["aws:network:disrupt-connectivity"]
    error_message = "the loss of a zone cuts off another subnet"
  }

  assert {
    condition = toset([for key, t in aws_fis_experiment_template.inside : "${key} ${one(t.action).action_id}"]) == toset(flatten([for s in var.services : [
      "${s}-latency aws:ecs:task-network-latency", "${s}-loss aws:ecs:task-network-packet-loss",
      "${s}-port aws:ecs:task-network-blackhole-port", "${s}-cpu aws:ecs:task-cpu-stress",
    ]]))
    error_message = "a fault inside tasks is missing"
  }

  assert {
    condition     = alltrue([for key, t in aws_fis_experiment_template.inside : contains([for p in one(t.action).parameter : "${p.key} ${p.value}"], "useEcsFaultInjectionEndpoints true") if !endswith(key, "-cpu")])
    error_message = "on Fargate, actions on the network work by ECS's endpoints or not at all"
  }

  assert {
    condition = (
      [for s in jsondecode(aws_iam_role_policy.inside[0].policy).Statement : s.Condition.StringLike["ssm:resourceTag/ECS_TASK_ARN"] if try(s.Condition, null) != null] == ["arn:aws:ecs:eu-central-1:123456789012:task/test/*"]
      && jsondecode(aws_iam_role.agent[0].assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
      && output.agent_role.name == aws_iam_role.agent[0].name
    )
    error_message = "FIS may send commands to machines of other stacks, or any account may use the agent's role"
  }

  assert {
    condition     = jsondecode(aws_iam_role.this.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012" && jsondecode(aws_iam_role_policy.this.policy).Statement[0].Resource == ["arn:aws:ecs:eu-central-1:123456789012:task/test/*"]
    error_message = "FIS may stop tasks of another cluster, or for another account"
  }
}

run "loadgen" {
  module {
    source = "./modules/loadgen"
  }

  variables {
    image          = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/rehearsal-locust:1"
    repository_arn = "arn:aws:ecr:eu-central-1:123456789012:repository/rehearsal-locust"
    load           = { url = "https://staging.example.com", rate = 200, workers = 2, duration = 0, running = true }
    results        = { image = "public.ecr.aws/aws-cli/aws-cli:2.22.0", days = 90, force_destroy = true }
    platform = {
      region        = "eu-central-1"
      account_id    = "123456789012"
      cluster_arn   = "arn:aws:ecs:eu-central-1:123456789012:cluster/test"
      namespace_arn = "arn:aws:servicediscovery:eu-central-1:123456789012:namespace/ns-1"
      vpc_id        = "vpc-1"
      subnet_ids    = ["subnet-a", "subnet-b"]

      endpoints_security_group_id = "sg-endpoints"
    }
  }

  assert {
    condition     = aws_ecs_service.master.desired_count == 1 && aws_ecs_service.master.deployment_maximum_percent == 100 && aws_ecs_service.worker.desired_count == 2
    error_message = "there can be two masters, or not the workers that were asked for"
  }

  assert {
    condition = (
      aws_ecs_service.master.service_connect_configuration[0].service[0].client_alias[0].port == 5557
      && aws_vpc_security_group_ingress_rule.bunch.referenced_security_group_id == aws_security_group.this.id
      && aws_vpc_security_group_ingress_rule.bunch.from_port == 5557
      && aws_vpc_security_group_egress_rule.bunch.referenced_security_group_id == aws_security_group.this.id
      && contains(jsondecode(aws_ecs_task_definition.this["worker"].container_definitions)[2].command, "locust-master")
    )
    error_message = "workers do not reach their master"
  }

  assert {
    condition     = alltrue([for s in [aws_ecs_service.master, aws_ecs_service.worker] : !s.network_configuration[0].assign_public_ip && s.network_configuration[0].security_groups == toset([aws_security_group.this.id]) && s.network_configuration[0].subnets == toset(var.platform.subnet_ids)])
    error_message = "generators have public addresses, or another's group"
  }

  assert {
    condition = alltrue([
      for d in aws_ecs_task_definition.this : [for c in jsondecode(d.container_definitions) : c.name] == ["volumes", "results", "app"]
      && [for x in jsondecode(d.container_definitions)[2].dependsOn : "${x.containerName} ${x.condition}"] == ["volumes SUCCESS", "results START"]
    ])
    error_message = "Locust starts before it may write, or its results are fetched before it has ended"
  }

  assert {
    condition     = alltrue([for role, d in aws_ecs_task_definition.this : [for e in jsondecode(d.container_definitions)[1].environment : e.value] == ["s3://${aws_s3_bucket.results.bucket}/${role}"]]) && aws_s3_bucket_public_access_block.results.restrict_public_buckets && aws_s3_bucket_lifecycle_configuration.results.rule[0].expiration[0].days == 90
    error_message = "results are not kept, are open, or kept for ever"
  }

  assert {
    condition     = [for s in jsondecode(aws_iam_role_policy.task.policy).Statement : one(s.Action)] == ["s3:PutObject", "s3:ListBucket"] && jsondecode(aws_iam_role_policy.task.policy).Statement[0].Resource == ["${aws_s3_bucket.results.arn}/*"] && aws_iam_role_policy.task.role == aws_iam_role.task.name
    error_message = "generators may do more than leave their results, or not even that"
  }

  assert {
    condition     = aws_vpc_security_group_ingress_rule.endpoints.security_group_id == "sg-endpoints" && aws_vpc_security_group_ingress_rule.endpoints.referenced_security_group_id == aws_security_group.this.id
    error_message = "with private DNS, image and logs are not reached"
  }
}
