"""Walks over everything that a desk holds, a page or a ticket at a time.

For operators' commands and the nightly backup only: nothing on a visitor's or the clock's way
reads all tickets.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from shared.domain.desk import Desk
from shared.ports import Delete, Row, Rows, Write
from shared.service import layout as ly
from shared.service.deps import Deps

PAGE = 500
_GROUP = 90  # writes of a transaction
_GROUP_UNITS = 1_500_000  # characters of their bodies, well below 4 MiB
LAST = "\x7e"  # sorts behind every key that layout makes


@dataclass(frozen=True)
class Kept:
    """All rows under one ticket, in order, and where they lie."""

    number: str
    partition: str
    rows: tuple[Row, ...]
    is_archived: bool


async def pages(
    rows: Rows, partition: str, low: str = "\x20", high: str = LAST, size: int = PAGE
) -> AsyncIterator[list[Row]]:
    """The rows of a range in pages; what changes meanwhile may or may not be seen."""
    while True:
        page = await rows.scan(partition, low, high, limit=size)
        if page:
            yield page
        if len(page) < size:
            return
        low = page[-1].key + "\x20"


async def live(rows: Rows, desk: str, *, after: str = "") -> AsyncIterator[Kept]:
    """The live tickets, each whole: the one that a page's end cuts is read again.

    `after`: only those that stand behind this number.
    """
    low, high = ly.ticket_range(after)[1] if after else "ticket|", f"ticket{ly.END}"
    while True:
        page = await rows.scan(desk, low, high, limit=PAGE)
        numbers = list(dict.fromkeys(number_of(row.key) for row in page))
        is_last = len(page) < PAGE
        for number in numbers if is_last else numbers[:-1]:
            yield _kept(desk, number, [r for r in page if number_of(r.key) == number])
        if is_last:
            return
        low = ly.ticket_range(numbers[-1])[0]
        if len(numbers) == 1:  # one ticket fills the page
            whole = await rows.scan(desk, *ly.ticket_range(numbers[0]))
            yield _kept(desk, numbers[0], whole)
            low = ly.ticket_range(numbers[0])[1]


async def archived(deps: Deps, desk: Desk) -> AsyncIterator[Kept]:
    """The archived tickets, by the month in which they ended."""
    async for month in months(deps, desk):
        async for page in pages(deps.archive, f"{desk.id}|{month}"):
            for index in page:
                kept = await archived_ticket(deps, desk, index.key)
                if _ended_in(kept, month):
                    yield kept


async def archived_ticket(deps: Deps, desk: Desk, number: str) -> Kept:
    """What the archive holds of a ticket; no rows when it holds nothing."""
    partition = f"{desk.id}|{number}"
    rows = await deps.archive.scan(partition, *ly.ticket_range(number))
    return Kept(number, partition, tuple(rows), is_archived=True)


def months_partition(desk: str) -> str:
    """Where the archive lists the months that it holds."""
    return f"{desk}|months"


async def months(deps: Deps, desk: Desk) -> AsyncIterator[str]:
    """The months of the archive, such as 2026-11."""
    async for page in pages(deps.archive, months_partition(desk.id)):
        for row in page:
            yield row.key


async def tickets(deps: Deps, desk: Desk) -> AsyncIterator[Kept]:
    """Every ticket once. One that is being archived just now lies in both: the live one counts."""
    async for kept in live(deps.rows, desk.id):
        yield kept
    async for kept in archived(deps, desk):
        if await deps.rows.get(desk.id, ly.state_key(kept.number)) is None:
            yield kept


def number_of(key: str) -> str:
    """The ticket of a row under `ticket|`."""
    return key.split("|")[1]


def events_of(kept: Kept) -> list[tuple[Row, ly.EventRow]]:
    """The history's rows with what they say. Raises ValidationError for a damaged one."""
    return [
        (row, ly.EventRow.model_validate_json(row.body))
        for row in kept.rows
        if row.key.split("|")[2] == "event"
    ]


def groups(writes: Iterable[Write]) -> Iterator[list[Write]]:
    """The writes in groups that fit a transaction each."""
    some: list[Write] = []
    size = 0
    for write in writes:
        length = 0 if isinstance(write, Delete) else len(write.body)
        if some and (len(some) == _GROUP or size + length > _GROUP_UNITS):
            yield some
            some, size = [], 0
        some.append(write)
        size += length
    if some:
        yield some


def _ended_in(kept: Kept, month: str) -> bool:
    """A ticket that was archived, moved on and was archived again stands in two months."""
    state = next((r for r in kept.rows if r.key == ly.state_key(kept.number)), None)
    try:
        ticket = ly.TicketRow.model_validate_json(state.body).ticket if state else None
    except ValidationError:
        return True
    return ticket is None or f"{ticket.facts.ended[-1].start:%Y-%m}" == month


def _kept(desk: str, number: str, rows: list[Row]) -> Kept:
    return Kept(number, desk, tuple(rows), is_archived=False)
