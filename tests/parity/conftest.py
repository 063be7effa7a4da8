"""One mocked apply of all settings files, for all tests of parity."""

import json

import pytest

from tests.checklist.mocked import AbsentError
from tests.parity.plain import Plain
from tests.parity.variants import FILE, REFUSED, base, files
from tests.parity.worlds import planned


@pytest.fixture(scope="session")
def states(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Plain]:
    """Terraform's facts by the name of the settings file; `ours` is the one in `infra`."""
    settings = base()
    wanted = {"ours": json.loads(FILE.read_text()), "base": settings, **files(settings)}
    for name in REFUSED:
        del wanted[name]
    try:
        return planned(wanted, tmp_path_factory.mktemp("parity"))
    except AbsentError as error:
        pytest.skip(str(error))
