account_id = "123456789012"
cidr_block = "10.20.0.0/16"
nat        = "zonal"

interface_endpoints = ["ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssmmessages"]

edge = {
  mode            = "none"
  certificate_arn = "arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000"
  domain_name     = "staging.example.com"
}

waf_requests_per_5_minutes = 200000 # above what the load generators send through one NAT gateway

retention_in_days   = 14
deletion_protection = false # `terraform destroy` is meant to work here; true in production

execute_command = true # off, and fault_injection on, for drills with faults inside tasks
fault_injection = false
rollback_alarm  = 10

autoscaling = {
  min                 = 2
  max                 = 6
  cpu_percent         = 60
  requests_per_minute = 6000
}

database_service = "order-api"
chaos            = true

# in force with fault_injection
faults_inside = {
  agent_image  = "public.ecr.aws/amazon-ssm-agent/amazon-ssm-agent:3.3.1611.0"
  minutes      = 5
  latency_ms   = 400
  loss_percent = 10
  port         = 8080
  cpu_percent  = 100
}

certificate_authority_arn = null # a private CA costs by the month
private_dns_zone          = null # "rehearsal.internal" for clients outside of Service Connect

load = {
  image_tag     = "1"
  results_image = "public.ecr.aws/aws-cli/aws-cli:2.22.0"
  rate          = 200
  workers       = 2
  running       = false
}
