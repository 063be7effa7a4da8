"""Whatever the VPC, `reaches` agrees with a second reading of the documents."""

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra.network.model import Rule
from tests.network.properties import ask, judge
from tests.network.rules import REAL
from tests.network.worlds import Question, question, rule, with_rule

chance = st.randoms(use_true_random=False)
drawn = chance.map(question)
steady = settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])


@given(drawn)
@settings(steady, max_examples=400)
def test_every_answer_holds(asked: Question) -> None:
    judge(REAL, asked)


@given(drawn, chance.map(rule), st.sampled_from(("ingress", "egress")))
@steady
def test_a_further_rule_takes_nothing_away(asked: Question, more: Rule, side: str) -> None:
    """There are allow rules only."""
    before = ask(REAL, asked)
    groups = {name: with_rule(group, side, more) for name, group in asked.topology.groups.items()}
    after = ask(REAL, replace(asked, topology=replace(asked.topology, groups=groups)))
    assert after.allowed or not before.allowed


@given(drawn)
@steady
def test_the_order_of_groups_and_rules_does_not_matter(asked: Question) -> None:
    groups = {
        name: replace(group, ingress=group.ingress[::-1], egress=group.egress[::-1])
        for name, group in asked.topology.groups.items()
    }
    other = replace(asked, topology=replace(asked.topology, groups=groups))
    assert ask(REAL, other) == ask(REAL, asked)
