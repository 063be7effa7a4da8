"""Before the load balancer: API Gateway and WAF."""

from infra.checklist.facts import Facts, LoadBalancer
from infra.checklist.lookup import fargate_services, is_tcp, request_limit
from infra.checklist.rule import Cut, Found, Severity, rule, skip
from infra.checklist.rules.balancing import application_balancers, public_balancers


@rule(
    "EDGE001",
    "who waits longer stands further out",
    over=application_balancers,
    severity=Severity.WARN,
    cut=Cut.SOMETIMES,
    source="https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html",
    mend="timeouts that grow from the inside out: Service Connect below the load balancer, the "
    "load balancer below API Gateway (29 s)",
)
def nested(facts: Facts, balancer: LoadBalancer) -> Found:
    idle = balancer.idle_timeout
    for one in facts.integrations:
        if one.timeout_ms <= idle * 1000:
            yield f"{one.at} gives up after {one.timeout_ms / 1000:g} s, while it waits {idle} s"
    for service in fargate_services(facts):
        for alias in service.connect.aliases:
            limit = request_limit(facts, service, alias)
            if limit is not None and limit >= idle:
                yield f"calls to {service.at} may take {limit} s, it gives up after {idle} s"
            elif alias.per_request == 0 and not is_tcp(facts, service, alias):
                yield f"calls to {service.at} may take for ever, it gives up after {idle} s"


@rule(
    "EDGE002",
    "a web ACL guards the public edge",
    over=public_balancers,
    severity=Severity.WARN,
    source="https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-associating-aws-resource.html",
    mend="an aws_wafv2_web_acl_association with the load balancer or with API Gateway's stage",
    see_also=("CKV2_AWS_28", "ELB.16"),
)
def web_acl(facts: Facts, balancer: LoadBalancer) -> Found:
    if any("/restapis/" in one.resource for one in facts.web_acls):
        skip("API Gateway before it is guarded")
    if all(one.resource != balancer.arn for one in facts.web_acls):
        yield "no web ACL is associated with it"
