import argparse
from pathlib import Path

import pytest

from loadtest.settings import HEADERS, Settings, SettingsError, add_options, read_settings


def read(*arguments: str, host: str = "http://127.0.0.1:8080") -> Settings:
    parser = argparse.ArgumentParser()
    parser.add_argument("--header", action="append")
    add_options(parser)
    options = parser.parse_args(arguments)
    options.host = host
    return read_settings(options)


def test_defaults_are_a_load_without_end() -> None:
    settings = read()
    assert (str(settings.shape), settings.mix, settings.record) == ("inf@100", "mixed", None)


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [
        pytest.param(("--rate", "300", "--duration", "2.5"), "2.5@300", id="a steady load"),
        pytest.param(("--scenario", "smoke"), "inf@5", id="a steady one without end"),
        pytest.param(("--scenario", "spike"), "24@40,12@200,24@40", id="one with its own time"),
        pytest.param(
            ("--scenario", "ramp", "--rate", "8", "--duration", "4"), "3@0-8,1@8", id="both given"
        ),
    ],
)
def test_rate_and_duration_set_the_scenario(arguments: tuple[str, ...], shape: str) -> None:
    assert str(read(*arguments).shape) == shape


def test_headers_come_from_the_option_or_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(HEADERS, "Authorization: Bearer a:b\n\nX-Team: blue")
    assert read().headers == {"authorization": "Bearer a:b", "x-team": "blue"}
    assert read("--header", "X-Team: red").headers == {"x-team": "red"}


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("Bearer s3cret", id="no name"),
        pytest.param("Auth orization: s3cret", id="a name that cannot be"),
        pytest.param("Authorization: s3cret\r\nx-evil: 1", id="a line break"),
        pytest.param("X-Request-Id: s3cret", id="one the load sets"),
    ],
)
def test_a_wrong_header_is_refused_without_showing_it(header: str) -> None:
    with pytest.raises(SettingsError, match="; hint: ") as caught:
        read("--header", header)
    assert "s3cret" not in str(caught.value)


def test_settings_do_not_show_headers() -> None:
    assert "s3cret" not in repr(read("--header", "Authorization: s3cret"))


def test_the_time_scale_divides_the_longest_request_only() -> None:
    settings = read("--rate", "300", "--time-scale", "10", "--longest", "15", "--duration", "2.5")
    assert (settings.longest_real_s, settings.drain_s) == (1.5, 6.5)
    assert str(settings.shape) == "2.5@300"


@pytest.mark.parametrize(
    ("arguments", "host", "named"),
    [
        pytest.param((), "127.0.0.1:8080", "--host", id="a host without a scheme"),
        pytest.param((), "http://", "--host", id="a URL without a host"),
        pytest.param((), "http://x:99999", "--host", id="a port that cannot be"),
        pytest.param(("--rate", "-1"), "http://x", "--rate", id="a negative rate"),
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
