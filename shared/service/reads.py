"""Lists, searches, the board, what was not delivered: range reads of what they show."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import logging
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, replace

from pydantic import BaseModel, ValidationError

from shared.domain.board import Board
from shared.domain.desk import Desk
from shared.domain.effects import Outbox
from shared.domain.errors import Invalid, NotFound
from shared.domain.past import state_of
from shared.domain.searching import folded, words
from shared.ports import Row
from shared.service import layout as ly
from shared.service import store
from shared.service.deps import Deps
from shared.service.handle import archived

log = logging.getLogger(__name__)

VIEWS = ("open", "mine", "unassigned", "overdue", "closed", "all")
SORTS = ("severity", "newest")  # besides the index's own order
LOOKED_AT = 1000  # rows that one filtered request may look at; its cursor goes on from there


@dataclass(frozen=True)
class Query:
    """What to list. Empty filters match everything; `me` is for the view `mine`.

    `sort`: '' for the index's order (open ones by due time, ended ones latest first), or of SORTS.
    """

    view: str = "open"
    state: str = ""
    type: str = ""
    severity: str = ""
    assignee: str = ""
    requester: str = ""
    text: str = ""
    me: str = ""
    sort: str = ""
    limit: int = 50
    cursor: str = ""


@dataclass(frozen=True)
class Page:
    """Summaries, and where the next page begins ('' at the end).

    `is_part`: they were sorted among as many rows as a request may look at, and there are more.
    """

    tickets: tuple[ly.Summary, ...]
    cursor: str
    is_part: bool = False


async def tickets(deps: Deps, desk: Desk, query: Query) -> Page:
    """One page of a view. Raises Invalid naming the wrong parameter.

    A page is full unless it is the last, or its filters fit few of the rows that a request reads.
    """
    _check(desk, query)
    if query.sort:
        return await _sorted(deps, desk, query)
    ranges = _ranges_from(query.cursor, _ranges(query, deps.clock.now()))
    found: list[tuple[str, ly.Summary]] = []
    looked = 0
    async for rows in _read(deps, desk, ranges, max(query.limit * 2, 100)):
        summaries = readable(rows, ly.Summary)
        found += [(key, summary) for key, summary in summaries if _fits(query, summary)]
        if len(found) > query.limit:
            return _page(found[: query.limit], after=found[query.limit - 1][0])
        looked += len(rows)
        if looked >= LOOKED_AT:
            return _page(found, after=rows[-1].key)
    return _page(found)


async def _read(
    deps: Deps, desk: Desk, ranges: list[tuple[str, str]], step: int
) -> AsyncIterator[list[Row]]:
    """The rows of the ranges, `step` at a time."""
    for low, high in ranges:
        rows = await deps.rows.scan(desk.id, low, high, limit=step)
        while rows:
            yield rows
            more = len(rows) == step
            rows = (
                await deps.rows.scan(desk.id, _behind(rows[-1].key), high, limit=step)
                if more
                else []
            )


async def _sorted(deps: Deps, desk: Desk, query: Query) -> Page:
    """A page in another order than the index's. Its cursor counts the tickets before it, so one
    that comes or goes meanwhile may be shown twice or left out."""
    start = _start(query.cursor)
    rows: list[Row] = []
    async for some in _read(deps, desk, _ranges(query, deps.clock.now()), LOOKED_AT):
        rows += some
        if len(rows) >= LOOKED_AT:
            break
    found = [summary for _, summary in readable(rows, ly.Summary) if _fits(query, summary)]
    if query.sort == "newest":
        found.sort(key=lambda summary: summary.created_at, reverse=True)
    else:
        rank = {severity: place for place, severity in enumerate(desk.severity_by_id)}
        found.sort(key=lambda summary: rank.get(summary.severity, len(rank)))
    end = start + query.limit
    cursor = _cursor(str(end)) if end < len(found) else ""
    return Page(tuple(found[start:end]), cursor, is_part=len(rows) >= LOOKED_AT)


def _page(found: list[tuple[str, ly.Summary]], after: str = "") -> Page:
    return Page(tuple(summary for _, summary in found), _cursor(after) if after else "")


def _check(desk: Desk, query: Query) -> None:
    states = {state.id: None for kind in desk.request_types for state in kind.states}
    for field, value, known in (
        ("view", query.view, VIEWS),
        ("state", query.state, states),
        ("type", query.type, desk.types),
        ("severity", query.severity, desk.severity_by_id),
        ("sort", query.sort, SORTS),
    ):
        if value and value not in known:
            raise Invalid.of(field, f"use one of {', '.join(known)}")
    if not 1 <= query.limit <= 200:
        raise Invalid.of("limit", "give a number from 1 to 200")


def _ranges(query: Query, now: dt.datetime) -> list[tuple[str, str]]:
    """The index rows of a view: open ones most urgent first, ended ones latest first."""
    closed = ("closed|", f"closed{ly.END}")
    if query.view == "overdue":
        return [("open|", f"open|{ly.stamp(now)}")]
    if query.view == "closed":
        return [closed]
    return [("open|", f"open{ly.END}"), *([closed] if query.view == "all" else [])]


def _cursor(key: str) -> str:
    return base64.urlsafe_b64encode(key.encode()).decode()


def _key(cursor: str) -> str:
    try:
        return base64.urlsafe_b64decode(cursor.encode()).decode()
    except ValueError as error:
        raise Invalid.of("cursor", "use the cursor of the page before") from error


def _start(cursor: str) -> int:
    """How many tickets of a sorted view the pages before have shown."""
    text = _key(cursor) or "0"
    if not (text.isdecimal() and len(text) <= len(str(LOOKED_AT))):
        raise Invalid.of("cursor", "this cursor belongs to another order")
    return int(text)


def _behind(key: str) -> str:
    """The first key that sorts behind this one."""
    return key + "\x20"


def _ranges_from(cursor: str, ranges: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What is left of the ranges behind the cursor. Raises Invalid for one of another view."""
    if not cursor:
        return ranges
    key = _key(cursor)
    for place, (low, high) in enumerate(ranges):
        if low <= key < high:
            return [(_behind(key), high), *ranges[place + 1 :]]
    raise Invalid.of("cursor", "this cursor belongs to another view")


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
    wanted = words(text)
    if not wanted:
        return True
    person = summary.requester
    named = f"{summary.number} {summary.title} {person.name} {person.email} {summary.mirror}"
    where = f"{folded(named)} {summary.words}"
    return all(word in where for word in wanted)


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
    state = state_of(desk, loaded.ticket.type, loaded.ticket.state)
    if desk.third_line is None or state is None or state.board is None:
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
    summaries = readable(rows, ly.Summary)
    return found, tuple(s for _, s in summaries if (s.type, s.state) in columns)


async def own_requests(deps: Deps, desk: Desk, email: str, limit: int = 50) -> list[ly.Loaded]:
    """A client's requests, newest first."""
    prefix = f"requester|{ly.digest(email)}"
    rows = await deps.rows.scan(desk.id, f"{prefix}|", f"{prefix}{ly.END}", limit=limit)
    numbers = [row.key.rpartition("|")[2] for row in rows]
    found = await asyncio.gather(*(find(deps, number) for number in numbers))
    return list(found)


async def undelivered(deps: Deps, desk: Desk) -> list[tuple[str, Outbox]]:
    """Rows with effects that failed at least once, or were given up: (row key, row).

    One that cannot be read is logged and left out here; the timers fail on it until it is mended.
    """
    dead, waiting = await asyncio.gather(
        deps.rows.scan(desk.id, "dead|", f"dead{ly.END}", limit=LOOKED_AT),
        deps.rows.scan(desk.id, "outbox|", f"outbox{ly.END}", limit=LOOKED_AT),
    )
    boxes = readable((*dead, *waiting), Outbox)
    return [(key, box) for key, box in boxes if any(e.error for e in box.effects)]


def readable[T: BaseModel](rows: Iterable[Row], model: type[T]) -> list[tuple[str, T]]:
    """What the rows hold, with their keys; one that cannot be read is logged and hides no other."""
    found: list[tuple[str, T]] = []
    for row in rows:
        try:
            found.append((row.key, model.model_validate_json(row.body)))
        except ValidationError:
            extra = {"row": row.key, "failure": "ValidationError"}
            log.error("a row cannot be read", extra=extra)  # noqa: TRY400
    return found
