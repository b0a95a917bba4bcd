"""What every implementation of the port Blobs does."""

import asyncio

import pytest

from shared.domain.errors import NotFound
from shared.ports import Blobs


@pytest.mark.parametrize("content", [b"", b"raw \r\n mail \0\xff", bytes(3_000_000)])
async def test_content_reads_back_exactly(blobs: Blobs, content: bytes) -> None:
    await blobs.put("mail/2026/<id@x> é.eml", content, "message/rfc822")

    assert await blobs.get("mail/2026/<id@x> é.eml") == content


async def test_the_same_name_again_stores_over_it(blobs: Blobs) -> None:
    await blobs.put("a", b"first, and longer", "text/plain")
    await blobs.put("a", b"second", "application/json")

    assert await blobs.get("a") == b"second"


async def test_a_missing_blob_is_not_found(blobs: Blobs) -> None:
    with pytest.raises(NotFound):
        await blobs.get("nothing")
    await blobs.put("something", b"1", "text/plain")
    with pytest.raises(NotFound):
        await blobs.get("nothing")


async def test_a_deleted_blob_is_gone_and_deleting_it_again_is_no_error(blobs: Blobs) -> None:
    await blobs.delete("a")
    await blobs.put("a", b"1", "text/plain")
    await blobs.delete("a")
    await blobs.delete("a")

    with pytest.raises(NotFound):
        await blobs.get("a")


async def test_each_operation_costs_one_call_once_the_container_is_there(
    blobs: Blobs, calls: list[str]
) -> None:
    await blobs.put("first", b"1", "text/plain")
    calls.clear()

    await blobs.put("a", b"1", "text/plain")
    await blobs.get("a")
    await blobs.delete("a")

    assert calls == ["blob.put", "blob.get", "blob.delete"]


async def test_several_may_be_the_first_to_store(blobs: Blobs) -> None:
    await asyncio.gather(*(blobs.put(f"{n}", b"1", "text/plain") for n in range(5)))

    assert [await blobs.get(f"{n}") for n in range(5)] == [b"1"] * 5


@pytest.mark.parametrize(
    "name", ["", "/a", "a/", "a.", "a//b", "a\\b", "a\nb", "../a", "a/../b", "a/./b", "x" * 1025]
)
async def test_a_name_that_could_be_read_as_another_is_refused(blobs: Blobs, name: str) -> None:
    for attempt in (blobs.put(name, b"", "text/plain"), blobs.get(name), blobs.delete(name)):
        with pytest.raises(ValueError, match="blob name"):
            await attempt
