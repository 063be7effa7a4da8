locals {
  world = { ipv4 = "0.0.0.0/0", ipv6 = "::/0" }
  # port 80 too: a redirect that no one can reach redirects nobody
  ports = var.load_balancer.https ? [80, 443] : [80]
  open  = var.public ? { for pair in setproduct(local.ports, keys(local.world)) : "${pair[0]}-${pair[1]}" => { port = pair[0], family = pair[1] } } : {}
}

#### Who may come in; where it may go, each service says itself ####

resource "aws_security_group" "this" {
  name        = "${var.name}-alb"
  description = "load balancer of ${var.name}"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "world" {
  for_each = local.open

  security_group_id = aws_security_group.this.id
  description       = "${each.value.port} from the internet"
  ip_protocol       = "tcp"
  from_port         = each.value.port
  to_port           = each.value.port
  cidr_ipv4         = each.value.family == "ipv4" ? local.world.ipv4 : null
  cidr_ipv6         = each.value.family == "ipv6" ? local.world.ipv6 : null
}

#### Load balancer ####

resource "aws_lb" "this" {
  name               = var.name
  load_balancer_type = "application"
  internal           = !var.public
  subnets            = var.subnet_ids
  security_groups    = [aws_security_group.this.id]

  # below the applications' keep-alive, or it sends requests on connections that they close
  idle_timeout               = var.load_balancer.idle_timeout
  client_keep_alive          = var.load_balancer.client_keep_alive
  drop_invalid_header_fields = var.load_balancer.drop_invalid_header_fields
  desync_mitigation_mode     = "defensive" # strictest breaks clients that are merely odd
  enable_zonal_shift         = true        # without it a zone cannot be taken out by hand
  enable_deletion_protection = var.deletion_protection

  dynamic "access_logs" {
    for_each = var.access_logs == null ? [] : [1]
    content {
      bucket  = aws_s3_bucket.logs[0].bucket
      prefix  = "alb"
      enabled = true
    }
  }

  # it tries to write a test object when it is made
  depends_on = [aws_s3_bucket_policy.logs]
}

# Behind API Gateway nobody comes to port 80: a redirect there would be a listener that no rule lets
# anybody in to.
resource "aws_lb_listener" "http" {
  count = var.public || var.load_balancer.http == "forward" ? 1 : 0

  load_balancer_arn = aws_lb.this.arn
  port              = 80
  protocol          = "HTTP"

  default_action {
    type = var.load_balancer.http == "redirect" ? "redirect" : "fixed-response"

    dynamic "redirect" {
      for_each = var.load_balancer.http == "redirect" ? [1] : []
      content {
        protocol    = "HTTPS"
        port        = "443"
        status_code = "HTTP_301"
      }
    }

    dynamic "fixed_response" {
      for_each = var.load_balancer.http == "redirect" ? [] : [1]
      content {
        status_code  = "404"
        content_type = "text/plain"
        message_body = "no such path\n"
      }
    }
  }
}

resource "aws_lb_listener" "https" {
  count = var.load_balancer.https ? 1 : 0

  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "HTTPS"
  certificate_arn   = var.certificate_arn

  # explicit: the API's default still takes TLS 1.0
  ssl_policy = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"

  # an unknown path is nobody's: no service gets it by chance
  default_action {
    type = "fixed-response"

    fixed_response {
      status_code  = "404"
      content_type = "text/plain"
      message_body = "no such path\n"
    }
  }
}

#### Access logs: the only record of requests that no task saw ####

resource "aws_s3_bucket" "logs" {
  count = var.access_logs == null ? 0 : 1

  bucket        = "${var.name}-alb-logs-${var.access_logs.account_id}-${var.access_logs.region}"
  force_destroy = var.access_logs.force_destroy
}

resource "aws_s3_bucket_public_access_block" "logs" {
  count = var.access_logs == null ? 0 : 1

  bucket                  = aws_s3_bucket.logs[0].bucket
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "logs" {
  count = var.access_logs == null ? 0 : 1

  bucket = aws_s3_bucket.logs[0].bucket
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256" # access logs cannot be written with a key of one's own
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "logs" {
  count = var.access_logs == null ? 0 : 1

  bucket = aws_s3_bucket.logs[0].bucket
  rule {
    id     = "expire"
    status = "Enabled"
    filter {}
    expiration {
      days = var.access_logs.days
    }
  }
}

resource "aws_s3_bucket_policy" "logs" {
  count = var.access_logs == null ? 0 : 1

  bucket = aws_s3_bucket.logs[0].bucket
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "logdelivery.elasticloadbalancing.amazonaws.com" }
      Action    = "s3:PutObject"
      Resource  = "arn:aws:s3:::${var.name}-alb-logs-${var.access_logs.account_id}-${var.access_logs.region}/alb/AWSLogs/${var.access_logs.account_id}/*"
      Condition = {
        ArnLike = { "aws:SourceArn" = "arn:aws:elasticloadbalancing:${var.access_logs.region}:${var.access_logs.account_id}:loadbalancer/*" }
      }
    }]
  })

  depends_on = [aws_s3_bucket_public_access_block.logs]
}
