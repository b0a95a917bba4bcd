"""Ticket numbers: dense when calm, unique always, and none that blocks those behind it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

import pytest

from shared.domain.errors import Conflict, Unavailable, Unknown
from shared.ports import Row, Write
from shared.service import layout as ly
from shared.service.numbers import Numbers
from shared.service.opening import Opened
from tests.crash.faulty import Faults, FaultyRows
from tests.service.counted import CountingRows, counted, submit
from tests.support.app import MemoryApp, memory_app


async def test_calm_submissions_get_dense_numbers() -> None:
    at = counted()
    numbers = [(await submit(at.deps)).loaded.ticket.number for _ in range(5)]
    assert numbers == [f"MYTC-{n}" for n in range(1, 6)]


async def test_each_desk_counts_for_itself() -> None:
    at = counted()
    found = [(await submit(at.deps, desk)).loaded.ticket.number for desk in ("mytc", "door")]
    assert found == ["MYTC-1", "DOOR-1"]


async def test_submissions_at_once_in_two_processes_get_distinct_numbers() -> None:
    at = counted()
    other = replace(at.deps, numbers=Numbers(at.rows))
    both = [submit(deps) for _ in range(60) for deps in (at.deps, other)]
    numbers = [opened.loaded.ticket.number for opened in await asyncio.gather(*both)]
    assert len(set(numbers)) == len(numbers) == 120


async def test_the_same_key_at_once_makes_one_ticket() -> None:
    at = counted()
    both = [submit(at.deps, keys=(("header", "one"),)) for _ in range(20)]
    opened = await asyncio.gather(*both)
    assert len({o.loaded.ticket.number for o in opened}) == 1
    assert sum(o.is_new for o in opened) == 1


async def test_a_failed_reading_of_the_counter_leaves_later_submissions_calm() -> None:
    app = memory_app()
    faults = Faults(at=0, mode="away", armed=True)
    rows = FaultyRows(app.rows, faults)
    deps = replace(app.deps, rows=rows, numbers=Numbers(rows))
    with pytest.raises(Unavailable):
        await submit(deps)
    numbers = [(await submit(deps)).loaded.ticket.number for _ in range(3)]
    assert numbers == ["MYTC-1", "MYTC-2", "MYTC-3"]
    assert await next_number(app) == 4  # no block was reserved


async def test_reserved_numbers_are_handed_out_for_some_minutes_only() -> None:
    at = counted()
    await asyncio.gather(*(submit(at.deps) for _ in range(4)))  # a block is in memory now
    counter = await next_number(at.app)
    at.app.clock.advance(minutes=4)
    assert number_of(await submit(at.deps)) < counter
    at.app.clock.advance(minutes=2)
    assert number_of(await submit(at.deps)) == counter


def number_of(opened: Opened) -> int:
    return int(opened.loaded.ticket.number.removeprefix("MYTC-"))


async def next_number(app: MemoryApp) -> int:
    """What the desk's counter says."""
    row = await app.rows.get("mytc", ly.COUNTER)
    assert row is not None
    return int(json.loads(row.body)["next"])


async def test_a_number_whose_commit_nobody_can_tell_of_never_blocks_those_behind_it() -> None:
    app = memory_app()
    rows = Stubborn(app.rows)
    deps = replace(app.deps, rows=rows, numbers=Numbers(rows))
    await asyncio.gather(*(submit(deps) for _ in range(4)))  # a block is in memory now
    rows.is_away = True
    with pytest.raises(Unavailable):
        await submit(deps)
    rows.is_away = False
    later = [(await submit(deps)).loaded.ticket.number for _ in range(20)]
    assert len(set(later)) == 20


@dataclass
class Stubborn(CountingRows):
    """Carries out what it is told, and answers nothing while `is_away`."""

    is_away: bool = False

    async def commit(self, partition: str, writes: Sequence[Write]) -> list[str]:
        if not self.is_away:
            return await self.rows.commit(partition, writes)
        with suppress(Conflict):
            await self.rows.commit(partition, writes)
        raise Unknown("no answer")

    async def get(self, partition: str, key: str) -> Row | None:
        if self.is_away:
            return None
        return await self.rows.get(partition, key)
