"""The ports' implementations under test, each with storage of the test's own."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from uuid import uuid4

import pytest
from azure.storage.queue import TextBase64DecodePolicy
from azure.storage.queue.aio import QueueClient

from local.azurite import Ports, connection_string
from shared.adapters.blobs import BlobStore
from shared.adapters.memory import MemoryBell, MemoryBlobs, MemoryRows
from shared.adapters.queues import QueueBell
from shared.adapters.retrying import Backoff
from shared.adapters.storage_account import StorageAccount
from shared.adapters.tables import TableRows
from shared.ports import Bell, Blobs, Insert, Rows
from tests.support.azurite import Azurite
from tests.support.proxy import CuttingProxy

QUICK = Backoff(base=0.001, patience=0.5)

type Calls = list[str]


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    with Azurite() as storage:
        yield storage


@pytest.fixture
def account(azurite: Azurite) -> StorageAccount:
    return StorageAccount.from_connection_string(azurite.connection_string)


@pytest.fixture
def fresh_name() -> str:
    """A name that suits a table, a queue and a container."""
    return f"t{uuid4().hex}"


@pytest.fixture
def calls() -> Calls:
    """The round trips of the test's adapter."""
    return []


@pytest.fixture(params=["memory", "azurite"])
async def rows(
    request: pytest.FixtureRequest, fresh_name: str, calls: Calls
) -> AsyncIterator[Rows]:
    if request.param == "memory":
        yield MemoryRows(on_call=calls.append)
        return
    table = TableRows(request.getfixturevalue("account"), fresh_name, on_call=calls.append)
    yield table
    await table.aclose()


@dataclass(frozen=True)
class Bellside:
    """A bell, and what a worker would find behind it now."""

    bell: Bell
    waiting: Callable[[], Awaitable[list[str]]]


@pytest.fixture(params=["memory", "azurite"])
async def bellside(
    request: pytest.FixtureRequest, fresh_name: str, calls: Calls
) -> AsyncIterator[Bellside]:
    if request.param == "memory":
        twin = MemoryBell(on_call=calls.append)

        async def now() -> list[str]:
            return [rung.message for rung in twin.messages if not rung.delay]

        yield Bellside(twin, now)
        return
    async with AsyncExitStack() as stack:
        bell = QueueBell(request.getfixturevalue("account"), fresh_name, on_call=calls.append)
        stack.push_async_callback(bell.aclose)
        client = await stack.enter_async_context(
            QueueClient.from_connection_string(
                request.getfixturevalue("azurite").connection_string,
                fresh_name,
                message_decode_policy=TextBase64DecodePolicy(),
            )
        )

        async def peeked() -> list[str]:
            return [message.content for message in await client.peek_messages(32)]

        yield Bellside(bell, peeked)


@pytest.fixture(params=["memory", "azurite"])
async def blobs(
    request: pytest.FixtureRequest, fresh_name: str, calls: Calls
) -> AsyncIterator[Blobs]:
    if request.param == "memory":
        yield MemoryBlobs(on_call=calls.append)
        return
    store = BlobStore(request.getfixturevalue("account"), fresh_name, on_call=calls.append)
    yield store
    await store.aclose()


@pytest.fixture
async def tables(azurite: Azurite) -> AsyncIterator[CuttingProxy]:
    async with CuttingProxy(azurite.ports.table) as proxy:
        yield proxy


@pytest.fixture
async def proxied(tables: CuttingProxy, fresh_name: str, calls: Calls) -> AsyncIterator[TableRows]:
    """Over the proxy, with the table there and row `k` in it."""
    account = StorageAccount.from_connection_string(connection_string(Ports(table=tables.port)))
    table = TableRows(account, fresh_name, on_call=calls.append, backoff=QUICK)
    await table.commit("desk", [Insert("k", "1")])
    calls.clear()
    yield table
    await table.aclose()
