"""What timers do: ring again for what was not delivered, and let the clock look at tickets."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging

from shared.domain import commands as cm
from shared.domain.errors import Conflict, DocketError, NotFound, Unavailable
from shared.domain.people import SYSTEM
from shared.domain.rules.timing import next_due
from shared.ports import Delete, Put, Replace, Row
from shared.service import layout as ly
from shared.service import observe
from shared.service.deliver import take
from shared.service.deps import Deps
from shared.service.handle import Order, handle, load, message

log = logging.getLogger(__name__)
AT_ONCE = 8
MOST = 1000  # rows a sweep takes up; the next one goes on


async def sweep_outbox(deps: Deps, desk_id: str) -> int:
    """Rings for every row whose claim has run out; how many were rung for."""
    now = deps.clock.now()
    rows = await deps.rows.scan(desk_id, "outbox|", f"outbox|{ly.stamp(now)}{ly.END}", limit=MOST)
    observe.lateness("outbox", desk_id, rows, now)
    taken = await asyncio.gather(*(take(deps, row) for row in rows))
    rung = 0
    for claimed in taken:
        if claimed is None:
            continue
        row, box = claimed
        try:
            await deps.bell.ring(message(desk_id, row.key, box.claim))
            rung += 1
        except Unavailable:
            log.warning("bell did not ring", extra={"ticket": box.number})
    return rung


async def sweep_due(deps: Deps, desk_id: str) -> int:
    """Lets the clock look at every ticket that is due; how many were looked at.

    Reads what is due, not what is open. Running twice, late or at the same time as another
    sweep does each step once, since the ticket's own row is the truth.
    """
    now = deps.clock.now()
    rows = await deps.rows.scan(desk_id, "due|", f"due|{ly.stamp(now)}{ly.END}", limit=MOST)
    observe.lateness("due", desk_id, rows, now)
    gate = asyncio.Semaphore(AT_ONCE)

    async def look(row: Row) -> None:
        async with gate:
            await _look(deps, desk_id, row)

    await asyncio.gather(*(look(row) for row in rows))
    return len(rows)


async def _look(deps: Deps, desk_id: str, row: Row) -> None:
    number = row.key.split("|")[2]
    desk = deps.desk(desk_id)
    try:
        empty = Order(number, (), SYSTEM)
        loaded = await load(deps, desk, empty)
        if loaded.row.due != row.key:
            await deps.rows.commit(desk_id, [Delete(row.key, row.etag)])  # a row of the past
            return
        seen = frozenset(s.email for s in loaded.seen)
        looked = await handle(deps, Order(number, (cm.TimePassed(seen=seen),), SYSTEM), loaded)
        if looked.row.due == row.key:
            await _postpone(deps, desk_id, row, looked)
    except NotFound:
        await deps.rows.commit(desk_id, [Delete(row.key, row.etag)])
    except (Conflict, Unavailable):
        log.warning("another sweep was faster, or storage is busy", extra={"ticket": number})
    except DocketError:
        log.exception("the clock could not look at a ticket", extra={"ticket": number})


async def _postpone(deps: Deps, desk_id: str, row: Row, loaded: ly.Loaded) -> None:
    """Nothing may be said now (a step missed at night): look again when it may be."""
    when = next_due(deps.desk(desk_id), loaded.ticket, deps.clock.now())
    later = when or deps.clock.now() + dt.timedelta(hours=1)
    key = ly.due_key(later, loaded.ticket.number)
    moved = loaded.row.model_copy(update={"due": key})
    state = Replace(ly.state_key(loaded.ticket.number), ly.body(moved), loaded.etag)
    await deps.rows.commit(
        desk_id, [Delete(row.key, row.etag), Put(key, ly.numbered(loaded.ticket.number)), state]
    )
