"""What calls that may be repeated make of lost requests, lost answers and refusals."""

import pytest

from local.azurite import Ports, connection_string
from shared.adapters.blobs import BlobStore
from shared.adapters.queues import QueueBell
from shared.adapters.storage_account import StorageAccount
from shared.adapters.tables import TableRows
from shared.domain.errors import Unavailable
from tests.storage.conftest import QUICK
from tests.support.azurite import Azurite
from tests.support.proxy import CuttingProxy

P = "desk"


@pytest.mark.parametrize("status", [429, 500, 503, 504])
async def test_reads_are_repeated_until_they_succeed(
    proxied: TableRows, tables: CuttingProxy, calls: list[str], status: int
) -> None:
    tables.answer(status)
    tables.answer(status, 2)

    row = await proxied.get(P, "k")

    assert row is not None
    assert calls == ["table.get"] * 3


async def test_a_scan_survives_broken_connections(proxied: TableRows, tables: CuttingProxy) -> None:
    tables.cut_before()
    tables.cut_after(2)

    assert [row.key for row in await proxied.scan(P, "a", "z")] == ["k"]


async def test_a_read_gives_up_after_four_attempts(
    proxied: TableRows, tables: CuttingProxy, calls: list[str]
) -> None:
    for n in range(1, 9):
        tables.answer(503, n)

    with pytest.raises(Unavailable):
        await proxied.get(P, "k")

    assert calls == ["table.get"] * 4


async def test_a_read_that_is_told_to_come_back_much_later_gives_up_at_once(
    proxied: TableRows, tables: CuttingProxy, calls: list[str]
) -> None:
    tables.answer(429, Retry_After="30")

    with pytest.raises(Unavailable) as caught:
        await proxied.get(P, "k")

    assert caught.value.retry_after == 30.0
    assert calls == ["table.get"]


async def test_a_ping_is_one_attempt(
    proxied: TableRows, tables: CuttingProxy, calls: list[str]
) -> None:
    tables.answer(500)

    with pytest.raises(Unavailable):
        await proxied.ping()

    assert calls == ["table.ping"]


async def test_an_empty_page_that_continues_is_not_the_end(
    proxied: TableRows, tables: CuttingProxy, calls: list[str]
) -> None:
    tables.answer(
        200,
        body=b'{"value":[]}',
        x_ms_continuation_NextPartitionKey="ZGVzaw==",
        x_ms_continuation_NextRowKey="aw==",
    )

    assert [row.key for row in await proxied.scan(P, "a", "z")] == ["k"]
    assert calls == ["table.scan"] * 2


async def test_a_ring_is_one_attempt_and_unavailable_when_its_answer_is_lost(
    azurite: Azurite, fresh_name: str, calls: list[str]
) -> None:
    async with CuttingProxy(azurite.ports.queue) as proxy:
        account = StorageAccount.from_connection_string(connection_string(Ports(queue=proxy.port)))
        bell = QueueBell(account, fresh_name, on_call=calls.append)
        await bell.ring("1")
        calls.clear()
        proxy.cut_after()

        with pytest.raises(Unavailable):
            await bell.ring("2")

        assert calls == ["queue.put"]
        await bell.aclose()


async def test_a_blob_is_stored_though_the_first_answer_is_lost(
    azurite: Azurite, fresh_name: str, calls: list[str]
) -> None:
    async with CuttingProxy(azurite.ports.blob) as proxy:
        account = StorageAccount.from_connection_string(connection_string(Ports(blob=proxy.port)))
        blobs = BlobStore(account, fresh_name, on_call=calls.append, backoff=QUICK)
        await blobs.put("a", b"1", "text/plain")
        calls.clear()
        proxy.answer(500)
        proxy.cut_after(2)

        await blobs.put("b", b"x" * 700_000, "text/plain")

        assert await blobs.get("b") == b"x" * 700_000
        assert calls[:2] == ["blob.put", "blob.put"]
        await blobs.aclose()
