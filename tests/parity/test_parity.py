"""One settings file, two worlds: what Terraform would make is what the plane says that it has.

Terraform's side is a mocked apply of envs/local, the plane's is what boto3 reads after `up` has
applied the same file.
"""

from collections.abc import Mapping

import pytest

from infra.checklist.known import Unknown
from tests.api.plane import Switch, serving
from tests.parity.exempt import EXEMPT, NOT_ANSWERED
from tests.parity.plain import Plain, differences, unexplained, unneeded
from tests.parity.variants import REFUSED, base, changes, files, leaves, unnoticed
from tests.parity.worlds import running

SETTINGS = base()
FILES = {"base": SETTINGS, **files(SETTINGS)}
ALL = (*EXEMPT, *NOT_ANSWERED)


@pytest.fixture(scope="module")
def planes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Plain]:
    """The plane's facts by the name of the settings file."""
    folder = tmp_path_factory.mktemp("planes")
    switch = Switch()
    with serving(switch) as url:
        return {name: running(one, switch, url, folder) for name, one in FILES.items()}


@pytest.mark.parametrize("name", sorted(set(FILES) - set(REFUSED)))
def test_the_same_settings_are_the_same_facts(
    name: str, states: dict[str, Plain], planes: dict[str, Plain]
) -> None:
    assert unexplained(differences(states[name], planes[name]), ALL) == {}


def test_every_exemption_is_needed_still(
    states: dict[str, Plain], planes: dict[str, Plain]
) -> None:
    assert unneeded(differences(states["base"], planes["base"]), ALL) == []


def test_a_change_on_the_planes_side_is_noticed(
    states: dict[str, Plain], planes: dict[str, Plain]
) -> None:
    assert unnoticed(SETTINGS, differing(states["base"], planes), set(planes)) == []


def test_a_change_on_terraforms_side_is_noticed(
    states: dict[str, Plain], planes: dict[str, Plain]
) -> None:
    made = {name: facts for name, facts in states.items() if name != "ours"}
    assert unnoticed(SETTINGS, differing(planes["base"], made), set(made)) == []


def differing(wanted: Plain, worlds: Mapping[str, Plain]) -> dict[str, set[str]]:
    """The worlds in which each path is not as wanted."""
    found: dict[str, set[str]] = {}
    for name, facts in worlds.items():
        for path in unexplained(differences(wanted, facts), ALL):
            found.setdefault(path, set()).add(name)
    return found


def test_every_value_of_the_settings_is_changed_in_some_file() -> None:
    """So that what is added to the settings file is compared, too."""
    found = changes(SETTINGS)
    assert len(found) == len({one.path for one in found}) > 70
    for path, value in leaves(SETTINGS):
        if path[-1] not in ("service_connect", "calls", "enable", "rollback"):  # of one service
            assert any(one.path == path and one.value != value for one in found), path


def test_every_fact_counts(planes: dict[str, Plain]) -> None:
    facts = {path: value for path, value in planes["base"].items() if not exempt(path)}
    assert len(facts) > 250
    for path, value in facts.items():
        for spoilt in ("another", None, Unknown("nobody knows")):
            found = differences(facts, {**facts, path: spoilt} if value != spoilt else {})
            assert path in unexplained(found, ALL), path
        assert list(differences(facts, {p: v for p, v in facts.items() if p != path})) == [path]


def exempt(path: str) -> bool:
    return any(one.covers(path) for one in ALL)


def test_what_is_not_known_is_equal_to_nothing() -> None:
    unknown = Unknown("nobody knows")
    assert list(differences({"a": unknown}, {"a": unknown})) == ["a"]
