"""What every implementation of the port Bell does."""

import asyncio
import datetime as dt

import pytest

from tests.storage.conftest import Bellside


async def test_a_message_arrives_as_it_was_rung(bellside: Bellside) -> None:
    text = '{"desk":"mytc","row":"outbox|é😀\\u0001<&>"}'

    await bellside.bell.ring(text)

    assert await bellside.waiting() == [text]


async def test_a_delayed_message_is_not_there_yet(bellside: Bellside) -> None:
    await bellside.bell.ring("now", delay=dt.timedelta(seconds=-3))
    await bellside.bell.ring("later", delay=dt.timedelta(days=7))

    assert await bellside.waiting() == ["now"]


async def test_the_queue_is_created_once_and_then_each_ring_costs_one_call(
    bellside: Bellside, calls: list[str]
) -> None:
    await bellside.bell.ring("1")
    assert calls in (["queue.put"], ["queue.put", "queue.create", "queue.put"])
    calls.clear()

    await bellside.bell.ring("2")

    assert calls == ["queue.put"]


async def test_several_may_be_the_first_to_ring(bellside: Bellside) -> None:
    await asyncio.gather(*(bellside.bell.ring(str(number)) for number in range(5)))

    assert sorted(await bellside.waiting()) == ["0", "1", "2", "3", "4"]


async def test_the_longest_message_arrives_and_a_longer_one_is_refused(bellside: Bellside) -> None:
    await bellside.bell.ring("é" * 24 * 1024)
    with pytest.raises(ValueError, match="message of 49153 bytes, at most 49152"):
        await bellside.bell.ring("x" * 49_153)

    assert await bellside.waiting() == ["é" * 24 * 1024]


async def test_a_delay_beyond_seven_days_is_refused(bellside: Bellside) -> None:
    with pytest.raises(ValueError, match="at most 7 days"):
        await bellside.bell.ring("x", delay=dt.timedelta(days=7, seconds=1))
