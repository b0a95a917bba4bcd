"""Ticket numbers: dense when the desk is calm, unique always, no queue in a burst.

A calm submission takes the next number and moves the counter in its own transaction. When
another one is under way, or the counter turned out to be stale, a block is reserved at once and
handed out from memory for some minutes: what is left then is dropped, since a low number months
later would tell clients and staff a wrong age. A gap is fine.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from collections import deque
from dataclasses import dataclass, field

from shared.domain.errors import Conflict
from shared.ports import Insert, Replace, Rows, Write
from shared.service.layout import COUNTER

BLOCK = 16
BLOCK_LASTS = dt.timedelta(minutes=5)


@dataclass
class _Desk:
    next: int | None = None
    etag: str = ""
    spare: deque[int] = field(default_factory=deque)
    reserved_at: dt.datetime | None = None
    under_way: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


@dataclass(frozen=True)
class Taken:
    """A number, and the counter's write that must go into the same transaction (if any)."""

    number: int
    write: Write | None


class Numbers:
    """The numbers of all desks, as far as this process knows them. One per event loop."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._desks: dict[str, _Desk] = {}

    async def take(self, desk: str, now: dt.datetime) -> Taken:
        """The next number; tell through `settle` what became of it."""
        state = self._desks.setdefault(desk, _Desk())
        if state.reserved_at and now - state.reserved_at > BLOCK_LASTS:
            state.spare.clear()
        state.under_way += 1
        try:
            return await self._next(desk, state, now)
        except BaseException:
            state.under_way -= 1
            raise

    async def _next(self, desk: str, state: _Desk, now: dt.datetime) -> Taken:
        if state.spare:
            return Taken(state.spare.popleft(), None)
        async with state.lock:
            if state.spare:
                return Taken(state.spare.popleft(), None)
            if state.next is None:
                await self._read(desk, state)
            if state.under_way > 1:
                await self._reserve(desk, state)
                state.reserved_at = now
                return Taken(state.spare.popleft(), None)
            return Taken(state.next or 1, _moved(state, (state.next or 1) + 1))

    def settle(self, desk: str, taken: Taken, etag: str | None, *, unused: bool = False) -> None:
        """The transaction is through: `etag` of the counter, or None when it failed.

        `unused`: nobody can have the number. Else it is not handed out again: one that stands on a
        ticket would refuse everybody behind it.
        """
        state = self._desks[desk]
        state.under_way -= 1
        if taken.write is None:
            if etag is None and unused:
                state.spare.appendleft(taken.number)
        elif etag is None:
            state.next = None
        elif state.next == taken.number:
            state.next, state.etag = taken.number + 1, etag

    async def _read(self, desk: str, state: _Desk) -> None:
        row = await self._rows.get(desk, COUNTER)
        state.next = json.loads(row.body)["next"] if row else 1
        state.etag = row.etag if row else ""

    async def _reserve(self, desk: str, state: _Desk) -> None:
        while True:
            first = state.next or 1
            try:
                [etag] = await self._rows.commit(desk, [_moved(state, first + BLOCK)])
            except Conflict:
                await self._read(desk, state)
                continue
            state.next, state.etag = first + BLOCK, etag
            state.spare.extend(range(first, first + BLOCK))
            return


def _moved(state: _Desk, to: int) -> Write:
    text = json.dumps({"next": to})
    return Replace(COUNTER, text, state.etag) if state.etag else Insert(COUNTER, text)
