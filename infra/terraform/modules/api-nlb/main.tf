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

  enable_zonal_shift         = true # as the ALB's: a zone is taken out at both
  enable_deletion_protection = var.deletion_protection

  dynamic "subnet_mapping" {
    for_each = var.subnet_ids
    content {
      subnet_id            = subnet_mapping.value
      private_ipv4_address = lookup(var.private_ipv4_addresses, subnet_mapping.key, null)
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
