"""Records on disk: any store comes back as it was, and what does not fit is refused."""

import json
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from infra.local.records import codec
from infra.local.records.file import Kept, Stamp, UnusableRecordsError, read, write
from infra.local.scheduler.model import TaskStatus
from infra.local.store import EVENTS_KEPT, HISTORY_KEPT, Service, ServiceEvent, Store, Target
from tests.balancing.records import balancer, forward, group, listener, store
from tests.records.random_stores import stores

STAMP = Stamp(codec.shape(), "eu-central-1", ("a", "b"), 10)


def filled() -> Store:
    made = store()
    listener(made, balancer(made), forward(group(made)))
    made.groups["arn:group/orders"].targets["10.0.0.1", 8080] = Target("10.0.0.1", 8080, "a", 1, 1)
    made.services["arn:s"] = Service("s", "arn:s", "arn:c", "arn:d", 1, 0, {})
    made.services["arn:s"].events.append(ServiceEvent("id", 1, "(service s) is here"))
    return made


@settings(max_examples=100, suppress_health_check=list(HealthCheck), deadline=None)
@given(stores())
def test_any_store_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, one: Store
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.json"
    write(path, STAMP, Kept(one, 1, "mark"))
    back = read(path, STAMP)
    assert back == Kept(one, 1, "mark")
    for service in back.store.services.values():
        assert (service.events.maxlen, service.history.maxlen) == (EVENTS_KEPT, HISTORY_KEPT)
    for task in back.store.tasks.values():
        assert isinstance(task.status, TaskStatus)  # a plain string would be equal


def test_every_part_of_the_store_is_kept() -> None:
    assert [name for name, _ in codec.encode(store())] == [f.name for f in fields(Store)]


def test_a_record_has_a_line_of_its_own(tmp_path: Path) -> None:
    write(tmp_path / "r.json", STAMP, Kept(filled(), 1, None))
    lines = (tmp_path / "r.json").read_text().splitlines()
    (line,) = [x for x in lines if x.startswith('"arn:group/orders":')]
    assert json.loads("{" + line.rstrip(",") + "}")["arn:group/orders"]["name"] == "orders"


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    write(tmp_path / "r.json", STAMP, Kept(filled(), 1, None))
    assert (tmp_path / "r.json").stat().st_mode & 0o077 == 0
    assert [p.name for p in tmp_path.iterdir()] == ["r.json"]


def test_no_file_is_no_record(tmp_path: Path) -> None:
    assert read(tmp_path / "none.json", STAMP) is None


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (Stamp("0123", "eu-central-1", ("a", "b"), 10), "another version of this program: "),
        (Stamp(STAMP.shape, "us-east-1", ("a", "b"), 10), "region eu-central-1, not us-east-1"),
        (Stamp(STAMP.shape, "eu-central-1", ("a",), 10), "zones a, b, not a"),
        (Stamp(STAMP.shape, "eu-central-1", ("a", "b"), 1), "time scale 10, not 1"),
    ],
)
def test_records_of_another_plane_are_refused(tmp_path: Path, other: Stamp, why: str) -> None:
    write(tmp_path / "r.json", STAMP, Kept(filled(), 1, None))
    with pytest.raises(UnusableRecordsError, match=why):
        read(tmp_path / "r.json", other)


def test_a_file_cut_short_anywhere_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    write(path, STAMP, Kept(filled(), 1, None))
    text = path.read_text()
    for length in range(0, len(text) - 2, 37):
        path.write_text(text[:length])
        with pytest.raises(UnusableRecordsError, match="broken"):
            read(path, STAMP)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"targets":[', '"targets":3,"x":['),
        ('"created_ms":1', '"created_ms":"soon"'),
        ('"state":"initial"', '"state":"delighted"'),
        ('"saved_ms": 1', '"saved_ms": null'),
        ('"balancers":{', '"balancers":["x"],"y":{'),
    ],
)
def test_a_file_that_says_what_cannot_be_is_refused(
    tmp_path: Path, before: str, after: str
) -> None:
    path = tmp_path / "r.json"
    write(path, STAMP, Kept(filled(), 1, None))
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    with pytest.raises(UnusableRecordsError, match="broken"):
        read(path, STAMP)
