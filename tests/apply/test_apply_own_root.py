"""A root that knows nothing of us: its provider, its backend, no load balancer."""

import pytest

from tests.apply.stage import OWN, Stage, files, said

pytestmark = [pytest.mark.runtime, pytest.mark.terraform]


def test_without_a_listener_up_is_ready_when_all_is_applied(own: Stage) -> None:
    told = own.up.log.read_text()
    assert "for 4 resources" in told  # the data source, read because of what it waits for, is one
    assert "first answer" not in told
    assert "ready: " in told
    assert own.service("own", "own")["runningCount"] == 1


def test_the_backend_of_the_root_is_neither_asked_nor_written_to(own: Stage) -> None:
    """The state is the plane's, though the root says that it is in S3."""
    done = own.terraform("output")
    assert 'account = "000000000000"' in done.stdout, said(done)
    assert set(files(OWN)) == {"main.tf"}
    assert len(list(own.up.state.rglob("terraform.tfstate"))) == 2  # one tells of the backend


def test_desired_count_and_circuit_breaker_are_changed_in_place(own: Stage) -> None:
    before = own.service("own", "own")
    told = own.apply("-var", "desired_count=2", "-var", "rollback=true")
    assert "0 added, 1 changed, 0 destroyed" in told, told
    after = own.service("own", "own")
    assert after["runningCount"] == 2
    breaker = after["deploymentConfiguration"]["deploymentCircuitBreaker"]
    assert (breaker["enable"], breaker["rollback"]) == (True, True)
    assert [d["id"] for d in after["deployments"]] == [d["id"] for d in before["deployments"]]


def test_the_exit_code_and_the_words_are_terraforms_own(own: Stage) -> None:
    done = own.terraform("plan", "-detailed-exitcode", "-var", "desired_count=3")
    assert done.returncode == 2, said(done)
    assert "will be updated in-place" in done.stdout
