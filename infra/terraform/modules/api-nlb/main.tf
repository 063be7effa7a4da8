#### NLB: the article's private entrance ####

# An NLB that is made without a group can never get one. With it, the ALB lets in a group and not
# the whole VPC.
resource "aws_security_group" "this" {
  name        = "${var.name}-nlb"
  description = "network load balancer of ${var.name}"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "to_load_balancer" {
  security_group_id            = aws_security_group.this.id
  referenced_security_group_id = var.load_balancer.security_group_id
  description                  = "to the load balancer"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_ingress_rule" "to_load_balancer" {
  security_group_id            = var.load_balancer.security_group_id
  referenced_security_group_id = aws_security_group.this.id
  description                  = "from the network load balancer"
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_lb" "this" {
  name               = "${var.name}-nlb"
  load_balancer_type = "network"
  internal           = true
  security_groups    = [aws_security_group.this.id]

  # API Gateway comes by PrivateLink, from addresses that no rule could name
  enforce_security_group_inbound_rules_on_private_link_traffic = "off"

  enable_deletion_protection = var.deletion_protection

  dynamic "subnet_mapping" {
    for_each = var.subnet_ids
    content {
      subnet_id = subnet_mapping.value
    }
  }
}

resource "aws_lb_target_group" "this" {
  name        = "${var.name}-alb"
  vpc_id      = var.vpc_id
  target_type = "alb" # an ALB is no address: its addresses change
  protocol    = "TCP"
  port        = 443

  health_check {
    protocol = "HTTPS"
    path     = var.health_check_path
    matcher  = "200-499"
  }
}

resource "aws_lb_target_group_attachment" "this" {
  target_group_arn = aws_lb_target_group.this.arn
  target_id        = var.load_balancer.arn
  port             = 443

  lifecycle {
    # refused while the ALB does not listen on this port
    precondition {
      condition     = var.load_balancer.https_listener_arn != null
      error_message = "The ALB has no listener on 443; set load_balancer.https to true."
    }
  }
}

resource "aws_lb_listener" "this" {
  load_balancer_arn = aws_lb.this.arn
  port              = 443
  protocol          = "TCP"

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this.arn
  }
}

#### REST API ####

resource "aws_api_gateway_vpc_link" "this" {
  name        = var.name
  target_arns = [aws_lb.this.arn] # the first kind of VPC link takes NLBs only
}

resource "aws_api_gateway_rest_api" "this" {
  name = var.name

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_resource" "any" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = "{proxy+}"
}

resource "aws_api_gateway_method" "any" {
  rest_api_id        = aws_api_gateway_rest_api.this.id
  resource_id        = aws_api_gateway_resource.any.id
  http_method        = "ANY"
  authorization      = "NONE"
  request_parameters = { "method.request.path.proxy" = true }
}

resource "aws_api_gateway_integration" "any" {
  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = aws_api_gateway_resource.any.id
  http_method             = aws_api_gateway_method.any.http_method
  type                    = "HTTP_PROXY"
  integration_http_method = "ANY"
  connection_type         = "VPC_LINK"
  connection_id           = aws_api_gateway_vpc_link.this.id
  uri                     = "https://${var.domain_name}/{proxy}" # the path without the stage's name
  timeout_milliseconds    = var.timeout_milliseconds
  request_parameters      = { "integration.request.path.proxy" = "method.request.path.proxy" }
}

resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  triggers    = { redeployment = sha1(jsonencode([aws_api_gateway_resource.any, aws_api_gateway_method.any, aws_api_gateway_integration.any])) }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_api_gateway_stage" "this" {
  rest_api_id   = aws_api_gateway_rest_api.this.id
  deployment_id = aws_api_gateway_deployment.this.id
  stage_name    = "v1"

  depends_on = [aws_lb_listener.this, aws_lb_target_group_attachment.this]
}
