"""What a storage call costs in our own CPU: Microsoft's clients beside our adapters.

Run it with `python -m bench.storage_cost [calls a round]`, from the project's folder. It starts an
emulator of its own; the emulator's time does not count, only this process's.
"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from azure.data.tables.aio import TableClient, TableServiceClient
from azure.storage.blob.aio import BlobServiceClient
from azure.storage.queue import TextBase64EncodePolicy
from azure.storage.queue.aio import QueueClient

from shared.adapters.blobs import BlobStore
from shared.adapters.queues import QueueBell
from shared.adapters.storage_account import StorageAccount
from shared.adapters.tables import TableRows
from shared.ports import Insert
from tests.support.azurite import Azurite

BODY = '{"title":"' + "x" * 600 + '"}'
MESSAGE = '{"desk":"mytc","row":"outbox|2026-11-22T10:00:00Z|1|0"}'
RAW = b"x" * 4_000
ROUNDS = 5

type Call = Callable[[int], Awaitable[object]]
type Calls = dict[str, Call]


@asynccontextmanager
async def sdk(connection_string: str) -> AsyncIterator[Calls]:
    """The calls as Microsoft's clients make them."""
    async with AsyncExitStack() as stack:
        service = TableServiceClient.from_connection_string(connection_string)
        await stack.enter_async_context(service)
        await service.create_table("sdkrows")
        table: TableClient = service.get_table_client("sdkrows")
        queue = QueueClient.from_connection_string(
            connection_string, "sdk-bell", message_encode_policy=TextBase64EncodePolicy()
        )
        await stack.enter_async_context(queue)
        await queue.create_queue()
        blobs = BlobServiceClient.from_connection_string(connection_string)
        await stack.enter_async_context(blobs)
        container = await blobs.create_container("sdk-blobs")

        async def scan(_: int) -> None:
            wanted = "PartitionKey eq 'p' and RowKey ge 'k' and RowKey lt 'l'"
            pages = table.query_entities(wanted, results_per_page=50).by_page()
            [_ async for _ in await anext(pages)]

        yield {
            "commit of 8 rows": lambda n: table.submit_transaction(
                [
                    ("create", {"PartitionKey": "p", "RowKey": f"k|{n:06}|{row}", "body0": BODY})
                    for row in range(8)
                ]
            ),
            "get": lambda _: table.get_entity("p", "k|000000|0"),
            "scan of 50 rows": scan,
            "ring": lambda _: queue.send_message(MESSAGE, time_to_live=-1),
            "blob put": lambda n: container.upload_blob(f"raw/{n}", RAW, overwrite=True),
        }


@asynccontextmanager
async def ours(connection_string: str) -> AsyncIterator[Calls]:
    """The calls as our adapters make them."""
    account = StorageAccount.from_connection_string(connection_string)
    rows = TableRows(account, "ourrows")
    bell = QueueBell(account, "our-bell")
    blobs = BlobStore(account, "our-blobs")
    async with AsyncExitStack() as stack:
        for adapter in (rows, bell, blobs):
            stack.push_async_callback(adapter.aclose)
        yield {
            "commit of 8 rows": lambda n: rows.commit(
                "p", [Insert(f"k|{n:06}|{row}", BODY) for row in range(8)]
            ),
            "get": lambda _: rows.get("p", "k|000000|0"),
            "scan of 50 rows": lambda _: rows.scan("p", "k", "l", limit=50),
            "ring": lambda _: bell.ring(MESSAGE),
            "blob put": lambda n: blobs.put(f"raw/{n}", RAW, "message/rfc822"),
        }


async def cpu_ms(call: Call, numbers: range) -> float:
    """Milliseconds of this process's CPU for one call, on average."""
    before = time.process_time()
    for number in numbers:
        await call(number)
    return (time.process_time() - before) / len(numbers) * 1000


async def best(call: Call, times: int) -> float:
    """The best of several rounds, for a busy machine makes every cycle dearer."""
    starts = range(0, ROUNDS * times, times)
    return min([await cpu_ms(call, range(start, start + times)) for start in starts])


async def main(times: int) -> None:
    """Prints a line for each call."""
    with Azurite() as storage:
        async with sdk(storage.connection_string) as theirs, ours(storage.connection_string) as own:
            print(f"{'CPU ms a call':18}{'SDK':>8}{'ours':>8}")
            for name, call in theirs.items():
                print(f"{name:18}{await best(call, times):8.2f}{await best(own[name], times):8.2f}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 60))
