# Task definition.

locals {
  container = merge(
    {
      name      = "app"
      image     = var.image
      essential = true
      # the name is what Service Connect refers to; without appProtocol it is TCP, with neither
      # retries nor time limits
      portMappings           = [{ name = "http", containerPort = local.port, protocol = "tcp", appProtocol = "http" }]
      environment            = [for k, v in merge(local.settings.environment, var.environment) : { name = k, value = v }]
      secrets                = [for k, v in var.secrets : { name = k, valueFrom = v }]
      stopTimeout            = local.settings.stop_timeout
      readonlyRootFilesystem = local.settings.container.read_only_root_filesystem
      mountPoints            = [for volume, path in local.volumes : { sourceVolume = volume, containerPath = path, readOnly = false }]
      # a process 1 that reaps; the application gets SIGTERM either way, as its command is no shell
      linuxParameters = { initProcessEnabled = true, capabilities = { drop = local.settings.container.drop_capabilities ? ["ALL"] : [] } }
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = "/ecs/${var.name}"
          awslogs-region        = var.platform.region
          awslogs-stream-prefix = "ecs"
          # blocking would stop the application where CloudWatch does not answer
          mode            = "non-blocking"
          max-buffer-size = "25m"
        }
      }
    },
    # what is null is the image's own, and ECS refuses a null
    { for k, v in { entryPoint = local.settings.container.entry_point, command = local.settings.container.command } : k => v if v != null },
    { for k, v in { user = local.settings.container.user } : k => v if v != null },
    local.settings.container_health_check == null ? {} : {
      healthCheck = {
        command     = local.settings.container_health_check.command
        interval    = local.settings.container_health_check.interval
        timeout     = local.settings.container_health_check.timeout
        retries     = local.settings.container_health_check.retries
        startPeriod = local.settings.container_health_check.start_period
      }
    },
  )

  # FIS's way into the task. It installs what it needs and registers with Systems Manager, so it is
  # root and writes, which the application is not and does not.
  agent = var.fault_agent == null ? [] : [{
    name         = "amazon-ssm-agent"
    image        = var.fault_agent.image
    essential    = false # without it experiments fail, and the application serves
    command      = ["/bin/bash", "-c", file("${path.module}/fault-agent.sh")]
    environment  = [{ name = "MANAGED_INSTANCE_ROLE_NAME", value = var.fault_agent.role_name }]
    portMappings = []
    stopTimeout  = 30
    logConfiguration = merge(local.container.logConfiguration, {
      options = merge(local.container.logConfiguration.options, { awslogs-stream-prefix = "fault-agent" })
    })
  }]
}

resource "aws_cloudwatch_log_group" "this" {
  count = local.managed ? 1 : 0

  name              = "/ecs/${var.name}"
  retention_in_days = var.log_retention_in_days
}

resource "aws_ecs_task_definition" "this" {
  family                   = var.name
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc" # Fargate knows no other; said so that nobody has to guess
  cpu                      = local.settings.cpu
  memory                   = local.settings.memory
  execution_role_arn       = local.managed ? aws_iam_role.execution[0].arn : null
  task_role_arn            = local.managed ? aws_iam_role.task[0].arn : null
  track_latest             = true # a revision that `rehearse deploy` registered is not undone
  enable_fault_injection   = var.fault_injection
  pid_mode                 = var.fault_agent == null ? null : "task" # FIS's actions look for the application's processes
  container_definitions    = jsonencode(concat([local.container], local.agent))

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.cpu_architecture
  }

  dynamic "volume" {
    for_each = local.volumes
    content {
      name = volume.key
    }
  }
}
