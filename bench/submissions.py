"""What a submission costs beside the bare storage calls that it cannot do without."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from bench.hosts import hosts_of
from shared.adapters.queues import QueueBell
from shared.adapters.storage_account import StorageAccount
from shared.adapters.tables import TableRows
from shared.ports import Insert
from tests.support.stack import Stack

ROWS = 8
WARM_UP, ALONE, CROWD = 20, 60, 160
DESK, TYPE = "mytc", "production_issue"


async def report() -> None:
    """Starts its own emulator, tenant and host; prints one line a figure."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Stack(Path(folder), serving=False) as stack,
        hosts_of(stack),
    ):
        account = StorageAccount.from_connection_string(stack.storage.connection_string)
        bare = _Bare(account)
        async with httpx.AsyncClient(base_url=stack.url, timeout=60) as client:
            request = requests(client)
            await times(bare.calls, WARM_UP, 1)
            await times(request, WARM_UP, 1)
            for crowd in (1, 8, 32):
                await _compare(bare, request, crowd)
        await bare.aclose()


class _Bare:
    """One transaction of as many rows as a submission writes, then one message."""

    def __init__(self, account: StorageAccount) -> None:
        self._rows = TableRows(account, "docket")
        self._bell = QueueBell(account, "docket-bench")

    async def calls(self) -> None:
        name = uuid.uuid4().hex
        body = "x" * 700
        rows = [Insert(f"bench|{name}|{n}", body) for n in range(ROWS)]
        await self._rows.commit("bench", rows)
        await self._bell.ring('{"row": "' + name + '"}')

    async def aclose(self) -> None:
        await self._rows.aclose()
        await self._bell.aclose()


def requests(client: httpx.AsyncClient) -> Callable[[], Awaitable[None]]:
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
        answer = await client.post(
            f"/api/desks/{DESK}/requests", json=body, headers={"x-functions-key": "local"}
        )
        answer.raise_for_status()

    return send


async def times(call: Callable[[], Awaitable[None]], count: int, crowd: int) -> list[float]:
    """Seconds of each call; `crowd` of them under way at once."""
    gate = asyncio.Semaphore(crowd)

    async def one() -> float:
        async with gate:
            began = time.perf_counter()
            await call()
            return time.perf_counter() - began

    return list(await asyncio.gather(*(one() for _ in range(count))))


async def _compare(bare: _Bare, request: Callable[[], Awaitable[None]], crowd: int) -> None:
    """Alternating rounds, so that both see the same machine."""
    count = ALONE if crowd == 1 else CROWD
    ours: list[float] = []
    theirs: list[float] = []
    spent = 0.0
    for _ in range(2):
        theirs += await times(bare.calls, count // 2, crowd)
        began = time.perf_counter()
        ours += await times(request, count // 2, crowd)
        spent += time.perf_counter() - began
        await asyncio.sleep(2)  # lets the deliveries of this round end
    p50, p95 = statistics.median(ours), statistics.quantiles(ours, n=20)[-1]
    bare50, bare95 = statistics.median(theirs), statistics.quantiles(theirs, n=20)[-1]
    print(
        f"concurrency {crowd:>2}: request p50 {p50 * 1000:.1f} ms, p95 {p95 * 1000:.1f} ms; "
        f"bare calls p50 {bare50 * 1000:.1f} ms, p95 {bare95 * 1000:.1f} ms; "
        f"ratio p50 {p50 / bare50:.2f}, p95 {p95 / bare95:.2f}; {count / spent:.0f} requests/s"
    )
