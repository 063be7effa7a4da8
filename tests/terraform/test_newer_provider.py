"""What provider 5.100 cannot check: the stack's arguments against the schema of 6.25."""

import pytest

from tests.terraform.newer import PACKAGE, Schema, fetch
from tests.terraform.workspace import ROOT

pytestmark = pytest.mark.terraform

STACK = ROOT / "infra/terraform"
FILES = sorted([*STACK.glob("modules/*/*.tf"), *STACK.glob("v6/*/*.tf")])


@pytest.fixture(scope="module")
def schema(request: pytest.FixtureRequest) -> Schema:
    path = fetch(request.config.cache.mkdir("provider-6.25"))
    if path is None:
        pytest.skip(f"npm does not bring {PACKAGE}")
    return Schema(path)


def test_every_module_names_only_what_the_newer_provider_knows(schema: Schema) -> None:
    found = {str(f.relative_to(STACK)): schema.problems(f.read_text()) for f in FILES}
    assert {name: problems for name, problems in found.items() if problems} == {}


def test_wrong_arguments_are_found(schema: Schema) -> None:
    text = (STACK / "v6/regional-nat/main.tf").read_text()
    wrong = text.replace("availability_mode", "availability_modus")
    assert schema.problems(wrong) == ["aws_nat_gateway.this: availability_modus is unknown"]
    less = text.replace("  route_table_id         = each.value\n", "")
    assert less != text
    assert schema.problems(less) == ["aws_route.nat: route_table_id is missing"]
    service = (STACK / "modules/service/main.tf").read_text()
    nested = service.replace("per_request_timeout_seconds", "per_request_seconds")
    assert len(schema.problems(nested)) == 1
    assert "aws_ecs_service.this.service_connect_configuration" in schema.problems(nested)[0]
