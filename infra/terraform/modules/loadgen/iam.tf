# Roles: one for ECS, one to leave the results.

resource "aws_iam_role" "execution" {
  name_prefix        = "${var.name}-locust-exec-"
  description        = "pulls the image and writes the logs of the load generators"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "execution" {
  name = "start"
  role = aws_iam_role.execution.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [{ Effect = "Allow", Action = ["logs:CreateLogStream", "logs:PutLogEvents"], Resource = ["${aws_cloudwatch_log_group.this.arn}:*"] }],
      var.repository_arn == null ? [] : [
        { Effect = "Allow", Action = ["ecr:GetAuthorizationToken"], Resource = ["*"] },
        { Effect = "Allow", Action = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"], Resource = [var.repository_arn] },
      ],
    )
  })
}

resource "aws_iam_role" "task" {
  name_prefix        = "${var.name}-locust-"
  description        = "the load generators themselves"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "task" {
  name = "results"
  role = aws_iam_role.task.name
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      { Effect = "Allow", Action = ["s3:PutObject"], Resource = ["${aws_s3_bucket.results.arn}/*"] },
      { Effect = "Allow", Action = ["s3:ListBucket"], Resource = [aws_s3_bucket.results.arn] },
    ]
  })
}
