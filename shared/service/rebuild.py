"""The history is the truth: finds rows that do not follow from it, and writes them anew.

Rebuilt are a ticket's state and its rows `open|` or `closed|`, `due|`, `requester|`, `fact|` and
those that lead from a work item to it. The same runs after a restore and after a change of targets.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from itertools import batched

from pydantic import ValidationError

from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.errors import Conflict, DocketError, NotFound, Unavailable
from shared.domain.evolve import replay
from shared.domain.past import lost
from shared.domain.ticket import Ticket
from shared.ports import Delete, Insert, Put, Replace, Row, Write
from shared.service import layout as ly
from shared.service import rebuild_facts, store, walk
from shared.service.deps import Deps
from shared.service.walk import Kept

ATTEMPTS = 5
_AT_ONCE = 8
_INDEXES = ("open", "closed", "due", "requester", "fact")
# These stay in the desk's partition when a ticket is archived.
_STAYING = ("requester", "fact")


@dataclass(frozen=True)
class Difference:
    """Something that does not follow from the history. `row`: where; '' for the history itself."""

    number: str
    row: str
    what: str


class DamagedHistory(DocketError):
    """The history itself is not whole: only a backup helps."""


def history_of(kept: Kept) -> tuple[ev.Recorded, ...]:
    """The ticket's history. Raises DamagedHistory saying what is wrong with it."""
    try:
        found = ly.recorded_of([row for _, row in walk.events_of(kept)])
    except ValidationError as error:
        raise DamagedHistory("an event cannot be read") from error
    if not found:
        raise DamagedHistory("there are no events")
    missing = sorted(set(range(1, found[-1].seq + 1)) - {recorded.seq for recorded in found})
    if missing:
        raise DamagedHistory(f"events are missing: {', '.join(map(str, missing[:10]))}")
    return found


@dataclass(frozen=True)
class Wanted:
    """What follows from a history: the ticket's own row, and the others by key."""

    row: ly.TicketRow
    others: dict[str, str]


def wanted_of(deps: Deps, desk: Desk, kept: Kept) -> Wanted:
    """The rows that follow from the ticket's history, but for facts. Raises DamagedHistory.

    A time at which the clock looks that is earlier than need be does no harm and stays.
    """
    history = history_of(kept)
    ticket, shown = replay(history), _shown(kept)
    if kept.is_archived:  # no index row in the live partition points to it
        archived = shown or ly.TicketRow(ticket=ticket)
        return Wanted(archived.model_copy(update={"ticket": ticket}), {})
    if missing := lost(desk, ticket):
        raise DamagedHistory(missing)
    try:
        known = shown.threads if shown else {}
        row, writes = store.indexed(desk, None, ticket, deps.clock.now(), known)
    except KeyError as error:
        raise DamagedHistory(f"{desk.id} has no {error} any more") from error
    writes += store.item_keys(history, kept.number)
    others = {w.key: w.body for w in writes if isinstance(w, Insert | Put)}
    del others[ly.state_key(kept.number)]
    if shown and shown.due and shown.due < row.due:
        others[shown.due] = others.pop(row.due)
        row = row.model_copy(update={"due": shown.due})
    return Wanted(row, others)


def _shown(kept: Kept) -> ly.TicketRow | None:
    """The ticket's own row as it is; None when it is missing or cannot be read."""
    row = _state_row(kept)
    try:
        return ly.TicketRow.model_validate_json(row.body) if row else None
    except ValidationError:
        return None


def _state_row(kept: Kept) -> Row | None:
    return next((r for r in kept.rows if r.key == ly.state_key(kept.number)), None)


# -- checking


async def check_desk(deps: Deps, desk: Desk) -> AsyncIterator[Difference]:
    """Everything on the desk that does not follow from a history; changes nothing."""
    async for kept in walk.tickets(deps, desk):
        for difference in await check(deps, desk, kept):
            yield difference
    async for row in _strays(deps, desk, ""):
        yield Difference(row.key.rpartition("|")[2], row.key, "points to a ticket that moved on")


async def check(deps: Deps, desk: Desk, kept: Kept) -> list[Difference]:
    """How the ticket's rows differ from the replay of its history."""
    try:
        wanted = await _wanted(deps, desk, kept)
    except DamagedHistory as error:
        return [Difference(kept.number, "", str(error))]
    found = _state_differs(kept, wanted.row)
    rows = await asyncio.gather(*(deps.rows.get(desk.id, key) for key in wanted.others))
    for (key, body), row in zip(wanted.others.items(), rows, strict=True):
        if row is None:
            found.append(Difference(kept.number, key, "is missing"))
        elif row.body != body:
            found.append(Difference(kept.number, key, "says something else"))
    return found


async def _wanted(deps: Deps, desk: Desk, kept: Kept) -> Wanted:
    """What follows from the history, with the facts that reports count."""
    wanted = wanted_of(deps, desk, kept)
    facts = await rebuild_facts.settled(deps, desk, wanted.row.ticket)
    return replace(wanted, others=wanted.others | facts)


def _state_differs(kept: Kept, wanted: ly.TicketRow) -> list[Difference]:
    key, shown = ly.state_key(kept.number), _shown(kept)
    if shown is None:
        return [Difference(kept.number, key, "is missing, or cannot be read")]
    fields = [
        name
        for name in Ticket.model_fields
        if getattr(shown.ticket, name) != getattr(wanted.ticket, name)
    ]
    if fields:
        return [Difference(kept.number, key, f"differs from the history in {', '.join(fields)}")]
    if not kept.is_archived and shown != wanted:
        return [Difference(kept.number, key, "names other index rows")]
    return []


# -- mending


async def rebuild_desk(deps: Deps, desk: Desk) -> AsyncIterator[Difference]:
    """Mends the whole desk; gives each difference that was mended, or that only a backup mends."""
    async for kept in walk.tickets(deps, desk):
        for difference in await rebuild(deps, desk, kept):
            yield difference
    async for difference in _swept(deps, desk, ""):
        yield difference


async def rebuild_ticket(deps: Deps, number: str) -> list[Difference]:
    """Mends one ticket; what was mended. Raises NotFound. Looks through the desk's index rows."""
    desk = deps.desk_of(number)
    kept = await kept_now(deps, desk, number)
    found = await rebuild(deps, desk, kept)
    return [*found, *[d async for d in _swept(deps, desk, number)]]


async def rebuild(deps: Deps, desk: Desk, kept: Kept) -> list[Difference]:
    """Writes the rows that follow from the history; somebody's newer command is waited for."""
    for _ in range(ATTEMPTS):
        found = await check(deps, desk, kept)
        if not found or found[0].row == "":
            return found
        try:
            await _write(deps, desk, kept)
        except Conflict:
            kept = await kept_now(deps, desk, kept.number)
            continue
        return found
    raise Unavailable(f"{kept.number} changes too quickly just now; try again", retry_after=1)


async def _write(deps: Deps, desk: Desk, kept: Kept) -> None:
    wanted = await _wanted(deps, desk, kept)
    state = state_write(kept, ly.body(wanted.row))
    writes: list[Write] = [Put(key, body) for key, body in wanted.others.items()]
    if kept.is_archived:
        await deps.archive.commit(kept.partition, [state])
    else:
        writes.insert(0, state)
    for group in walk.groups(writes):
        await deps.rows.commit(desk.id, group)


def state_write(kept: Kept, body: str) -> Write:
    """The write of the ticket's state, which fails when somebody else was faster."""
    key, row = ly.state_key(kept.number), _state_row(kept)
    return Replace(key, body, row.etag) if row else Insert(key, body)


async def kept_now(deps: Deps, desk: Desk, number: str) -> Kept:
    """The ticket's rows as they are, wherever they lie. Raises NotFound."""
    rows = await deps.rows.scan(desk.id, *ly.ticket_range(number))
    if rows:
        return Kept(number, desk.id, tuple(rows), is_archived=False)
    old = await walk.archived_ticket(deps, desk, number)
    if not old.rows:
        raise NotFound(f"there is no ticket {number}")
    return old


# -- index rows that point to nothing any more


async def _swept(deps: Deps, desk: Desk, number: str) -> AsyncIterator[Difference]:
    async for row in _strays(deps, desk, number):
        try:
            await deps.rows.commit(desk.id, [Delete(row.key, row.etag)])
        except Conflict:
            continue  # it moved on while we looked
        yield Difference(row.key.rpartition("|")[2], row.key, "pointed to a ticket that moved on")


async def _strays(deps: Deps, desk: Desk, number: str) -> AsyncIterator[Row]:
    """Index rows to which no ticket corresponds; `number`: of that ticket only, '' = of all."""
    for kind in _INDEXES:
        async for page in walk.pages(deps.rows, desk.id, f"{kind}|", f"{kind}{ly.END}"):
            asked = [r for r in page if not number or r.key.rpartition("|")[2] == number]
            for rows in batched(asked, _AT_ONCE, strict=False):
                for row in await _without_ticket(deps, desk, kind, rows):
                    yield row


async def _without_ticket(deps: Deps, desk: Desk, kind: str, rows: Sequence[Row]) -> list[Row]:
    belong = await asyncio.gather(*(_belongs(deps, desk, kind, row) for row in rows))
    return [row for row, does in zip(rows, belong, strict=True) if not does]


async def _belongs(deps: Deps, desk: Desk, kind: str, row: Row) -> bool:
    number = row.key.rpartition("|")[2]
    key = ly.state_key(number)
    state = await deps.rows.get(desk.id, key)
    if state is None and kind in _STAYING:
        state = await deps.archive.get(f"{desk.id}|{number}", key)
    if state is None:
        return False
    try:
        found = ly.TicketRow.model_validate_json(state.body)
    except ValidationError:
        return True  # not known; the check of the ticket itself says so
    if kind == "fact":
        facts = rebuild_facts.rows_of(desk, found.ticket)
        return facts is None or row.key in facts
    if kind == "requester":
        people = {found.ticket.requester, found.ticket.submitted_by} - {None}
        return any(row.key.split("|")[1] == ly.digest(p.email) for p in people if p)
    return row.key == (found.due if kind == "due" else found.index)
