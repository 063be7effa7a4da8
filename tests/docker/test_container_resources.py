"""What a container may use and see: limits, user, root, volumes; checks inside it; images."""

import asyncio
import io
import os
from pathlib import Path

import pytest

from infra.local.runtime.docker.environment import Environments
from infra.local.runtime.docker.pulling import PullPolicy
from infra.local.runtime.images import Catalogue, Image
from infra.local.runtime.protocol import CannotPullContainerError, Mount, Resources
from tests.docker.foreign import foreign_image
from tests.docker.stage import IMAGE, LIVE, Stage, until

pytestmark = LIVE

MIB = 1024 * 1024
READ_LIMITS = """
for file in memory.max cpu.weight cpu.max; do
  [ -e /sys/fs/cgroup/$file ] && echo $file $(cat /sys/fs/cgroup/$file)
done
for file in memory/memory.limit_in_bytes cpu/cpu.shares cpu/cpu.cfs_quota_us; do
  [ -e /sys/fs/cgroup/$file ] && echo $file $(cat /sys/fs/cgroup/$file)
done
exit 0
"""


async def output(stage: Stage, task: str) -> list[str]:
    """All that a container has written, once it has ended with 0."""
    assert (await stage.exit_of(task)).code == 0, stage.log(task)
    await stage.runtime.release(task)
    return stage.log(task)


@pytest.mark.parametrize("cap_cpu", [False, True], ids=["a weight", "a limit"])
async def test_limits_are_the_kernels(stage: Stage, cap_cpu: bool) -> None:
    stage.runtime = stage.make_runtime(cap_cpu=cap_cpu)
    await stage.shell("a", READ_LIMITS, resources=Resources(cpu=512, memory=64))
    found = dict(line.split(" ", 1) for line in await output(stage, "a"))
    if "memory.max" in found:
        assert found["memory.max"] == str(64 * MIB)
        assert found["cpu.max"].startswith("50000 " if cap_cpu else "max ")
    else:
        assert found["memory/memory.limit_in_bytes"] == str(64 * MIB)
        assert found["cpu/cpu.shares"] == "512"
        assert found["cpu/cpu.cfs_quota_us"] == ("50000" if cap_cpu else "-1")


@pytest.mark.parametrize("read_only", [True, False])
async def test_a_read_only_root_cannot_be_written(stage: Stage, read_only: bool) -> None:
    line = "echo x 2>/dev/null > /tmp/x && echo written; id -u; pwd; exit 0"
    await stage.shell(
        "a", line, read_only_root=read_only, user="1234:1234", working_directory="/usr"
    )
    assert await output(stage, "a") == [*([] if read_only else ["written"]), "1234", "/usr"]


async def test_the_application_has_no_rights_on_its_network(stage: Stage) -> None:
    await stage.shell("a", "iptables -t mangle -F && echo flushed; exit 0", user="0")
    assert "flushed" not in await output(stage, "a")


async def test_tasks_of_a_family_share_a_volume(stage: Stage) -> None:
    mounts = (Mount(Path("/v/family/files"), "/files"),)
    await stage.shell("a", "echo kept > /files/x", user="0", mounts=mounts)
    await output(stage, "a")
    readers = (Mount(Path("/v/family/files"), "/in", read_only=True),)
    line = "cat /in/x; echo y 2>/dev/null > /in/y || echo refused"
    await stage.shell("b", line, user="0", mounts=readers)
    assert await output(stage, "b") == ["kept", "refused"]
    others = (Mount(Path("/v/other/files"), "/files"),)
    await stage.shell("c", "ls /files", user="0", mounts=others)
    assert await output(stage, "c") == []


async def test_an_images_data_outlives_its_tasks(stage: Stage) -> None:
    image = Image("ecs-rehearsal", ("*",), ("x",), (), {"WHERE": "{data}/file"})
    stage.runtime._environments = Environments(Catalogue({"ecs-rehearsal": image}), 1, {}, "p")
    await stage.shell("a", "echo kept > $WHERE")
    await output(stage, "a")
    await stage.shell("b", "cat $WHERE")
    assert await output(stage, "b") == ["kept"]


async def test_health_checks(stage: Stage) -> None:
    await stage.shell("a", "echo up; sleep 60")
    probe = stage.runtime.probe
    assert await probe("a", "app", ["CMD-SHELL", "test -n up || exit 1"], 10_000)
    assert not await probe("a", "app", ["CMD-SHELL", "exit 3"], 10_000)
    assert not await probe("a", "app", ["CMD", "no-such-program"], 10_000)
    assert await probe("a", "app", ["NONE"], 10_000)
    assert not await probe("a", "stranger", ["CMD", "true"], 10_000)
    loud = "head -c 3000000 /dev/zero"
    assert await probe("a", "app", ["CMD-SHELL", loud], 10_000)


async def test_a_check_that_hangs_fails_until_it_has_ended(stage: Stage) -> None:
    """One at a time: what hangs must not pile up in the container."""
    await stage.shell("a", "sleep 60")
    hang = ["CMD-SHELL", "until test -e /tmp/end; do sleep 0.05; done"]
    assert not await stage.runtime.probe("a", "app", hang, 400)
    assert not await stage.runtime.probe("a", "app", ["CMD", "true"], 5_000)
    top = await stage.said_by("a", "sh", "-c", "grep -l '[t]mp/end' /proc/[0-9]*/cmdline | wc -l")
    assert top == "1"
    await stage.said_by("a", "touch", "/tmp/end")
    passed: list[bool] = []

    async def passes() -> None:
        while not passed or not passed[-1]:
            passed.append(await stage.runtime.probe("a", "app", ["CMD", "true"], 5_000))

    await asyncio.wait_for(passes(), 10)


async def test_the_last_lines_before_an_end_are_there(stage: Stage) -> None:
    """Also of a container that says much, ends and is released before all of it was copied."""
    await stage.start("a", "seq", "1", "30000")
    await stage.exit_of("a")
    await stage.runtime.release("a")
    assert stage.log("a") == [str(n) for n in range(1, 30_001)]
    await stage.shell("b", "echo out; echo err >&2")
    await stage.exit_of("b")
    await stage.runtime.release("b")
    assert sorted(stage.log("b")) == ["err", "out"]


async def test_a_long_line_is_one_line(stage: Stage) -> None:
    await stage.start("a", "python3", "-c", "print('x' * 40_000); print('end')")
    lines = await output(stage, "a")
    assert [len(line) for line in lines] == [40_000, 3]
    assert set(lines[0]) == {"x"}


async def test_the_next_runtime_goes_on_with_the_output(stage: Stage) -> None:
    line = "i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo $i; sleep 0.005; done"
    await stage.shell("a", line)
    await until(lambda: len(stage.log("a")) > 50)
    first = stage.runtime
    first.on_exit(lambda _: None)
    follower = first._tasks["a"].containers["app"].follower
    assert follower is not None
    follower._file._file.close()
    follower._file._file = io.FileIO(os.devnull, "ab")  # it writes no more, as after kill -9
    stage.runtime = stage.make_runtime()
    await stage.runtime.adopt({"a": ["app"]})
    await stage.exit_of("a")
    await stage.runtime.release("a")
    assert stage.log("a") == [str(n) for n in range(1, 401)]
    await first.close()


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("never", "no-such-image:1 is not on this machine and the pull policy is never"),
        ("missing", "failed to resolve ref localhost:1/no-such-image:1: "),
        ("always", "failed to resolve ref localhost:1/no-such-image:1: "),
    ],
)
async def test_an_image_that_cannot_be_pulled(stage: Stage, policy: str, words: str) -> None:
    """The registry of the tests is a port where nobody listens."""
    stage.runtime = stage.make_runtime(PullPolicy(policy))
    with pytest.raises(CannotPullContainerError) as raised:
        await stage.runtime.pull("localhost:1/no-such-image:1")
    assert words in str(raised.value)
    if policy != "never":
        assert "connection refused" in str(raised.value)


async def test_an_image_that_is_here_has_a_digest(stage: Stage) -> None:
    digest = await stage.runtime.pull(IMAGE)
    assert digest.startswith("sha256:")
    assert len(digest) == len("sha256:") + 64


async def test_an_image_for_another_architecture(stage: Stage) -> None:
    name = f"{stage.project}:foreign"
    with (
        foreign_image(stage.client, name),
        pytest.raises(CannotPullContainerError, match=f"{name} is for s390x: build it"),
    ):
        await stage.runtime.pull(name)
