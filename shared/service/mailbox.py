"""Looks at a desk's mailbox: what arrived since the cursor is taken in, then the cursor moves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from functools import partial

from shared import telemetry
from shared.domain.desk import Desk
from shared.domain.errors import Conflict, DocketError, Unavailable
from shared.domain.people import Frozen
from shared.ports import Insert, MailboxChange, Replace, Row, Write
from shared.service import layout as ly
from shared.service import mail_ledger
from shared.service.mail_intake import take_in
from shared.service.mail_order import Side
from shared.service.mail_room import MailRoom

log = logging.getLogger(__name__)
AT_ONCE = 4  # what Graph allows for one mailbox at the same time
PAGES = 20  # that one look takes up; the next one goes on
_FAILURES = 3  # after so many in one page the mailbox or the storage is away


class Cursor(Frozen):
    """How far the mailbox has been read, in the vendor's own words."""

    text: str


async def look_at_all(room: MailRoom) -> int:
    """Looks at every desk's mailbox; how many new mails there were.

    Trouble with one mailbox does not keep the others waiting.
    """
    desks = list(room.deps.desks.values())
    results = await asyncio.gather(*(look(room, d) for d in desks), return_exceptions=True)
    for desk, result in zip(desks, results, strict=True):
        if isinstance(result, DocketError):
            extra = {"desk": desk.id, "failure": type(result).__name__}
            log.warning("mailbox could not be read", extra=extra)
        elif isinstance(result, BaseException):
            raise result
    return sum(result for result in results if isinstance(result, int))


async def look(room: MailRoom, desk: Desk) -> int:
    """Takes in what is new; how many mails. Raises Unavailable when not all of it could be."""
    return await room.turns.take(desk.id, lambda: _look(room, desk))


async def _look(room: MailRoom, desk: Desk) -> int:
    taken = 0
    rows, reader = room.deps.rows, room.deps.outside.reader
    row = await rows.get(desk.id, ly.MAIL_CURSOR)
    for _ in range(PAGES):
        cursor = Cursor.model_validate_json(row.body).text if row else ""
        arrived, following, more = await reader.changes(desk.mail.address, cursor)
        taken += await take_all(room, desk, arrived)
        row = await _moved(room, desk, row, following)
        if row is None or not more:
            break
    return taken


async def take_all(room: MailRoom, desk: Desk, arrived: Sequence[MailboxChange]) -> int:
    """Brings each mail to its end, oldest first; how many were not there before.

    Raises Unavailable when one could not be, after the others had their turn.
    """
    if not arrived:
        return 0
    entries = await mail_ledger.note_seen(room.deps, desk, arrived)
    waiting: dict[str, MailboxChange] = {}
    for change in sorted(arrived, key=lambda change: change.received_at):
        waiting.setdefault(mail_ledger.seen(change).key, change)
    todo = [c for key, c in waiting.items() if entries[key].outcome == "pending"]
    failures: list[DocketError] = []
    for start in range(0, len(todo), AT_ONCE):
        failures += await _side_by_side(room, desk, todo[start : start + AT_ONCE])
        if len(failures) >= _FAILURES:
            break
    if failures:
        raise Unavailable(f"{len(failures)} mails could not be taken in yet") from failures[0]
    return len(todo)


async def _side_by_side(
    room: MailRoom, desk: Desk, changes: Sequence[MailboxChange]
) -> list[DocketError]:
    """Takes in some mails at the same time; what kept them from it, if anything."""
    side = Side(len(changes))
    failures: list[DocketError] = []

    async def one(index: int, change: MailboxChange) -> None:
        try:
            with telemetry.traced(telemetry.arriving("")):
                await take_in(room, desk, change, partial(side.turn, index))
        except DocketError as error:
            failures.append(error)
        finally:
            side.ends(index)

    async with asyncio.TaskGroup() as group:
        for index, change in enumerate(changes):
            group.create_task(one(index, change))
    return failures


async def _moved(room: MailRoom, desk: Desk, row: Row | None, text: str) -> Row | None:
    """The cursor behind these mails; None when another poller has moved it meanwhile."""
    body = ly.body(Cursor(text=text))
    if row is not None and row.body == body:
        return row
    write: Write = Replace(ly.MAIL_CURSOR, body, row.etag) if row else Insert(ly.MAIL_CURSOR, body)
    try:
        [etag] = await room.deps.rows.commit(desk.id, [write])
    except Conflict:
        return None
    return Row(ly.MAIL_CURSOR, body, etag)
