"""Vendors that take long or never answer: what others owe goes on, and nothing is done twice."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from shared.adapters.memory_vendors import MemoryBacklog, MemoryMailer
from shared.domain.effects import Owed
from shared.domain.errors import Unavailable
from shared.ports import BacklogPlace, ItemRef, Mail, NewItem
from shared.service import reads
from shared.service.deliver import PATIENCE, deliver
from shared.service.sweep import sweep_outbox
from tests.service.counted import CLIENT, Counted, counted, submit

LITTLE = dt.timedelta(seconds=0.02)


@dataclass
class SilentBacklog(MemoryBacklog):
    """A tool that takes each call and never answers."""

    async def create(
        self, place: BacklogPlace, item: NewItem, key: str, *, again: bool,
        since: dt.timedelta | None = None,
    ) -> ItemRef:  # fmt: skip
        await asyncio.Event().wait()
        return await super().create(place, item, key, again=again)


@dataclass
class BrokenBacklog(MemoryBacklog):
    """An adapter with a mistake in it."""

    async def create(
        self, place: BacklogPlace, item: NewItem, key: str, *, again: bool,
        since: dt.timedelta | None = None,
    ) -> ItemRef:  # fmt: skip
        raise KeyError(item.title)


@dataclass
class SlowMailer(MemoryMailer):
    """Mail that leaves when it is let go; that to others than `to` at once ('': to nobody)."""

    to: str = ""
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    let_go: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, mail: Mail, key: str, *, again: bool) -> str:
        if self.to in ("", mail.to[0][0]):
            self.begun.set()
            await self.let_go.wait()
        return await super().send(mail, key, again=again)


async def deliver_rung(at: Counted, patience: dt.timedelta = PATIENCE) -> None:
    """What the bell rang for."""
    while at.app.bell.messages:
        rung = json.loads(at.app.bell.messages.pop(0).message)
        place = (rung["desk"], rung["row"], rung["claim"])
        await deliver(at.deps, *place, again=False, patience=patience)


@asynccontextmanager
async def at_work(at: Counted) -> AsyncIterator[asyncio.Task[None]]:
    """A delivery that goes on meanwhile."""
    async with asyncio.timeout(10):
        work = asyncio.create_task(deliver_rung(at))
        yield work
        work.cancel()
        await asyncio.wait({work})


async def undelivered(at: Counted) -> list[Owed]:
    """The effects of the rows on the undelivered list."""
    found = await reads.undelivered(at.deps, at.deps.desk("mytc"))
    return [effect for _, box in found for effect in box.effects]


async def test_what_was_done_is_recorded_although_something_beside_it_never_ends() -> None:
    at = counted()
    at.app.vendors.mail = SlowMailer(to=CLIENT)
    await submit(at.deps)
    await deliver_rung(at, LITTLE)
    assert len((await reads.find(at.deps, "MYTC-1")).ticket.work_items) == 1
    effects = await undelivered(at)
    assert sorted(effect.status for effect in effects) == ["done", "done", "due"]
    [(tries, error)] = [(e.tries, e.error) for e in effects if e.status == "due"]
    assert (tries, bool(error)) == (1, True)


async def test_what_never_ends_is_given_up_after_a_day_and_told_to_staff() -> None:
    at = counted()
    at.app.vendors.tool = SilentBacklog()
    await submit(at.deps)
    for _ in range(26):
        await deliver_rung(at, LITTLE)
        at.app.clock.advance(hours=1, minutes=20)
        await sweep_outbox(at.deps, "mytc")
    assert [effect.status for effect in await undelivered(at)] == ["dead", "done", "done"]
    history = (await reads.find(at.deps, "MYTC-1")).history
    assert any("Not delivered" in r.event.text for r in history if r.event.kind == "noted")


async def test_a_mistake_of_ours_is_given_up_after_a_day_like_anything_else() -> None:
    at = counted()
    at.app.vendors.tool = BrokenBacklog()
    await submit(at.deps)
    for _ in range(26):
        await deliver_rung(at)
        at.app.clock.advance(hours=1, minutes=20)
        await sweep_outbox(at.deps, "mytc")
    assert [effect.status for effect in await undelivered(at)] == ["dead", "done", "done"]


async def test_a_mail_that_waited_long_enough_goes_while_the_tool_is_still_at_work() -> None:
    at = counted()
    at.app.vendors.tool = SilentBacklog()
    mailer = at.app.vendors.mail = SlowMailer()
    await submit(at.deps)
    await deliver_rung(at, LITTLE)
    assert not mailer.begun.is_set()
    at.app.clock.advance(minutes=3)
    await sweep_outbox(at.deps, "mytc")
    async with at_work(at):
        await mailer.begun.wait()


@pytest.mark.parametrize("late", [0, 40])
async def test_no_sweep_begins_beside_a_slow_delivery_however_late_that_began(late: int) -> None:
    at = counted()
    mailer = at.app.vendors.mail = SlowMailer()
    await submit(at.deps)
    at.app.clock.advance(seconds=late)
    async with at_work(at) as work:
        await mailer.begun.wait()
        at.app.clock.advance(seconds=59)
        assert await sweep_outbox(at.deps, "mytc") == 0
        mailer.let_go.set()
        await work
    at.app.clock.advance(minutes=5)
    assert await sweep_outbox(at.deps, "mytc") == 0
    assert len(mailer.sent) == 2


async def test_a_pause_is_counted_from_the_end_of_the_try() -> None:
    at = counted()
    mailer = at.app.vendors.mail = SlowMailer()
    await submit(at.deps)
    async with at_work(at) as work:
        await mailer.begun.wait()
        at.app.clock.advance(seconds=44)
        mailer.failing.extend([Unavailable("no answer")] * 2)
        mailer.let_go.set()
        await work
    now = at.app.clock.now()
    waiting = [e.not_before for e in await undelivered(at) if e.status == "due"]
    assert all(when and when - now > dt.timedelta(seconds=20) for when in waiting)
    assert len(waiting) == 2
