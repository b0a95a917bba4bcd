"""Closed tickets leave the live partition after some weeks, so that it stays small.

Each goes to a partition of its own in the archive table, and into the index of its month. It is
copied first and removed after, so a crash in between leaves a ticket in both: the live one counts,
and the next night finishes the work.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from itertools import batched

from shared.domain.desk import Desk
from shared.domain.errors import Conflict, NotFound
from shared.domain.flow import Category
from shared.domain.past import type_of
from shared.ports import Delete, Put, Row, Write
from shared.service import layout as ly
from shared.service import store, walk
from shared.service.deps import Deps
from shared.service.sweep import each

log = logging.getLogger(__name__)
AT_ONCE = 200  # tickets of a page
CHUNK = 90  # writes a transaction, below the limit of 100


async def archive(deps: Deps, desk: Desk, seconds: float | None = None) -> int:
    """Moves closed tickets whose time has come, until the seconds are over; how many."""
    low = f"closed|{ly.inverted(deps.clock.now() - desk.archive_after)}"
    began, moved = time.monotonic(), list[str]()

    async def move(index: Row) -> None:
        if await _move(deps, desk, index):
            moved.append(index.key)

    async for page in walk.pages(deps.rows, desk.id, low, f"closed{ly.END}", size=AT_ONCE):
        await each(page, move, _number)
        if seconds is not None and time.monotonic() - began > seconds:
            break
    return len(moved)


def _number(index: Row) -> str:
    return index.key.rpartition("|")[2]


async def _move(deps: Deps, desk: Desk, index: Row) -> bool:
    number = _number(index)
    low, high = ly.ticket_range(number)
    try:
        loaded = await store.load(deps.rows, desk.id, number)
    except NotFound:
        await deps.rows.commit(desk.id, [Delete(index.key, index.etag)])
        return False
    state = type_of(desk, loaded.ticket).state(loaded.ticket.state)
    is_closed = state.category is Category.CLOSED
    if not is_closed or loaded.row.index != index.key:
        return False
    rows = await deps.rows.scan(desk.id, low, high)
    await _copy(deps, desk, number, rows)
    month = f"{loaded.ticket.facts.ended[-1].start:%Y-%m}"
    await deps.archive.commit(walk.months_partition(desk.id), [Put(month, "{}")])
    await deps.archive.commit(f"{desk.id}|{month}", [Put(number, index.body)])
    return await _remove(deps, desk, loaded, [index, *rows])


async def _copy(deps: Deps, desk: Desk, number: str, rows: Sequence[Row]) -> None:
    for chunk in batched(rows, CHUNK, strict=False):
        await deps.archive.commit(f"{desk.id}|{number}", [Put(r.key, r.body) for r in chunk])


async def _remove(deps: Deps, desk: Desk, loaded: ly.Loaded, rows: Sequence[Row]) -> bool:
    """The state row goes first: from then on the archive's copy is the ticket."""
    state = ly.state_key(loaded.ticket.number)
    ordered = sorted(rows, key=lambda row: row.key != state)
    due: list[Write] = [Delete(loaded.row.due)] if loaded.row.due else []
    try:
        for number, chunk in enumerate(batched(ordered, CHUNK, strict=False)):
            writes: list[Write] = [Delete(r.key, r.etag) for r in chunk]
            await deps.rows.commit(desk.id, [*writes, *(due if number == 0 else [])])
    except Conflict:
        log.info("a closed ticket moved on", extra={"ticket": loaded.ticket.number})
        return False
    return True
