# Task definitions of master and worker.

locals {
  # until the task ends, and once more then
  keep = <<-EOT
    to="$RESULTS/$(date -u +%Y%m%dT%H%M%SZ)-$HOSTNAME"
    keep() { aws s3 sync --only-show-errors /data "$to"; }
    trap 'keep; exit' TERM
    while true; do sleep 30 & wait $!; keep; done
  EOT

  container = {
    for role in keys(local.commands) : role => {
      image                  = var.image
      essential              = true
      readonlyRootFilesystem = true
      user                   = "10001:10001"
      linuxParameters        = { initProcessEnabled = true, capabilities = { drop = ["ALL"] } }
      mountPoints = [
        { sourceVolume = "data", containerPath = "/data", readOnly = false },
        { sourceVolume = "tmp", containerPath = "/tmp", readOnly = false },
      ]
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.this.name
          awslogs-region        = var.platform.region
          awslogs-stream-prefix = role
          mode                  = "non-blocking"
          max-buffer-size       = "25m"
        }
      }
    }
  }
}

resource "aws_ecs_task_definition" "this" {
  for_each = toset(keys(local.commands))

  family                   = "${var.name}-locust-${each.key}"
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = 1024 # one process uses one processor: more workers, not larger ones
  memory                   = 2048
  execution_role_arn       = aws_iam_role.execution.arn
  task_role_arn            = aws_iam_role.task.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = "X86_64"
  }

  volume {
    name = "data"
  }

  volume {
    name = "tmp"
  }

  container_definitions = jsonencode([
    # on Fargate an empty volume belongs to root, and Locust is not root
    merge(local.container[each.key], {
      name       = "volumes"
      essential  = false
      user       = "0:0"
      entryPoint = ["chown", "10001:10001", "/data", "/tmp"]

      # drops nothing: it needs CHOWN, and on Fargate nothing can be added back
      linuxParameters = { initProcessEnabled = false }
    }),
    merge(local.container[each.key], {
      name        = "results"
      image       = var.results.image
      essential   = false
      entryPoint  = ["/bin/bash", "-c", local.keep]
      stopTimeout = 60
      environment = [{ name = "RESULTS", value = "s3://${aws_s3_bucket.results.bucket}/${each.key}" }]
    }),
    merge(local.container[each.key], {
      name        = "app"
      command     = local.commands[each.key]
      stopTimeout = 30
      environment = []

      # started after them and so stopped before: the last results are written when they are fetched
      dependsOn = [
        { containerName = "volumes", condition = "SUCCESS" },
        { containerName = "results", condition = "START" },
      ]

      # without appProtocol it is TCP, which Locust speaks between master and workers
      portMappings = each.key == "master" ? [{ name = "bunch", containerPort = local.bunch, protocol = "tcp" }] : []
    }),
  ])
}
