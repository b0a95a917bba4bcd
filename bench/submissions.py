"""What a submission costs beside the bare storage calls that it cannot do without."""

from __future__ import annotations

import asyncio
import random
import statistics
import tempfile
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
from azure.data.tables.aio import TableClient
from azure.storage.queue import TextBase64EncodePolicy
from azure.storage.queue.aio import QueueClient

from bench.hosts import hosts_of
from shared.adapters.queues import QueueBell
from shared.adapters.storage_account import StorageAccount
from shared.adapters.tables import TableRows
from shared.ports import Insert
from tests.support.stack import Stack

ROWS = 8  # of a request with an idempotency key; tests/service/test_costs.py counts them
WARM_UP, ALONE, CROWD = 20, 120, 160
DELIVERED = 0.06  # seconds in which the delivery of a lone request ends
DESK, TYPE = "mytc", "production_issue"

type Call = Callable[[], Awaitable[None]]


async def report() -> None:
    """Starts its own emulator, tenant and host; prints one line a figure."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder), serving=False) as stack,
        hosts_of(stack),
    ):
        connection = stack.storage.connection_string
        async with (
            _bare(connection) as bare,
            _theirs(connection) as theirs,
            aiohttp.ClientSession(stack.url) as client,
        ):
            request = requests(client)
            await _alone(request, bare, theirs)
            for crowd in (8, 32):
                await _crowded(request, bare, crowd)


@asynccontextmanager
async def _bare(connection: str) -> AsyncIterator[Call]:
    """One transaction of as many rows as a submission writes, then one message: our adapters."""
    account = StorageAccount.from_connection_string(connection)
    rows, bell = TableRows(account, "docket"), QueueBell(account, "docket-bench")

    async def calls() -> None:
        name, body = uuid.uuid4().hex, "x" * 700
        await rows.commit("bench", [Insert(f"bench|{name}|{n}", body) for n in range(ROWS)])
        await bell.ring('{"row": "' + name + '"}')

    try:
        yield calls
    finally:
        await rows.aclose()
        await bell.aclose()


@asynccontextmanager
async def _theirs(connection: str) -> AsyncIterator[Call]:
    """The same as Microsoft's clients make it, in the same table."""
    policy = TextBase64EncodePolicy()
    async with (
        TableClient.from_connection_string(connection, "docket") as table,
        QueueClient.from_connection_string(
            connection, "docket-bench-sdk", message_encode_policy=policy
        ) as queue,
    ):
        await queue.create_queue()

        async def calls() -> None:
            name, body = uuid.uuid4().hex, "x" * 700
            rows = [
                {"PartitionKey": "bench-sdk", "RowKey": f"bench|{name}|{n}", "body0": body}
                for n in range(ROWS)
            ]
            await table.submit_transaction([("create", row) for row in rows])
            await queue.send_message('{"row": "' + name + '"}', time_to_live=-1)

        yield calls


def requests(client: aiohttp.ClientSession) -> Call:
    """Sends a request of a client who never wrote before."""

    async def send() -> None:
        body = {
            "title": "The export stops half way",
            "description": "Since this morning the export stops at row 500.\n" * 6,
            "type": TYPE,
            "environment": "production",
            "severity": "low",
            "requester": {"name": "Ann Client", "email": f"ann{uuid.uuid4().hex}@client.example"},
        }
        headers = {"x-functions-key": "local", "Idempotency-Key": uuid.uuid4().hex}
        url = f"/api/desks/{DESK}/requests"
        async with client.post(url, json=body, headers=headers) as answer:
            answer.raise_for_status()
            await answer.read()

    return send


async def times(call: Call, count: int, crowd: int) -> list[float]:
    """Seconds of each call; `crowd` of them under way at once."""
    gate = asyncio.Semaphore(crowd)

    async def one() -> float:
        async with gate:
            began = time.perf_counter()
            await call()
            return time.perf_counter() - began

    return list(await asyncio.gather(*(one() for _ in range(count))))


async def _alone(request: Call, bare: Call, theirs: Call) -> None:
    """One call at a time: on a calm desk, then without a pause for what the last one set off."""
    calls = {"request": request, "bare calls": bare, "Microsoft's clients": theirs}
    for call in calls.values():
        await times(call, WARM_UP, 1)
    for kind, pause in (("calm", DELIVERED), ("no pause", 0.0)):
        took = await _by_turns(calls, pause)
        ours = took.pop("request")
        print(f"concurrency  1, {kind}: request {_figures(ours)}")
        for name, other in took.items():
            print(f"    beside {name}: {_figures(other)}; {_ratio(ours, other)}")


async def _by_turns(calls: dict[str, Call], pause: float) -> dict[str, list[float]]:
    """Seconds of each, in an order drawn anew for each turn: a request leaves its bell and its
    delivery behind, and none of the calls is to meet them more often than the others."""
    took: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(ALONE):
        for name in random.sample(list(calls), len(calls)):
            took[name] += await times(calls[name], 1, 1)
            await asyncio.sleep(pause)
    return took


async def _crowded(request: Call, bare: Call, crowd: int) -> None:
    """Alternating rounds, so that both see the same machine."""
    ours: list[float] = []
    other: list[float] = []
    spent = 0.0
    for _ in range(2):
        other += await times(bare, CROWD // 2, crowd)
        began = time.perf_counter()
        ours += await times(request, CROWD // 2, crowd)
        spent += time.perf_counter() - began
        await asyncio.sleep(2)  # lets the deliveries of this round end
    print(f"concurrency {crowd:>2}: request {_figures(ours)}, {CROWD / spent:.0f} requests/s")
    print(f"    beside bare calls: {_figures(other)}; {_ratio(ours, other)}")


def _figures(took: list[float]) -> str:
    p50, p95 = _points(took)
    return f"p50 {p50 * 1000:.1f} ms, p95 {p95 * 1000:.1f} ms"


def _ratio(ours: list[float], other: list[float]) -> str:
    (p50, p95), (other50, other95) = _points(ours), _points(other)
    return f"ratio p50 {p50 / other50:.2f}, p95 {p95 / other95:.2f}"


def _points(took: list[float]) -> tuple[float, float]:
    return statistics.median(took), statistics.quantiles(took, n=20)[-1]
