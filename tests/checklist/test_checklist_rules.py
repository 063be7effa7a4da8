"""Every rule on states of mocked applies: it fails where its case is, and passes where all is well.

The states are stored (see extract.py); test_checklist_hcl.py makes them anew from the HCL.
"""

import functools

import pytest

from chaos.drills import all_drills
from infra.checklist.findings import Finding, Verdict
from infra.checklist.rule import Cut, Severity
from infra.checklist.rules import RULES
from tests.checklist.mocked import cases
from tests.checklist.stored import findings, of_rule, resources

ARTICLE: dict[str, dict[str, object]] = {
    "SC005": {},
    "SC006": {},
}  # nothing waits for anything there
GROUPS = {**cases(), "article": ARTICLE}
CASES = [(rule, group) for group, rules in GROUPS.items() for rule in rules]

# Where each case is found, and a part of what is said.
SAID = {
    "NET001": ("aws_ecs_task_definition", "networkMode is bridge"),
    "NET002": ("aws_ecs_service.order", "public IP"),
    "NET003": ("aws_ecs_service.order", "all its subnets are in eu-central-1a"),
    "NET004": ('aws_subnet.private["eu-central-1b"]', "losing eu-central-1a cuts both off"),
    "NET005": ("aws_subnet.private", "no default route"),
    "NET006": ("aws_ecs_service.order", "44 addresses at the peak of a deployment"),
    "ALB001": ("aws_ecs_service", "target_type instance"),
    "ALB002": ("aws_lb.this", "answers port 80 in clear"),
    "ALB003": ("aws_lb.this", "access logs are off"),
    "ALB004": ('aws_lb_target_group.this["', "no listener sends"),
    "ALB005": ("aws_lb_target_group", "timeout of 10 s is not below the interval of 10 s"),
    "ALB006": ("aws_lb_listener.http", "lets port 80 in"),
    "SG001": ("aws_ecs_service.order", "aws_security_group.balancer is the group of"),
    "SG002": ("aws_vpc_security_group_ingress_rule", "may call port 8080"),
    "SG003": ("aws_vpc_security_group_ingress_rule", "all of 10.0.0.0/16"),
    "SG004": ("aws_ecs_service", "aws_security_group.balancer has no egress rule for tcp 8080"),
    "SG005": ("aws_ecs_service.order", "an ingress rule for tcp 8080 from module"),
    "SG006": ("aws_lb.static", "can never get one"),
    "LC001": ("aws_ecs_service.order", "no grace period"),
    "LC002": ("aws_lb_target_group", "300 s make every deployment"),
    "LC003": (
        "aws_ecs_service.order",
        "stopTimeout 10 s, a request by Service Connect may take 15",
    ),
    "LC004": ("aws_ecs_service", "closes idle connections after 5 s"),
    "LC005": ("aws_ecs_service.order", "no per-request timeout"),
    "LC006": ("aws_ecs_service", "the shell sh is PID 1"),
    "VPCE001": ("aws_ecs_service", "has no S3 gateway endpoint"),
    "VPCE002": ("aws_ecs_service", "no endpoint logs"),
    "VPCE003": ("aws_ecs_service", "no endpoint secretsmanager"),
    "VPCE004": ("aws_ecs_service.order", "no endpoint ssmmessages"),
    "VPCE005": ("aws_ecs_service", "aws_security_group.endpoints has no ingress rule for tcp 443"),
    "VPCE006": ("aws_vpc_endpoint.interface", "private DNS is off"),
    "VPCE007": ("aws_ecs_service", "is not in eu-central-1b"),
    "SC001": ("aws_ecs_service.order", "neither Service Connect nor Cloud Map"),
    "SC002": ("aws_ecs_service.order", "neither it nor its cluster names a namespace"),
    "SC003": ("aws_ecs_service.order", "http has no appProtocol"),
    "SC004": ("aws_ecs_service", "publishes order-api:8080 too"),
    "SC005": ("aws_ecs_service.order_api", "aws_ecs_service.inventory_api does not wait for it"),
    "SC006": ("aws_ecs_service.app", "does not wait for aws_lb_listener.https"),
    "DEP001": ("aws_ecs_service.order", "no circuit breaker"),
    "DEP002": ("aws_ecs_service.order", "1 task at least"),
    "DEP003": ("aws_ecs_service.order", "leaves 1 of 2 tasks"),
    "DEP004": ("aws_ecs_service.order", "stay in the others"),
    "DEP005": ("aws_ecs_service", "is another image tomorrow"),
    "SEC001": ("aws_ecs_task_definition", "can write to its root file system"),
    "SEC002": ("aws_ecs_task_definition", "runs as the user of its image"),
    "SEC003": ("aws_ecs_task_definition", "are one"),
    "SEC004": ("aws_ecs_task_definition", "DATABASE_PASSWORD in its environment"),
    "SEC005": ("aws_ecs_service.order", "ECS Exec is on"),
    "LOG001": ("aws_ecs_task_definition", "may stand still"),
    "EDGE001": ("aws_lb.this", "gives up after 29 s, while it waits 60 s"),
    "EDGE002": ("aws_lb.this", "no web ACL"),
}


@functools.cache
def judged(group: str) -> list[Finding]:
    return findings(resources(group))


def test_every_rule_has_a_case() -> None:
    ids = [one.id for one in RULES]
    assert sorted(ids) == sorted(rule for rule, _ in CASES) == sorted(SAID)


@pytest.mark.parametrize(("rule", "group"), CASES, ids=[rule for rule, _ in CASES])
def test_a_rule_fails_where_its_case_is(rule: str, group: str) -> None:
    at, text = SAID[rule]
    failed = [one for one in of_rule(judged(group), rule) if one.verdict is Verdict.FAIL]
    assert any(at in one.at and text in one.text for one in failed), failed


@pytest.mark.parametrize("rule", [one.id for one in RULES])
def test_a_rule_passes_where_all_is_well(rule: str) -> None:
    assert Verdict.PASS in {one.verdict for one in of_rule(judged("good"), rule)}


def test_nothing_fails_and_nothing_is_unknown_where_all_is_well() -> None:
    bad = [one for one in judged("good") if one.verdict in (Verdict.FAIL, Verdict.UNKNOWN)]
    assert bad == []


@pytest.mark.parametrize("group", cases())
def test_no_other_rule_fails(group: str) -> None:
    """A group's changes break the rules that they are there for, and those that they must."""
    more = {"peers": {"SG002"}}.get(group, set())  # the load balancer's group lets anybody in
    failed = {one.rule.id for one in judged(group) if one.verdict is Verdict.FAIL}
    assert failed == set(cases()[group]) | more
    assert not [one for one in judged(group) if one.verdict is Verdict.UNKNOWN]


def test_rules_say_where_they_come_from() -> None:
    for one in RULES:
        assert one.source.startswith("https://"), one.id
        assert one.title, one.id
        assert one.mend, one.id


def test_the_drills_that_rules_name_are_there() -> None:
    names = {drill.name for drill in all_drills()}
    assert {one.drill for one in RULES if one.drill} <= names


def test_what_the_article_asks_is_asked() -> None:
    """Its nineteen lines; some are more than one rule."""
    assert len([one for one in RULES if one.article]) >= 19


def test_a_finding_names_the_services_that_it_is_about() -> None:
    (one,) = [x for x in of_rule(judged("paths"), "NET004") if x.verdict is Verdict.FAIL]
    assert set(one.services) == {"order-api", "inventory-api"}
    (group,) = {x.services for x in of_rule(judged("good"), "ALB005") if '"order"' in x.at}
    assert group == ("order-api",)


def test_a_missing_endpoint_is_an_error_only_without_another_way() -> None:
    severities = {
        group: {one.severity for one in of_rule(judged(group), rule) if one.verdict is Verdict.FAIL}
        for group, rule in (("isolated", "VPCE002"), ("paths", "VPCE003"))
    }
    assert severities == {"isolated": {Severity.ERROR}, "paths": {Severity.WARN}}


def test_rules_that_cut_requests_come_with_when() -> None:
    assert {one.cut for one in RULES} == set(Cut)
