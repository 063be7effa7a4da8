"""The guide's walk, command by command, with a Flask service that was never edited for us."""

import json
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local.securitygroups import DEFAULT_VPC
from tests.api.plane import Plane, serving
from tests.docs.pages import FENCE, ROOT
from tests.docs.shell import Shell
from tests.imports.foreign import Cart
from tests.plane.up import free_ports

pytestmark = pytest.mark.runtime
GUIDE = ROOT / "docs/guides/own-service.md"
SUBNETS = ["subnet-0privatea", "subnet-0privateb"]


class Walk:
    """The commands of the guide in their order, and what each said."""

    def __init__(self, folder: Path, aws: str) -> None:
        self.folder = folder
        self._shell = Shell(folder)
        self._aws = aws
        port, http, https = free_ports(3)
        self.url = f"http://127.0.0.1:{http}"
        self._ports = f"--port {port} --http-port {http} --https-port {https}"

    def blocks(self) -> Iterator[tuple[list[str], str]]:
        for fence, text in FENCE.findall(GUIDE.read_text()):
            language, *words = fence.split() or [""]
            if language == "sh" and "walk" in words:
                yield words, text

    def run(self, words: list[str], text: str) -> tuple[int, str]:
        exports = [f"export VIRTUAL_ENV={sys.prefix}"]
        if "aws" in words:  # where the reader's account is
            exports.append(f"export AWS_ENDPOINT_URL={self._aws} AWS_REGION=eu-central-1")
            exports.append("export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test")
        elif (self.folder / ".rehearse").exists() and "refused" not in words:
            exports.append('eval "$(rehearse env)"')
        text = text.replace("rehearse up --detach", f"rehearse up --detach {self._ports}")
        done = self._shell.run("\n".join([*exports, text]))
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Walk, list[str]]:
    """Every block has been run; those that are refused were."""
    folder = tmp_path_factory.mktemp("own")
    shutil.copytree(Path(__file__).with_name("shop"), folder / "shop")
    plane = Plane("")
    said: list[str] = []
    with serving(plane.app()) as aws:
        plane.url = aws
        group = plane.client("ec2").create_security_group(
            GroupName="g", Description="g", VpcId=DEFAULT_VPC
        )
        Cart(plane.client, DEFAULT_VPC, SUBNETS, group["GroupId"])
        walk = Walk(folder, aws)
        try:
            for words, text in walk.blocks():
                code, told = walk.run(words, text)
                said.append(told)
                assert (code == 0) is ("refused" not in words), told
        finally:
            walk.run(["refused"], "rehearse down")
    return walk, said


def saying(said: list[str], what: str) -> str:
    found = [one for one in said if what in one]
    assert found, said
    return found[0]


def test_an_import_says_what_is_not_carried(walked: tuple[Walk, list[str]]) -> None:
    told = saying(walked[1], "imported cart-service into cart")
    for line in re.findall(r"^  cart-service: .*$", GUIDE.read_text(), re.MULTILINE):
        assert line in told


def test_up_says_what_is_to_be_filled_in(walked: tuple[Walk, list[str]]) -> None:
    told = saying(walked[1], "still says TODO")
    assert told.splitlines()[0] in GUIDE.read_text()


def test_the_foreign_service_answers_through_the_load_balancer(
    walked: tuple[Walk, list[str]],
) -> None:
    told = saying(walked[1], '"currency"')
    assert '{"currency":"EUR","items":[],"release":null}' in told


def test_its_deployment_gets_a_verdict(walked: tuple[Walk, list[str]]) -> None:
    walk, said = walked
    told = saying(said, "PASS  watch")
    for check in (
        "the deployment ended SUCCESSFUL",
        "no probe failed",
        "its revision is what runs",
    ):
        assert f"pass    {check}" in told
    verdicts = [json.loads(p.read_text()) for p in (walk.folder / "runs").rglob("verdict.json")]
    assert verdicts


def test_its_drill_gets_a_verdict(walked: tuple[Walk, list[str]]) -> None:
    told = saying(walked[1], "rolling-deploy (fixed)")
    assert "PASS  rolling-deploy" in told
    for check in ("load was offered", "no request failed", "never under the minimum healthy"):
        assert f"pass    {check}" in told
    assert "every acknowledged order" not in told
