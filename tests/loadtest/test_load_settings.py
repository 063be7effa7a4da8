import argparse
from pathlib import Path

import pytest

from loadtest.settings import Settings, SettingsError, add_options, read_settings


def read(*arguments: str, host: str = "http://127.0.0.1:8080") -> Settings:
    parser = argparse.ArgumentParser()
    add_options(parser)
    options = parser.parse_args(arguments)
    options.host = host
    return read_settings(options)


def test_defaults_are_a_load_without_end() -> None:
    settings = read()
    assert (settings.rate, settings.duration_s, settings.record) == (100, None, None)


def test_the_time_scale_divides_the_longest_request_only() -> None:
    settings = read("--rate", "300", "--time-scale", "10", "--longest", "15", "--duration", "2.5")
    assert (settings.longest_real_s, settings.drain_s) == (1.5, 6.5)
    assert (settings.rate, settings.duration_s) == (300, 2.5)


@pytest.mark.parametrize(
    ("arguments", "host", "named"),
    [
        pytest.param((), "127.0.0.1:8080", "--host", id="a host without a scheme"),
        pytest.param((), "http://", "--host", id="a URL without a host"),
        pytest.param((), "http://x:99999", "--host", id="a port that cannot be"),
        pytest.param(("--rate", "0"), "http://x", "--rate", id="no rate"),
        pytest.param(("--rate", "nan"), "http://x", "--rate", id="a rate that is no number"),
        pytest.param(("--time-scale", "21"), "http://x", "--time-scale", id="a scale beyond 20"),
        pytest.param(("--longest", "31"), "http://x", "--longest", id="an export beyond 30 s"),
        pytest.param(("--duration", "-1"), "http://x", "--duration", id="a negative duration"),
        pytest.param(("--ca", "/none.pem"), "https://x", "--ca", id="a CA that is not there"),
        pytest.param(("--record", "/none/r"), "http://x", "--record", id="a folder not there"),
    ],
)
def test_wrong_options_are_refused_with_a_hint(
    arguments: tuple[str, ...], host: str, named: str
) -> None:
    with pytest.raises(SettingsError, match=f"^{named} .*; hint: "):
        read(*arguments, host=host)


def test_a_record_goes_to_an_existing_folder(tmp_path: Path) -> None:
    assert read("--record", str(tmp_path / "r.sqlite")).record == tmp_path / "r.sqlite"
