"""Microsoft's own clients read what the adapters wrote."""

import datetime as dt

from azure.data.tables.aio import TableClient
from azure.storage.blob.aio import BlobClient
from azure.storage.queue import TextBase64DecodePolicy
from azure.storage.queue.aio import QueueClient

from shared.adapters.blobs import BlobStore
from shared.adapters.queues import QueueBell
from shared.adapters.storage_account import StorageAccount
from shared.adapters.tables import TableRows
from shared.ports import Insert
from tests.support.azurite import Azurite


async def test_the_table_client_reads_a_row(
    azurite: Azurite, account: StorageAccount, fresh_name: str
) -> None:
    table = TableRows(account, fresh_name)
    body = '{"é":"' + "x" * 40_000 + '"}'
    [etag] = await table.commit("desk", [Insert("it's 1", body)])
    await table.aclose()

    async with TableClient.from_connection_string(azurite.connection_string, fresh_name) as client:
        entity = await client.get_entity("desk", "it's 1")

    assert entity["body0"] + entity["body1"] == body
    assert entity.metadata["etag"] == etag


async def test_the_queue_client_reads_a_message_that_never_expires(
    azurite: Azurite, account: StorageAccount, fresh_name: str
) -> None:
    bell = QueueBell(account, fresh_name)
    await bell.ring('{"row":"é"}', delay=dt.timedelta(0))
    await bell.aclose()

    async with QueueClient.from_connection_string(
        azurite.connection_string, fresh_name, message_decode_policy=TextBase64DecodePolicy()
    ) as client:
        message = await client.receive_message()

    assert message is not None
    assert message.content == '{"row":"é"}'
    assert message.expires_on is not None
    assert message.expires_on.year == 9999


async def test_the_blob_client_reads_content_and_type(
    azurite: Azurite, account: StorageAccount, fresh_name: str
) -> None:
    blobs = BlobStore(account, fresh_name)
    await blobs.put("a b/é.json", b"{}", "application/json; charset=utf-8")
    await blobs.aclose()

    async with BlobClient.from_connection_string(
        azurite.connection_string, fresh_name, "a b/é.json"
    ) as client:
        download = await client.download_blob()

        assert await download.readall() == b"{}"
        assert download.properties.content_settings.content_type == (
            "application/json; charset=utf-8"
        )
