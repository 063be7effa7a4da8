"""What is run for a container, from image, task definition, addresses and time scale."""

import sys
from pathlib import Path

import pytest

from infra.local.runtime import invocation
from infra.local.runtime.images import Image, Pulled
from infra.local.runtime.protocol import (
    CannotStartContainerError,
    ContainerSpec,
    Mount,
    Network,
)

INNER = "127.64.10.2"
NETWORK = Network("127.64.10.1", INNER, {"order-api": "127.64.10.3"})
IMAGE = Image(
    "app",
    ("1",),
    ("{python}", "-m", "app", "--bind={ip}:{port}"),
    ("DRAIN_SECONDS", "WAIT_SECONDS"),
    {"VERSION": "{tag}", "DATABASE": "sqlite:///{data}/x", "JSON": '{"a": 1}', "WAIT_SECONDS": "3"},
)


def invoke(
    *,
    entry_point: tuple[str, ...] | None = None,
    command: tuple[str, ...] | None = None,
    environment: dict[str, str] | None = None,
    mounts: tuple[Mount, ...] = (),
    port: int | None = 8080,
    scale: float = 1,
) -> invocation.Invocation:
    spec = ContainerSpec(
        "app", "app:1", Path("log"), command, entry_point, environment or {}, mounts, port
    )
    pulled = Pulled(IMAGE, "1")
    return invocation.invocation(pulled, spec, NETWORK, data=Path("/state/app"), scale=scale)


def test_the_image_says_what_runs() -> None:
    call = invoke()
    assert call.command == (sys.executable, "-m", "app", f"--bind={INNER}:8080")
    assert call.environment["VERSION"] == "1"
    assert call.environment["DATABASE"] == "sqlite:////state/app/x"
    assert call.environment["JSON"] == '{"a": 1}'


@pytest.mark.parametrize(
    ("entry_point", "command", "result"),
    [
        pytest.param(None, ("sleep", "1"), ("sleep", "1"), id="a command replaces the image's"),
        pytest.param(("sh",), None, ("sh",), id="an entry point drops the image's command"),
        pytest.param(("sh",), ("-c", "x"), ("sh", "-c", "x"), id="both follow one another"),
        pytest.param(None, ("python", "x"), (sys.executable, "x"), id="python is this one"),
        pytest.param(("python3",), None, (sys.executable,), id="python3 too"),
        pytest.param(None, ("echo", "{port}"), ("echo", "{port}"), id="braces are the user's own"),
    ],
)
def test_entry_point_and_command_as_docker_has_it(
    entry_point: tuple[str, ...] | None,
    command: tuple[str, ...] | None,
    result: tuple[str, ...],
) -> None:
    assert invoke(entry_point=entry_point, command=command).command == result


@pytest.mark.parametrize(
    ("value", "result"),
    [
        ("0.0.0.0", INNER),
        ("--host=0.0.0.0", f"--host={INNER}"),
        ("http://0.0.0.0:8080/x", f"http://{INNER}:8080/x"),
        ("http://0.0.0.0/x", f"http://{INNER}/x"),
        ("::", INNER),
        ("[::]:8080", f"{INNER}:8080"),
        ("--bind ::", f"--bind {INNER}"),
        ("0.0.0.0/0", "0.0.0.0/0"),
        ("10.0.0.0", "10.0.0.0"),
        ("10.0.0.0.0", "10.0.0.0.0"),
        ("std::string", "std::string"),
        ("test_a.py::test_b", "test_a.py::test_b"),
        ("fe80::1", "fe80::1"),
        ("::1", "::1"),
    ],
)
def test_all_addresses_become_the_task_own(value: str, result: str) -> None:
    call = invoke(command=("x", value), environment={"LISTEN": value})
    assert call.command == ("x", result)
    assert call.environment["LISTEN"] == result


@pytest.mark.parametrize(
    ("given", "scale", "result"),
    [
        ("5", 10, "0.5"),
        ("75", 10, "7.5"),
        ("30", 10, "3"),
        ("100", 10, "10"),
        ("0", 10, "0"),
        ("5.50", 1, "5.50"),
        ("1", 3, "0.333333"),
        ("soon", 10, "soon"),
    ],
)
def test_durations_are_divided_by_the_time_scale(given: str, scale: float, result: str) -> None:
    call = invoke(environment={"DRAIN_SECONDS": given, "OTHER": given}, scale=scale)
    assert call.environment["DRAIN_SECONDS"] == result
    assert call.environment["OTHER"] == given


def test_the_image_own_durations_are_divided_too() -> None:
    assert invoke(scale=2).environment["WAIT_SECONDS"] == "1.5"


def test_a_volume_is_named_by_its_directory() -> None:
    call = invoke(
        command=("ls", "/data", "/data/x", "/database", "/mnt/data"),
        environment={"DATABASE": "sqlite:////data/x"},
        mounts=(Mount(Path("/state/v"), "/data"),),
    )
    assert call.command == ("ls", "/state/v", "/state/v/x", "/database", "/mnt/data")
    assert call.environment["DATABASE"] == "sqlite:////state/v/x"


def test_an_image_that_listens_wants_a_port() -> None:
    with pytest.raises(CannotStartContainerError, match="give it a portMappings entry"):
        invoke(port=None)
    assert invoke(port=None, command=("true",)).command == ("true",)


def test_packages_are_found_behind_the_user_own() -> None:
    root = str(invocation.ROOT)
    assert invoke().environment["PYTHONPATH"] == root
    assert invoke(environment={"PYTHONPATH": "/x"}).environment["PYTHONPATH"] == f"/x:{root}"


def test_the_plane_own_variables_stay_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert "AWS_SECRET_ACCESS_KEY" not in invoke().environment


@pytest.mark.parametrize(
    ("form", "words"),
    [
        (["NONE"], ()),
        (["CMD", "python", "-m", "probe"], (sys.executable, "-m", "probe")),
        (
            ["CMD-SHELL", "curl -f http://localhost:8080/ || exit 1"],
            ("/bin/sh", "-c", f"curl -f http://{INNER}:8080/ || exit 1"),
        ),
        (["CMD", "curl", "http://127.0.0.1/"], ("curl", f"http://{INNER}/")),
        (["CMD", "curl", "http://localhost.example/"], ("curl", "http://localhost.example/")),
        (["CMD", "curl", "http://0.0.0.0/"], ("curl", f"http://{INNER}/")),
        (["curl", "x"], ("curl", "x")),
    ],
)
def test_health_check_forms(form: list[str], words: tuple[str, ...]) -> None:
    assert invocation.check(form, NETWORK) == words


def test_a_hosts_file_has_loopback_and_aliases_only() -> None:
    machine = (
        "127.0.0.1 localhost vm # us\n::1 localhost\n\n# x\n10.0.0.1 db\n127.0.1.1 order-api\n"
    )
    assert invocation.names(NETWORK.aliases, machine).splitlines() == [
        "127.0.0.1 localhost vm # us",
        "::1 localhost",
        "127.64.10.3 order-api",
    ]


def test_a_proxy_is_for_names_alone() -> None:
    assert invocation.proxied(NETWORK, "http://127.64.10.3:8080") == {
        "http_proxy": "http://127.64.10.3:8080",
        "no_proxy": f"127.0.0.1,localhost,127.64.10.1,{INNER}",
    }
