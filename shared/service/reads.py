"""Lists, searches, the board, what was not delivered: range reads of what they show."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
from dataclasses import dataclass, replace

from shared.domain.board import Board
from shared.domain.desk import Desk
from shared.domain.effects import Outbox
from shared.domain.errors import Invalid, NotFound
from shared.ports import Row
from shared.service import layout as ly
from shared.service import store
from shared.service.deps import Deps
from shared.service.handle import archived

VIEWS = ("open", "mine", "unassigned", "overdue", "closed", "all")
LOOKED_AT = 1000  # rows that one filtered request may look at; its cursor goes on from there


@dataclass(frozen=True)
class Query:
    """What to list. Empty filters match everything; `me` is for the view `mine`."""

    view: str = "open"
    state: str = ""
    type: str = ""
    severity: str = ""
    assignee: str = ""
    requester: str = ""
    text: str = ""
    me: str = ""
    limit: int = 50
    cursor: str = ""


@dataclass(frozen=True)
class Page:
    """Summaries, and where the next page begins ('' at the end)."""

    tickets: tuple[ly.Summary, ...]
    cursor: str


async def tickets(deps: Deps, desk: Desk, query: Query) -> Page:
    """One page of a view. Raises Invalid naming the wrong parameter."""
    _check(query)
    low, high = _range(query, deps.clock.now())
    start = _position(query.cursor, low, high)
    found: list[ly.Summary] = []
    looked = 0
    while looked < LOOKED_AT:
        step = min(LOOKED_AT - looked, max(query.limit * 2, 100))
        rows = await deps.rows.scan(desk.id, start, high, limit=step)
        for row in rows:
            looked += 1
            if not row.key.startswith(("open|", "closed|")):
                continue
            summary = ly.Summary.model_validate_json(row.body)
            if _fits(query, summary):
                found.append(summary)
            if len(found) == query.limit:
                return Page(tuple(found), _cursor(row))
        if len(rows) < step:
            return Page(tuple(found), "")
        start = rows[-1].key + "\x20"
    return Page(tuple(found), _cursor(rows[-1]))


def _check(query: Query) -> None:
    if query.view not in VIEWS:
        raise Invalid.of("view", f"use one of {', '.join(VIEWS)}")
    if not 1 <= query.limit <= 200:
        raise Invalid.of("limit", "give a number from 1 to 200")


def _range(query: Query, now: dt.datetime) -> tuple[str, str]:
    """`closed|` sorts before `open|`; what lies between them is skipped by its key."""
    if query.view == "overdue":
        return "open|", f"open|{ly.stamp(now)}"
    if query.view == "closed":
        return "closed|", f"closed{ly.END}"
    if query.view == "all":
        return "closed|", f"open{ly.END}"
    return "open|", f"open{ly.END}"


def _cursor(row: Row) -> str:
    return base64.urlsafe_b64encode(row.key.encode()).decode()


def _position(cursor: str, low: str, high: str) -> str:
    if not cursor:
        return low
    try:
        key = base64.urlsafe_b64decode(cursor.encode()).decode()
    except ValueError as error:
        raise Invalid.of("cursor", "use the cursor of the page before") from error
    if not low <= key < high:
        raise Invalid.of("cursor", "this cursor belongs to another view")
    return key + "\x20"


def _fits(query: Query, summary: ly.Summary) -> bool:
    wanted = (
        (query.state, summary.state),
        (query.type, summary.type),
        (query.severity, summary.severity),
        (query.assignee, summary.assignee or ""),
        (query.requester, summary.requester.email),
        (query.me if query.view == "mine" else "", summary.assignee or ""),
    )
    if any(want and want != has for want, has in wanted):
        return False
    if query.view == "unassigned" and summary.assignee:
        return False
    return _says(summary, query.text)


def _says(summary: ly.Summary, text: str) -> bool:
    words = text.casefold().split()
    person = summary.requester
    where = f"{summary.number} {summary.title} {person.name} {person.email} {summary.mirror}"
    return all(word in where.casefold() for word in words)


async def find(deps: Deps, number: str) -> ly.Loaded:
    """A ticket, live or archived, with the board where its state stands on it. Raises NotFound."""
    desk = deps.desk_of(number)
    try:
        loaded = await store.load(deps.rows, desk.id, number)
    except NotFound:
        old = await archived(deps, desk, number)
        if old is None:
            raise
        return old
    column = desk.types[loaded.ticket.type].state(loaded.ticket.state).board
    if desk.third_line is None or column is None:
        return loaded
    board, etag = await store.load_board(deps.rows, desk.id)
    return replace(loaded, board=board, board_etag=etag)


async def board(deps: Deps, desk: Desk) -> tuple[Board, tuple[ly.Summary, ...]]:
    """The third-line board and the summaries of the tickets in its columns."""
    (found, _), rows = await asyncio.gather(
        store.load_board(deps.rows, desk.id),
        deps.rows.scan(desk.id, "open|", f"open{ly.END}", limit=LOOKED_AT),
    )
    columns = {
        (kind.id, state.id)
        for kind in desk.request_types
        for state in kind.states
        if state.board is not None
    }
    summaries = (ly.Summary.model_validate_json(row.body) for row in rows)
    return found, tuple(s for s in summaries if (s.type, s.state) in columns)


async def own_requests(deps: Deps, desk: Desk, email: str, limit: int = 50) -> list[ly.Loaded]:
    """A client's requests, newest first."""
    prefix = f"requester|{ly.digest(email)}"
    rows = await deps.rows.scan(desk.id, f"{prefix}|", f"{prefix}{ly.END}", limit=limit)
    numbers = [row.key.rpartition("|")[2] for row in rows]
    found = await asyncio.gather(*(find(deps, number) for number in numbers))
    return list(found)


async def undelivered(deps: Deps, desk: Desk) -> list[tuple[str, Outbox]]:
    """Rows with effects that failed at least once, or were given up: (row key, row)."""
    dead, waiting = await asyncio.gather(
        deps.rows.scan(desk.id, "dead|", f"dead{ly.END}", limit=LOOKED_AT),
        deps.rows.scan(desk.id, "outbox|", f"outbox{ly.END}", limit=LOOKED_AT),
    )
    boxes = [(row.key, Outbox.model_validate_json(row.body)) for row in (*dead, *waiting)]
    return [(key, box) for key, box in boxes if any(e.error for e in box.effects)]
