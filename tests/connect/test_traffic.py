"""Real requests through real proxies."""

import asyncio
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from infra.local.proxy.admin import ask
from infra.local.proxy.configs.sidecar_model import Policy
from infra.local.runtime.protocol import Network
from infra.local.scheduler.model import TaskStatus
from tests.connect.application import Connection, connections
from tests.connect.records import add_service, add_task, alias
from tests.connect.stage import Stage, until

pytestmark = [pytest.mark.runtime, pytest.mark.anyio]


class SetStage(Protocol):
    def __call__(self, **settings: Any) -> Stage: ...


@pytest.fixture
async def set_stage() -> AsyncIterator[SetStage]:
    directory = Path(tempfile.mkdtemp(prefix="sc"))  # short: it holds sockets
    async with AsyncExitStack() as exits:
        exits.callback(shutil.rmtree, directory)
        yield lambda **settings: Stage(directory, exits, **settings)


async def test_round_robin_and_a_member_that_leaves_gets_nothing_more(set_stage: SetStage) -> None:
    stage = set_stage()
    first, _ = await stage.serve(1)
    _, other = await stage.serve(2)
    client_task = await stage.call_from()
    async with connections(stage.alias_address, stage.port, 1) as (client,):
        before = Counter([await client.get() for _ in range(10)])
        first.desired = TaskStatus.STOPPED
        stage.connect.refresh()
        await stage.members_seen(client_task, 1)
        after = Counter([await client.get() for _ in range(10)])

    assert before == {(200, f"{stage.block}.1"): 5, (200, f"{stage.block}.2"): 5}
    assert after == {(200, other.address): 10}


async def test_no_member_gives_503_and_a_line_that_says_why(set_stage: SetStage) -> None:
    stage = set_stage()
    task = await stage.call_from()
    async with connections(stage.alias_address, stage.port, 1) as (client,):
        assert await client.get("/orders", x_request_id="r-1") == (503, "")
    await until(lambda: stage.log(task).stat().st_size > 0)

    (line,) = [json.loads(text) for text in stage.log(task).read_text().splitlines()]
    assert (line["status"], line["flags"], line["path"]) == (503, "UH", "/orders")
    assert line["request_id"] == "r-1"


async def test_a_member_that_answers_503_is_hidden_by_a_retry_and_logged(
    set_stage: SetStage,
) -> None:
    stage = set_stage()
    _, sick = await stage.serve(1, status=503)
    _, good = await stage.serve(2)
    task = await stage.call_from()
    async with connections(stage.alias_address, stage.port, 1) as (client,):
        answers = {await client.get() for _ in range(40)}
    await until(lambda: len(stage.log(task).read_text().splitlines()) == len(sick.requests))

    lines = [json.loads(text) for text in stage.log(task).read_text().splitlines()]
    assert answers == {(200, good.address)}
    assert len(sick.requests) == Policy().ejection_failures  # then it is ejected
    assert {line["attempts"] for line in lines} == {2}


async def test_without_retries_the_caller_sees_the_sick_member(set_stage: SetStage) -> None:
    stage = set_stage(policy=Policy(retries=0))
    await stage.serve(1, status=503)
    await stage.serve(2)
    await stage.call_from()
    async with connections(stage.alias_address, stage.port, 1) as (client,):
        statuses = Counter([(await client.get())[0] for _ in range(8)])

    assert statuses == {200: 4, 503: 4}


async def test_a_request_that_was_sent_is_not_sent_again(set_stage: SetStage) -> None:
    stage = set_stage()
    _, dropping = await stage.serve(1, hang_up=True)
    await stage.call_from()
    async with connections(stage.alias_address, stage.port, 1) as (client,):
        status, _ = await client.get(method="POST", content_length="0")

    assert (status, len(dropping.requests)) == (503, 1)


async def test_a_503_of_a_members_own_proxy_is_tried_again_even_if_the_application_had_it(
    set_stage: SetStage,
) -> None:
    """What idempotency keys are for: the proxy's 503 looks like the application's."""
    stage = set_stage()
    _, dropping = await stage.serve(1, proxied=True, hang_up=True)
    await stage.call_from()
    async with connections(stage.alias_address, stage.port, 1) as (client,):
        status, _ = await client.get(method="POST", content_length="0")

    assert (status, len(dropping.requests)) == (503, 3)


async def test_a_slow_member_gives_504_after_the_request_timeout(set_stage: SetStage) -> None:
    stage = set_stage(timeout={"perRequestTimeoutSeconds": 5})
    await stage.serve(1, delay_seconds=3)
    await stage.call_from()
    async with connections(stage.alias_address, stage.port, 1) as (client,):
        began = asyncio.get_running_loop().time()
        status, _ = await client.get()
        took = asyncio.get_running_loop().time() - began

    assert status == 504
    assert 0.45 < took < 2


async def test_a_later_alias_is_unknown_until_the_client_is_deployed_again(
    set_stage: SetStage,
) -> None:
    stage = set_stage(by_host=True)
    _, order = await stage.serve(1)
    task = await stage.call_from()
    later = stage.service("later")
    _, newer = await stage.serve(2, service=later)
    early = Connection(stage.alias_address, stage.port, host=f"later:{stage.port}")
    try:
        assert await early.get() == (502, "")
    finally:
        early.close()
    proxy = stage.connect.proxy(task, stage.networks[task.id])
    async with httpx.AsyncClient(proxy=proxy, trust_env=False) as by_proxy:
        known = await by_proxy.get(f"http://order-api:{stage.port}/orders")

    assert (known.status_code, known.headers["x-task-id"]) == (200, order.address)
    assert newer.requests == []


async def test_http_proxy_tells_names_on_one_address_apart(set_stage: SetStage) -> None:
    stage = set_stage()
    _, order = await stage.serve(1)
    other = stage.service("stock")
    _, stock = await stage.serve(2, service=other)
    names = (stage.order, other)
    client = add_service(
        stage.store, "client", ports=(), aliases=tuple(alias(s, stage.port) for s in names)
    )
    shared = {s.name: stage.alias_address for s in names}
    task = add_task(stage.store, client, f"{stage.block}.50")
    await stage.run_proxy(task, Network(f"{stage.block}.50", f"{stage.block}.50", shared))
    async with httpx.AsyncClient(
        proxy=f"http://{stage.alias_address}:{stage.port}", trust_env=False
    ) as http:
        served = [(await http.get(f"http://{s.name}:{stage.port}/")).headers for s in names]

    assert [h["x-task-id"] for h in served] == [order.address, stock.address]


async def test_the_ingress_adds_nothing_and_takes_nothing(set_stage: SetStage) -> None:
    stage = set_stage()
    task, app = await stage.serve(1, proxied=True, status=418)
    headers = {
        "host": "shop.example",
        "x-request-id": "5c1a8b0e-33a1-4b53-9c3b-0f3f3f3f3f3f",
        "x-forwarded-for": "203.0.113.7",
        "x-forwarded-proto": "https",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(
            f"http://{task.address}:{stage.port}/a//b/%2F?q=1", headers=headers
        )

    (received,) = app.requests
    assert received.pop("") == "GET /a//b/%2F?q=1 HTTP/1.1"
    client_own = {"accept", "accept-encoding", "user-agent"}
    assert {k: v for k, v in received.items() if k not in client_own} == headers
    assert answer.status_code == 418
    assert answer.headers["server"] == "application"
    assert not [name for name in answer.headers if name.startswith("x-envoy")]


async def test_a_dead_application_behind_a_live_proxy_is_503(set_stage: SetStage) -> None:
    stage = set_stage()
    task, app = await stage.serve(1, proxied=True)
    await app.stop()
    async with connections(str(task.address), stage.port, 1) as (client,):
        assert await client.get() == (503, "")


async def test_long_answers_pass_the_ingress(set_stage: SetStage) -> None:
    stage = set_stage(scale=10)
    streaming, _ = await stage.serve(1, proxied=True, stream_seconds=3)
    silent, _ = await stage.serve(2, proxied=True, delay_seconds=3)
    async with httpx.AsyncClient(trust_env=False, timeout=10) as client:
        answers = await asyncio.gather(
            *(client.get(f"http://{t.address}:{stage.port}/") for t in (streaming, silent))
        )

    assert [(a.status_code, a.text) for a in answers] == [(200, "part" * 10), (200, "ok")]


async def test_a_websocket_and_100_continue_pass_the_ingress(set_stage: SetStage) -> None:
    stage = set_stage()
    task, _ = await stage.serve(1, proxied=True)
    reader, writer = await asyncio.open_connection(task.address, stage.port)
    async with asyncio.timeout(5):
        writer.write(
            b"POST / HTTP/1.1\r\nhost: a\r\nexpect: 100-continue\r\ncontent-length: 4\r\n\r\n"
        )
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 100")
        writer.write(b"body")
        assert (await reader.readuntil(b"\r\n\r\nok")).startswith(b"HTTP/1.1 200")
        writer.write(
            b"GET / HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"
        )
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 101")
        writer.write(b"ping")
        assert await reader.readexactly(4) == b"ping"
    writer.close()


async def test_idle_connections_end_before_the_application_ends_them(set_stage: SetStage) -> None:
    """Bursts right at the proxy's idle limit of 1 s, and after the application's of 1.25 s."""
    stage = set_stage(scale=20, policy=Policy(app_idle_ms=20_000))
    task, app = await stage.serve(1, proxied=True, keep_alive_seconds=1.25)
    statuses: Counter[int] = Counter()
    async with connections(str(task.address), stage.port, 32) as clients:
        for pause in (0.0, 0.998, 1.002, 1.3):
            await asyncio.sleep(pause)
            answers = await asyncio.gather(*(client.get() for client in clients))
            statuses.update(status for status, _ in answers)

    assert statuses == {200: 128}
    assert app.idle_closes == 0


async def test_a_closed_loop_through_both_proxies_survives_a_replacement(
    set_stage: SetStage,
) -> None:
    stage = set_stage()
    old, old_app = await stage.serve(1, proxied=True)
    await stage.serve(2, proxied=True)
    await stage.call_from()
    answers: Counter[tuple[int, str]] = Counter()
    replaced_at: list[int] = []

    async def call(client: Connection) -> None:
        while not replaced_at or answers.total() < replaced_at[0] + 1_000:
            answers[await client.get()] += 1

    async def replace() -> None:
        await until(lambda: answers.total() > 1_000, limit_seconds=30)
        await stage.serve(3, proxied=True)
        old.desired = TaskStatus.STOPPED
        stage.connect.refresh()
        await stage.connect.drain(old.id)
        await asyncio.sleep(0.2)  # what an application has between deregistration and its end
        await old_app.stop()
        replaced_at.append(max(answers.total(), 2_000))

    async with asyncio.timeout(40), connections(stage.alias_address, stage.port, 8) as clients:
        await asyncio.gather(replace(), *(call(client) for client in clients))

    assert answers.total() >= 3_000
    assert {status for status, _ in answers} == {200}
    assert {task for _, task in answers} == {f"{stage.block}.{n}" for n in (101, 102, 103)}


async def test_a_tcp_port_passes_bytes(set_stage: SetStage) -> None:
    stage = set_stage(app_protocol=None)
    _, app = await stage.serve(1, proxied=True)
    await stage.call_from()
    async with connections(stage.alias_address, stage.port, 1) as (client,):
        assert await client.get() == (200, app.address)


async def test_a_fault_switched_on_for_one_alias(set_stage: SetStage) -> None:
    stage = set_stage()
    await stage.serve(1)
    task = await stage.call_from()
    async with connections(stage.alias_address, stage.port, 1) as (client,):
        change = "sc.order-api.abort_percent=100&sc.order-api.abort_status=500"
        assert (await ask(stage.admin(task), f"/runtime_modify?{change}", "POST"))[0] == 200
        broken = await client.get()
        await ask(stage.admin(task), "/runtime_modify?sc.order-api.abort_percent=", "POST")
        healed = await client.get()

    assert (broken[0], healed[0]) == (500, 200)
