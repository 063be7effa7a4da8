"""The settings file: parsed, ordered, refused with the place and the reason."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra.local.settings import DEFAULT, WrongSettingsError, load


def changed(folder: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    document = json.loads(DEFAULT.read_text())
    change(document)
    path = folder / "settings.json"
    path.write_text(json.dumps(document))
    return path


def test_the_default_settings_are_valid_and_callees_come_first() -> None:
    assert load().in_call_order() == ["order-api", "inventory-api"]


def in_a_circle(document: dict[str, Any]) -> None:
    services = document["services"]
    services["order-api"]["calls"] = ["inventory-api"]
    services["inventory-api"]["service_connect"] = services["order-api"]["service_connect"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(in_a_circle, "call each other in a circle", id="a circle of calls"),
        pytest.param(
            lambda d: d["services"]["order-api"]["target_group"].update(slow_start=5),
            "services.order-api.target_group",
            id="a slow start that ELB refuses",
        ),
        pytest.param(lambda d: d.update(services={}), "services", id="no service"),
    ],
)
def test_wrong_settings_name_the_place(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], expected: str
) -> None:
    with pytest.raises(WrongSettingsError, match=expected):
        load(changed(tmp_path, change))


def test_a_file_that_is_not_json_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    path.write_text("{")
    with pytest.raises(WrongSettingsError, match="is not JSON"):
        load(path)
