"""The stack as Terraform sees it: form, validity, its own tests, and what a whole apply leaves."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.terraform import facts
from tests.terraform.conftest import ROOTS, Run, Runs
from tests.terraform.planted import IN_MODULES, Bug
from tests.terraform.workspace import ROOT, Workspace, edges, states, waits_for

pytestmark = pytest.mark.terraform

STACK = ROOT / "infra/terraform"
FILES = {"main.tf", "variables.tf", "outputs.tf", "versions.tf", "README.md"}
MODULES = sorted(p.parent for p in STACK.glob("*/*/versions.tf"))
EDGES = ("public", "nlb", "direct", "options")
SETTINGS: dict[str, Any] = json.loads((ROOT / "infra/app.tfvars.json").read_text())


@pytest.fixture(scope="module")
def applied(runs: Runs) -> dict[str, list[facts.Resource]]:
    return states(runs.staging())


@pytest.fixture(scope="module")
def broken_state(runs: Runs) -> list[facts.Resource]:
    return states(runs.broken_staging.result().stdout)["public"]


def said(run: Run) -> str:
    """What a run of terraform told people."""
    done = run.result()
    lines = [line for line in done.stdout.splitlines() if '"type":"test_state"' not in line]
    return "\n".join([*lines, done.stderr])[-8000:]


def test_the_files_are_formatted(stack: Workspace) -> None:
    done = stack.run(".", "fmt", "-check", "-recursive")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("folder", ROOTS[1:])
def test_a_root_is_valid_with_every_module_it_uses(stack: Workspace, folder: str) -> None:
    done = stack.run(folder, "validate", "-no-color")
    assert done.returncode == 0, done.stderr


def test_the_root_of_staging_uses_every_module() -> None:
    text = (STACK / "envs/staging/main.tf").read_text()
    unused = [m.name for m in MODULES if m.parent.name == "modules"]
    assert [name for name in unused if f'"../../modules/{name}"' not in text] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(STACK)))
def test_a_module_has_its_five_files(module: Path) -> None:
    found = {p.name for p in module.iterdir() if p.suffix in (".tf", ".md")}
    assert found >= FILES  # a large one has a file per subject beside them
    assert max(len((module / name).read_text().splitlines()) for name in found) < 400


def test_the_modules_pass_their_tests(runs: Runs) -> None:
    assert runs.modules.result().returncode == 0, said(runs.modules)
    assert "0 failed." in runs.modules.result().stdout


def test_the_local_root_passes_its_tests(runs: Runs) -> None:
    assert runs.local.result().returncode == 0, said(runs.local)
    state = states(runs.local.result().stdout)["local"]
    assert set(facts.services(state)) == set(SETTINGS["services"])
    assert facts.broken_chains(state, SETTINGS) == []
    kinds = {r["type"] for r in state}
    assert not {k for k in kinds if k.startswith(("aws_iam", "aws_cloudwatch", "aws_s3"))}


@pytest.mark.parametrize("bug", IN_MODULES, ids=lambda bug: bug.name)
def test_a_bug_in_a_module_is_found(runs: Runs, bug: Bug) -> None:
    done = runs.broken_modules.result()
    assert done.returncode == 1
    assert bug.said in " ".join(f"{done.stdout} {done.stderr}".split())


@pytest.mark.parametrize("run", EDGES)
def test_every_chain_of_security_groups_is_whole(
    applied: dict[str, list[facts.Resource]], run: str
) -> None:
    assert facts.broken_chains(applied[run], SETTINGS) == []


def test_a_missing_link_is_found(broken_state: list[facts.Resource]) -> None:
    problems = facts.broken_chains(broken_state, SETTINGS)
    assert "inventory-api to order-api: no egress for 8080" in problems
    assert "inventory-api to order-api: no ingress for 8080" in problems


@pytest.mark.parametrize("run", EDGES)
def test_no_task_lets_addresses_in(applied: dict[str, list[facts.Resource]], run: str) -> None:
    assert facts.open_tasks(applied[run]) == []


def test_a_task_that_is_open_is_found(broken_state: list[facts.Resource]) -> None:
    assert "order-api lets in 0.0.0.0/0" in facts.open_tasks(broken_state)


@pytest.mark.parametrize("run", EDGES)
def test_every_service_reaches_the_endpoints(
    applied: dict[str, list[facts.Resource]], run: str
) -> None:
    assert facts.unreached_endpoints(applied[run]) == []


def test_a_service_without_endpoints_is_found(broken_state: list[facts.Resource]) -> None:
    problems = facts.unreached_endpoints(broken_state)
    assert "order-api to endpoints: no ingress for 443" in problems


@pytest.mark.parametrize("run", EDGES)
def test_every_zone_leaves_by_its_own_gateway(
    applied: dict[str, list[facts.Resource]], run: str
) -> None:
    assert facts.lonely_zones(applied[run], SETTINGS) == []


def test_a_zone_that_leaves_by_another_is_found(broken_state: list[facts.Resource]) -> None:
    assert facts.lonely_zones(broken_state, SETTINGS) == SETTINGS["availability_zones"][1:]


def test_every_service_has_a_breaker_that_rolls_back(
    applied: dict[str, list[facts.Resource]],
) -> None:
    assert {*SETTINGS["services"], "locust-master"} <= set(facts.services(applied["public"]))
    assert [problem for run in EDGES for problem in facts.breakers_off(applied[run])] == []


def test_a_breaker_that_is_off_is_found(broken_state: list[facts.Resource]) -> None:
    assert facts.breakers_off(broken_state) == sorted(SETTINGS["services"])


def test_no_secret_is_in_an_environment(applied: dict[str, list[facts.Resource]]) -> None:
    assert [problem for run in EDGES for problem in facts.shown_secrets(applied[run])] == []
    found = dict(facts.containers(applied["public"]))["order-api"]
    assert {s["name"] for s in found["secrets"]} == {"PGUSER", "PGPASSWORD"}


def test_a_secret_in_an_environment_is_found(broken_state: list[facts.Resource]) -> None:
    assert "order-api: PGPASSWORD" in facts.shown_secrets(broken_state)


def test_applications_keep_connections_longer_than_the_load_balancer(
    applied: dict[str, list[facts.Resource]],
) -> None:
    assert [problem for run in EDGES for problem in facts.short_keep_alives(applied[run])] == []


def test_a_keep_alive_that_is_too_short_is_found(broken_state: list[facts.Resource]) -> None:
    assert facts.short_keep_alives(broken_state) == ["inventory-api: 75.0", "order-api: 75.0"]


ORDERS = (
    ("module.service_second.aws_ecs_service.this", "module.service_first.aws_ecs_service.this"),
    (
        "module.service_first.aws_ecs_service.this",
        "module.service_first.aws_lb_listener_rule.this",
    ),
    ("module.loadgen.aws_ecs_service.worker", "module.loadgen.aws_ecs_service.master"),
    ("module.edge.aws_lb.this", "module.edge.aws_s3_bucket_policy.logs"),
    ("module.api_nlb.aws_api_gateway_stage.this", "module.api_nlb.aws_api_gateway_account.this"),
)
OTHER_ORDERS = (
    ("module.service_third.aws_ecs_service.this", "module.service_second.aws_ecs_service.this"),
    ("module.service_first.aws_ecs_service.this", "module.endpoints.aws_vpc_endpoint.interface"),
    ("module.service_first.aws_ecs_service.this", "module.network.aws_route.nat"),
    ("module.loadgen.aws_ecs_service.master", "module.loadgen.aws_iam_role_policy.task"),
    ("module.waf.aws_wafv2_web_acl_association.this", "module.api_nlb.aws_api_gateway_stage.this"),
)


def test_what_must_be_there_first_is_made_first(stack: Workspace) -> None:
    graph = edges(stack.run("envs/staging", "graph").stdout)
    assert [pair for pair in (*ORDERS, *OTHER_ORDERS) if not waits_for(graph, *pair)] == []


def test_a_wrong_order_is_found(broken: Workspace) -> None:
    graph = edges(broken.run("envs/staging", "graph").stdout)
    assert [pair for pair in ORDERS if waits_for(graph, *pair)] == []
