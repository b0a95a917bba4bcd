"""What timers do: ring again for what was not delivered, and let the clock look at tickets."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from shared.domain import commands as cm
from shared.domain.desk import Desk
from shared.domain.digests import is_loud
from shared.domain.errors import Conflict, NotFound, Unavailable, Unknown
from shared.domain.people import SYSTEM
from shared.domain.rules import decide
from shared.domain.rules.case import Case
from shared.domain.rules.timing import next_due
from shared.ports import Delete, Put, Replace, Row
from shared.service import layout as ly
from shared.service import observe
from shared.service.deliver import take
from shared.service.deps import Deps
from shared.service.digest import collect
from shared.service.handle import Order, handle, load, message

log = logging.getLogger(__name__)
AT_ONCE = 8
MOST = 1000  # rows a sweep takes up; the next one goes on


async def sweep_outbox(deps: Deps, desk_id: str) -> int:
    """Rings for every row whose claim has run out; how many were rung for."""
    now = deps.clock.now()
    rows = await deps.rows.scan(desk_id, "outbox|", f"outbox|{ly.stamp(now)}{ly.END}", limit=MOST)
    observe.lateness("outbox", desk_id, rows, now)
    rung: list[str] = []

    async def ring(row: Row) -> None:
        if claimed := await take(deps, row):
            taken, box = claimed
            await deps.bell.ring(message(desk_id, taken.key, box.claim))
            rung.append(taken.key)

    await each(rows, ring, _number)
    return len(rung)


async def sweep_due(deps: Deps, desk_id: str) -> int:
    """Lets the clock look at every ticket that is due; how many were looked at.

    Reads what is due, not what is open. Running twice, late or at the same time as another
    sweep does each step once, since the ticket's own row is the truth. Many escalations are told
    together, one message a receiver.
    """
    now = deps.clock.now()
    desk = deps.desk(desk_id)
    rows = await deps.rows.scan(desk_id, "due|", f"due|{ly.stamp(now)}{ly.END}", limit=MOST)
    observe.lateness("due", desk_id, rows, now)
    found: list[Due] = []

    async def find(row: Row) -> None:
        if due := await _due(deps, desk, row, now):
            found.append(due)

    await each(rows, find, _number)
    digest = sum(due.is_loud for due in found) > desk.digest_above

    async def look(due: Due) -> None:
        await _look(deps, desk, due, digest=digest)

    await each(found, look, lambda due: _number(due.row))
    await collect(deps, desk)
    return len(rows)


@dataclass(frozen=True)
class Due:
    """A ticket that the clock has to look at. `is_loud`: people will hear of it."""

    row: Row
    loaded: ly.Loaded
    seen: frozenset[str]
    is_loud: bool


async def each[T](
    items: Iterable[T], do: Callable[[T], Awaitable[None]], number: Callable[[T], str]
) -> list[T]:
    """Some at a time. One ticket's failure is logged, and keeps no other from its turn.

    Gives those for which it is of no use to come again soon.
    """
    gate, failed = asyncio.Semaphore(AT_ONCE), list[T]()

    async def guarded(item: T) -> None:
        async with gate:
            try:
                await do(item)
            except (Conflict, Unknown, Unavailable):
                extra = {"ticket": number(item)}
                log.warning("another sweep was faster, or storage is busy", extra=extra)
            except Exception:
                log.exception(
                    "the clock could not look at a ticket", extra={"ticket": number(item)}
                )
                failed.append(item)

    await asyncio.gather(*(guarded(item) for item in items))
    return failed


def _number(row: Row) -> str:
    return row.key.split("|")[2]


async def _due(deps: Deps, desk: Desk, row: Row, now: dt.datetime) -> Due | None:
    """The ticket behind the row; a row that points to nothing any more goes."""
    try:
        loaded = await load(deps, desk, Order(_number(row), (), SYSTEM))
    except NotFound:
        await deps.rows.commit(desk.id, [Delete(row.key, row.etag)])
        return None
    if loaded.row.due != row.key:
        await deps.rows.commit(desk.id, [Delete(row.key, row.etag)])
        return None
    seen = frozenset(s.email for s in loaded.seen)
    case = Case(desk, loaded.ticket, SYSTEM, now, loaded.board)
    events = decide(case, cm.TimePassed(seen=seen))
    return Due(row, loaded, seen, is_loud(events))


async def _look(deps: Deps, desk: Desk, due: Due, *, digest: bool) -> None:
    order = Order(_number(due.row), (cm.TimePassed(seen=due.seen),), SYSTEM, digest=digest)
    looked = await handle(deps, order, due.loaded)
    if looked.row.due == due.row.key:
        await _postpone(deps, desk, due.row, looked)


async def _postpone(deps: Deps, desk: Desk, row: Row, loaded: ly.Loaded) -> None:
    """Nothing may be said now (a step missed at night): look again when it may be."""
    now = deps.clock.now()
    when = next_due(desk, loaded.ticket, now) or now + dt.timedelta(hours=1)
    number = loaded.ticket.number
    key = ly.due_key(max(when, now + dt.timedelta(seconds=1)), number)
    moved = loaded.row.model_copy(update={"due": key})
    state = Replace(ly.state_key(number), ly.body(moved), loaded.etag)
    there = Put(key, ly.numbered(number))
    await deps.rows.commit(desk.id, [Delete(row.key, row.etag), there, state])
