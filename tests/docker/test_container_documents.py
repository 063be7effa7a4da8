"""What the engine is asked to create, and the labels by which it is known again."""

from pathlib import Path

import pytest

from infra.local.runtime.docker import containers, labels, network
from infra.local.runtime.docker.containers import Place
from infra.local.runtime.docker.environment import Environments, check
from infra.local.runtime.docker.labels import Ports
from infra.local.runtime.images import Catalogue, Image
from infra.local.runtime.protocol import ContainerSpec, Mount, Resources

PLACE = Place("rehearse-64", "rehearse-64", "ecs-rehearsal", "0:0", ("/run/x:/run/x",))
CAPPED = Place("rehearse-64", "rehearse-64", "ecs-rehearsal", "0:0", (), cap_cpu=True)
LOG = Path("/logs/app.log")
TASK = "0123456789abcdef0123456789abcdef"


def app(place: Place = PLACE, **more: object) -> containers.Document:
    spec = ContainerSpec("app", "order-api:1", LOG, **more)  # type: ignore[arg-type] # by keyword
    return containers.application(place, TASK, spec, "pause-id", spec.environment)


def test_what_the_task_definition_does_not_say_is_left_to_the_image() -> None:
    asked = app()
    assert {"Entrypoint", "Cmd", "User", "WorkingDir"} & set(asked) == set()
    assert asked["Healthcheck"] == {"Test": ["NONE"]}
    assert asked["HostConfig"]["NetworkMode"] == "container:pause-id"
    assert "Memory" not in asked["HostConfig"]


def test_what_the_task_definition_says_is_asked_for() -> None:
    asked = app(
        entry_point=("sh", "-c"),
        command=(),
        user="1000:1000",
        working_directory="/app",
        read_only_root=True,
        init_process=True,
        environment={"B": "2", "A": "1"},
    )
    assert (asked["Entrypoint"], asked["Cmd"]) == (["sh", "-c"], [])
    assert (asked["User"], asked["WorkingDir"]) == ("1000:1000", "/app")
    assert asked["Env"] == ["A=1", "B=2"]
    assert asked["HostConfig"]["ReadonlyRootfs"] is True
    assert asked["HostConfig"]["Init"] is True


@pytest.mark.parametrize(
    ("place", "cpu", "expected"),
    [
        pytest.param(PLACE, 256, {"CpuShares": 256}, id="a weight of a quarter vCPU"),
        pytest.param(PLACE, 1, {"CpuShares": 2}, id="the kernel's least weight"),
        pytest.param(
            CAPPED,
            512,
            {"CpuShares": 512, "CpuPeriod": 100_000, "CpuQuota": 50_000},
            id="capped at half a vCPU",
        ),
        pytest.param(
            CAPPED,
            2,
            {"CpuShares": 2, "CpuPeriod": 100_000, "CpuQuota": 1000},
            id="the kernel's least quota",
        ),
    ],
)
def test_cpu(place: Place, cpu: int, expected: dict[str, int]) -> None:
    host = app(place, resources=Resources(cpu=cpu))["HostConfig"]
    assert {name: value for name, value in host.items() if name.startswith("Cpu")} == expected


def test_memory_is_a_limit_without_swap() -> None:
    host = app(resources=Resources(memory=64))["HostConfig"]
    assert host["Memory"] == host["MemorySwap"] == 64 * 1024 * 1024


def test_no_two_volumes_have_one_name() -> None:
    """Families and volumes may have dashes; an image's data is no family's volume."""
    chosen = Environments(_catalogue({"DB": "{data}/x"}), 1, {}, "proxy")
    data = chosen.complete(ContainerSpec("app", "order-api:1", LOG)).mounts[0].source
    sources = [
        Path("/v/a-b/c"),
        Path("/v/a/b-c"),
        Path("/v/data/order-api"),
        Path("/v/image/data"),
        data,
    ]
    assert len({PLACE.volume_name(source) for source in sources}) == len(sources)


def test_a_volume_of_the_task_definition_takes_the_place_of_the_images_data() -> None:
    """As with Terraform's order-api: the engine refuses two mounts at one path."""
    own = Mount(Path("/v/order-api/data"), "/data")
    spec = ContainerSpec("app", "order-api:1", LOG, mounts=(own,))
    chosen = Environments(_catalogue({"DB": "{data}/x"}), 1, {}, "proxy").complete(spec)
    assert chosen.mounts == (own,)
    assert chosen.environment["DB"] == "/data/x"


def test_a_mount_may_be_read_only() -> None:
    asked = app(mounts=(Mount(Path("/v/f/in"), "/in", read_only=True), Mount(Path("/v/f/x"), "/x")))
    assert asked["HostConfig"]["Binds"] == ["rehearse-64.f.in:/in:ro", "rehearse-64.f.x:/x:rw"]


def test_a_proxy_runs_the_planes_image_as_the_plane() -> None:
    spec = ContainerSpec("sc", "proxy", LOG, command=("envoy", "-c", "/run/x/sc.json"))
    asked = containers.proxy(PLACE, TASK, spec, "pause-id")
    assert (asked["Entrypoint"], asked["Cmd"]) == (["envoy"], ["-c", "/run/x/sc.json"])
    assert (asked["Image"], asked["User"]) == ("ecs-rehearsal", "0:0")
    assert asked["HostConfig"]["Binds"] == ["/run/x:/run/x"]
    assert asked["HostConfig"]["CapDrop"] == ["ALL"]


def test_a_pause_container_has_the_names_and_is_the_only_one_with_rights_on_the_network() -> None:
    ports = Ports((8080,), (("order-api", 80),))
    asked = containers.pause(PLACE, TASK, "a", ports, network.plan("10.9.1.17", ports), "rules")
    host = asked["HostConfig"]
    assert (host["CapDrop"], host["CapAdd"]) == (["ALL"], ["NET_ADMIN"])
    assert host["ExtraHosts"] == ["order-api:127.255.0.1"]
    assert asked["StopSignal"] == "SIGKILL"
    assert "CapAdd" not in app()["HostConfig"]


@pytest.mark.parametrize(
    "ports",
    [Ports(), Ports((80, 81)), Ports((8080,), (("order-api", 80), ("stock.x", 8080)))],
    ids=["none", "two of the proxy", "names"],
)
def test_ports_are_read_back_from_labels(ports: Ports) -> None:
    marks = labels.of_network("p", TASK, "a", ports)
    assert labels.read_ports(marks) == ports
    assert labels.CONTAINER not in marks  # which is how a pause container is told apart


def _catalogue(environment: dict[str, str]) -> Catalogue:
    image = Image(
        "order-api", tags=("*",), command=("x",), environment=environment, durations=("DRAIN",)
    )
    return Catalogue({}).including(image)


@pytest.mark.parametrize(
    ("own", "given", "spec", "expected"),
    [
        pytest.param(
            {"HOST": "{ip}", "PORT": "{port}", "VERSION": "{tag}"},
            {},
            {},
            {"HOST": "0.0.0.0", "PORT": "8080", "VERSION": "1"},
            id="the catalogue's places are filled for a network of its own",
        ),
        pytest.param({"A": "c"}, {"A": "g"}, {"A": "t"}, {"A": "t"}, id="the definition wins"),
        pytest.param({"A": "c"}, {"A": "g"}, {}, {"A": "g"}, id="an option beats the catalogue"),
        pytest.param({}, {}, {"DRAIN": "5"}, {"DRAIN": "0.5"}, id="durations are divided"),
        pytest.param({}, {}, {"A": "{port}"}, {"A": "{port}"}, id="the definition's stay as is"),
        pytest.param({"A": "{x}"}, {}, {}, {"A": "{x}"}, id="an unknown place stays as is"),
    ],
)
def test_variables(
    own: dict[str, str], given: dict[str, str], spec: dict[str, str], expected: dict[str, str]
) -> None:
    environments = Environments(_catalogue(own), 10, {"order-api": given}, "proxy")
    whole = ContainerSpec("app", "order-api:1", LOG, environment=spec, port=8080)
    assert environments.complete(whole).environment == expected


def test_without_a_port_nothing_speaks_of_one() -> None:
    environments = Environments(_catalogue({"PORT": "{port}", "A": "1"}), 1, {}, "proxy")
    spec = ContainerSpec("app", "order-api:1", LOG)
    assert environments.complete(spec).environment == {"A": "1"}


def test_an_image_that_the_catalogue_does_not_know_runs_as_it_is() -> None:
    spec = ContainerSpec("app", "redis:7", LOG, environment={"A": "1"}, port=6379)
    assert Environments(_catalogue({"B": "2"}), 10, {}, "proxy").complete(spec) == spec


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["NONE"], ()),
        (["CMD", "curl", "-f", "x"], ("curl", "-f", "x")),
        (["CMD-SHELL", "curl -f x || exit 1"], ("/bin/sh", "-c", "curl -f x || exit 1")),
        (["curl", "x"], ("curl", "x")),
    ],
    ids=["no check", "words", "a shell's line", "without a form"],
)
def test_health_check_commands(command: list[str], words: tuple[str, ...]) -> None:
    assert check(command) == words
