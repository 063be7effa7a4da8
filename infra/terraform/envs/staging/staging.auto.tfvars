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

execute_command = true # off, and fault_injection on, for drills with network faults
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

load = {
  image_tag = "1"
  rate      = 200
  workers   = 2
  running   = false
}
