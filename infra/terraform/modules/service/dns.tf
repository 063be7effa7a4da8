# Plain DNS by Cloud Map: no retries, no time limits, names cached by clients.

resource "aws_service_discovery_service" "this" {
  count = var.plain_dns == null ? 0 : 1

  name = var.name

  dns_config {
    namespace_id   = var.plain_dns.namespace_id
    routing_policy = "MULTIVALUE"

    dns_records {
      type = "A"
      ttl  = 10 # as long as that, clients still call a task that is gone
    }
  }
}
