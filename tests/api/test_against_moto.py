"""The same calls to the plane and to moto: answers differ only where it is known why."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from fnmatch import fnmatch
from importlib.util import find_spec
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.api.motodifferences import KNOWN
from tests.api.motosteps import BALANCING, CONTAINERS_CALLS, DISCOVERY, Step
from tests.api.plane import Plane
from tests.api.scene import unchecked_client

pytestmark = pytest.mark.skipif(find_spec("moto") is None, reason="moto is an extra")
SEQUENCES = {"elbv2": BALANCING, "servicediscovery": DISCOVERY, "ecs": CONTAINERS_CALLS}
ZONES = {"a": "eu-central-1a", "b": "eu-central-1b"}
_WORD = re.compile(r"\$(\w+)")


@pytest.fixture(scope="module")
def moto_url() -> Iterator[str]:
    moto = subprocess.Popen(
        [sys.executable, "-m", "infra.local.api.motoserver"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "MOTO_ACCOUNT_ID": "000000000000"},
    )
    assert moto.stdout is not None
    yield f"http://127.0.0.1:{int(moto.stdout.readline())}"
    moto.communicate(timeout=10)  # it ends with its standard input


@pytest.fixture(scope="module")
def network(moto_url: str) -> dict[str, str]:
    """A VPC of moto's; the plane takes its ids as they are."""
    ec2 = unchecked_client("ec2", moto_url)
    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    words = {"vpc": vpc}
    for number, (word, zone) in enumerate(ZONES.items()):
        block = {"VpcId": vpc, "CidrBlock": f"10.0.{number}.0/24", "AvailabilityZone": zone}
        words[word] = ec2.create_subnet(**block)["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName="g", Description="d", VpcId=vpc)
    return words | {"sg": group["GroupId"]}


@pytest.mark.parametrize("service", SEQUENCES)
def test_answers_differ_only_where_it_is_known_why(
    plane: Plane, moto_url: str, network: dict[str, str], service: str
) -> None:
    ours, theirs = Server(plane.url, network), Server(moto_url, network)
    found = []
    for step in SEQUENCES[service]:
        for path, mine, other in differences(ours.do(step), theirs.do(step)):
            found.append((f"{step.operation}.{path}", mine, other))
    known = [pattern for patterns in KNOWN[service].values() for pattern in patterns]
    strange = [one for one in found if not any(fnmatch(one[0], p) for p in known)]
    assert strange == []
    idle = [p for p in known if not any(fnmatch(path, p) for path, _, _ in found)]
    assert idle == [], "these no longer differ"


class Server:
    """One side. Its ids are called by the words that the steps keep them as."""

    def __init__(self, url: str, words: Mapping[str, str]) -> None:
        self._url = url
        self._words = dict(words)

    def do(self, step: Step) -> Any:
        client = unchecked_client(step.service, self._url)
        try:
            answer = getattr(client, step.operation)(**self._fill(step.params))
        except ClientError as error:
            return {"error": error.response["Error"]["Code"]}
        del answer["ResponseMetadata"]
        for word, path in step.keep.items():
            self._words[word] = at(answer, path)
        return self._plain(answer)

    def _fill(self, value: Any) -> Any:
        if isinstance(value, str):
            return _WORD.sub(lambda found: self._words[found[1]], value)
        if isinstance(value, dict):
            return {k: self._fill(item) for k, item in value.items() if item is not None}
        return [self._fill(item) for item in value] if isinstance(value, list) else value

    def _plain(self, value: Any) -> Any:
        """Without what is made up anew each time; attributes and tags as mappings."""
        if isinstance(value, str):
            for word, text in sorted(self._words.items(), key=lambda item: -len(item[1])):
                value = value.replace(text, f"${word}")
            return value
        if isinstance(value, datetime):
            return "a time"
        if isinstance(value, dict):
            return {name: self._plain(item) for name, item in value.items()}
        if isinstance(value, list) and value and all({"Key", "Value"} == set(v) for v in value):
            return {item["Key"]: item["Value"] for item in value}
        return [self._plain(item) for item in value] if isinstance(value, list) else value


def at(answer: Any, path: str) -> Any:
    for part in path.split("."):
        answer = answer[int(part)] if part.isdecimal() else answer[part]
    return answer


def differences(mine: Any, other: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Where they differ. What one side has empty and the other not at all is the same."""
    if isinstance(mine, dict) and isinstance(other, dict):
        for name in sorted({*mine, *other}):
            yield from differences(mine.get(name), other.get(name), f"{path}.{name}".lstrip("."))
    elif isinstance(mine, list) and isinstance(other, list) and len(mine) == len(other):
        for number, (a, b) in enumerate(zip(mine, other, strict=True)):
            yield from differences(a, b, f"{path}.{number}")
    elif mine != other and (mine or other):
        yield path, mine, other
