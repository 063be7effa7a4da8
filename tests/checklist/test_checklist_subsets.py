"""Whatever is missing or odd in a state: findings, never an exception."""

import copy
import json
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.checklist.documents import Resource
from infra.checklist.findings import Verdict
from infra.checklist.rules import RULES
from tests.checklist.stored import findings, resources

ODD: tuple[object, ...] = (None, "", "?", 0, -1, 1.5, True, [], {}, [None], [{}], [[]], {"a": None})
STATES = {name: resources(name) for name in ("good", "article", "peers")}


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32), share=st.sampled_from((0.02, 0.1, 0.5)))
@pytest.mark.parametrize("name", STATES)
def test_any_subset_is_judged(name: str, seed: int, share: float) -> None:
    draw = random.Random(seed)
    kept = [one for one in STATES[name] if draw.random() > share]
    cut = [replace(one, values=thinned(one.values, draw, share)) for one in kept]
    assert {one.rule.id for one in findings(cut)} == {rule.id for rule in RULES}


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32))
@pytest.mark.parametrize("name", STATES)
def test_odd_values_are_judged(name: str, seed: int) -> None:
    draw = random.Random(seed)
    spoilt = [
        replace(one, values={k: spoil(v, draw) for k, v in one.values.items()})
        for one in STATES[name]
    ]
    assert {one.rule.id for one in findings(spoilt)} == {rule.id for rule in RULES}


def test_an_attribute_that_is_not_there_is_unknown_not_its_default() -> None:
    state = [
        replace(one, values={k: v for k, v in one.values.items() if k != "desired_count"})
        for one in STATES["good"]
    ]
    found = [one for one in findings(state) if one.rule.id == "DEP003"]
    assert {one.verdict for one in found} == {Verdict.UNKNOWN}
    assert "desired_count" in found[0].text


def thinned(values: Any, draw: random.Random, share: float) -> Any:
    """Without some of its attributes, at any depth."""
    if isinstance(values, dict):
        return {k: thinned(v, draw, share) for k, v in values.items() if draw.random() > share}
    if isinstance(values, list):
        return [thinned(one, draw, share) for one in values]
    return values


def spoil(values: Any, draw: random.Random, chance: float = 0.08) -> Any:
    """With some values that have no place there, also within the container definitions."""
    if draw.random() < chance:
        return copy.deepcopy(draw.choice(ODD))
    if isinstance(values, dict):
        return {k: spoil(v, draw) for k, v in values.items()}
    if isinstance(values, list):
        return [spoil(one, draw) for one in values]
    if isinstance(values, str) and values.startswith("["):
        return json.dumps(spoil(json.loads(values), draw))
    return values


def test_odd_resources_are_no_resources() -> None:
    odd = [Resource("aws_vpc.a", "aws_vpc", {}), Resource("?", "aws_ecs_service", {"name": 3})]
    assert {one.rule.id for one in findings(odd)} == {rule.id for rule in RULES}
