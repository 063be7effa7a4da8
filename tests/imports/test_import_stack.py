"""Our own stack as Terraform makes it, imported from its state: the settings come back."""

import json
from pathlib import Path

import pytest

from infra.imports.notes import Kind
from infra.imports.source import read_files
from infra.imports.stack import Imported, convert
from tests.checklist.mocked import AbsentError, apply
from tests.parity.variants import FILE
from tests.parity.worlds import ROOT, overridden, without_provider
from tests.terraform.workspace import copy

pytestmark = pytest.mark.terraform


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Imported:
    """From a mocked apply of envs/local."""
    folder = tmp_path_factory.mktemp("stack")
    cases = {"ours": json.loads(FILE.read_text())}
    without_provider(copy(folder).terraform / "envs/local/main.tf")
    (folder / "main.tf").write_text(ROOT)
    (folder / "cases.json").write_text(json.dumps(cases))
    try:
        state = apply(folder, overridden("ours", cases["ours"]), {})
    except AbsentError as error:
        pytest.skip(str(error))
    path: Path = folder / "state.json"
    path.write_text(json.dumps(state))
    return convert(read_files([path], []))


def test_the_settings_come_back(imported: Imported) -> None:
    assert imported.settings == json.loads(FILE.read_text())


def test_nothing_is_to_be_filled_in(imported: Imported) -> None:
    assert [one.text for one in imported.notes if one.kind is Kind.FILL] == []
