"""CloudWatch Logs over the tasks' lines."""

import pytest

from infra.local.api.logs import LogLine
from tests.api.stack import Stack

GROUP = "/ecs/app"


@pytest.fixture
def lines(stack: Stack) -> list[LogLine]:
    """Ten lines of two tasks, two at each millisecond."""
    made = [LogLine(f"ecs/app/{i % 2}", 1000 + i // 2, f'{{"n":{i}}}') for i in range(10)]
    stack.plane.logs.by_group[GROUP] = made
    return made


def test_all_lines_come_by_time_in_pages(stack: Stack, lines: list[LogLine]) -> None:
    for size in (1, 2, 3, 4, 10):
        pages = (
            stack.plane.client("logs")
            .get_paginator("filter_log_events")
            .paginate(logGroupName=GROUP, PaginationConfig={"PageSize": size})
        )
        messages = [event["message"] for page in pages for event in page["events"]]
        assert messages == [line.message for line in lines]


def test_lines_are_chosen_by_time_stream_and_words(stack: Stack, lines: list[LogLine]) -> None:
    logs = stack.plane.client("logs")
    late = logs.filter_log_events(logGroupName=GROUP, startTime=1003, endTime=1003)["events"]
    assert [e["timestamp"] for e in late] == [1003, 1003]
    one = logs.filter_log_events(logGroupName=GROUP, logStreamNames=["ecs/app/1"])["events"]
    assert len(one) == 5
    words = logs.filter_log_events(logGroupName=GROUP, filterPattern='"n" -9 "3"')["events"]
    assert [e["message"] for e in words] == ['{"n":3}']
    with pytest.raises(logs.exceptions.InvalidParameterException):
        logs.filter_log_events(logGroupName=GROUP, filterPattern="{ $.n = 3 }")


def test_one_streams_lines_from_its_end_or_head(stack: Stack, lines: list[LogLine]) -> None:
    logs = stack.plane.client("logs")
    stream = {"logGroupName": GROUP, "logStreamName": "ecs/app/0"}
    last = logs.get_log_events(**stream, limit=2)
    assert [e["message"] for e in last["events"]] == ['{"n":6}', '{"n":8}']
    before = logs.get_log_events(**stream, limit=2, nextToken=last["nextBackwardToken"])
    assert [e["message"] for e in before["events"]] == ['{"n":2}', '{"n":4}']
    head = logs.get_log_events(**stream, startFromHead=True)
    assert len(head["events"]) == 5
    end = logs.get_log_events(**stream, nextToken=head["nextForwardToken"])
    assert end["events"] == []
    assert end["nextForwardToken"] == head["nextForwardToken"]


def test_streams_are_named_after_tasks(stack: Stack) -> None:
    stack.create()
    task = stack.run(stack.record())
    streams = stack.plane.client("logs").describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert [s["logStreamName"] for s in streams] == [f"ecs/app/{task.id}"]


def test_groups_are_made_or_written_to(stack: Stack) -> None:
    logs = stack.plane.client("logs")
    logs.create_log_group(logGroupName="/mine", tags={"a": "1"})
    logs.put_retention_policy(logGroupName="/mine", retentionInDays=7)
    groups = {g["logGroupName"]: g for g in logs.describe_log_groups()["logGroups"]}
    assert set(groups) == {"/mine", GROUP}
    assert groups["/mine"]["retentionInDays"] == 7
    arn = groups["/mine"]["logGroupArn"]
    assert logs.list_tags_for_resource(resourceArn=arn)["tags"] == {"a": "1"}
    with pytest.raises(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName="/mine")
    logs.delete_log_group(logGroupName="/mine")
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.filter_log_events(logGroupName="/mine")
