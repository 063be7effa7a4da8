"""Every path of an ECS stack's VPC, and the words in which a refusal names what is missing."""

import pytest

from infra.network.model import ALL, Address, Interface, Rule, Topology
from infra.network.permits import OPEN, Permit, permits
from infra.network.reach import reaches
from tests.network.cases import CASES, ORDER, STACK, TWO, UNKNOWN, Case
from tests.network.rules import REAL


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sentence)
def test_path(case: Case) -> None:
    assert case.fault(REAL) is None


def test_permits_have_the_addresses_of_the_groups_that_rules_name() -> None:
    assert permits(STACK, ORDER) == (
        Permit("tcp", 8080, 8080, "10.0.1.4/32"),
        Permit("tcp", 8080, 8080, "10.0.11.6/32"),
    )


def test_permits_of_a_rule_that_names_its_own_group_have_the_interface_itself() -> None:
    assert Permit(ALL, 0, 65_535, "10.0.11.7/32") in permits(STACK, TWO)


def test_an_unknown_group_permits_everything() -> None:
    assert permits(UNKNOWN, ORDER) == OPEN


def test_a_stranger_to_the_topology_is_refused_as_a_mistake() -> None:
    stranger = Interface("eni-x", "10.0.0.1", ("sg-alb",))
    with pytest.raises(ValueError, match="eni-x is not among"):
        reaches(STACK, stranger, ORDER, 80)
    with pytest.raises(ValueError, match="neither"):
        reaches(Topology(), Address("10.0.0.0/8"), Address("10.0.0.0/8"), 80)


@pytest.mark.parametrize("peer", [{}, {"cidr": "10.0.0.0/8", "group": "sg-1"}])
def test_a_rule_has_one_peer(peer: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="needs one of"):
        Rule("tcp", 80, 80, **peer)
