"""The same apply where tasks are containers."""

import httpx
import pytest

from tests.apply.stage import Stage, said

pytestmark = [pytest.mark.docker, pytest.mark.terraform]


def test_the_stack_is_the_same_in_containers(containers: Stage) -> None:
    url = containers.up.url
    assert f"GET {url}/orders: 200" in containers.up.log.read_text()
    wish = {"quantity": 1, "customer": "c"}
    assert httpx.post(f"{url}/inventory/SKU-LOAD-1/reservations", json=wish).status_code == 201
    status = httpx.get(f"{containers.up.endpoint}/_rehearse/status").json()
    assert status["runtime"] == "docker"
    assert {service["steady"] for service in status["services"]} == {True}


def test_a_plan_shows_no_change_there_either(containers: Stage) -> None:
    done = containers.terraform("plan", "-detailed-exitcode")
    assert done.returncode == 0, said(done)
