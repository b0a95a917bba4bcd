"""The day's balance: every mail in the mailbox is a ticket, a follow-up, rejected or put aside."""

from __future__ import annotations

import datetime as dt
import logging

from shared.domain.desk import Desk
from shared.ports import MailboxChange
from shared.service import mail_ledger
from shared.service.mail_ledger import Day
from shared.service.mail_room import MailRoom
from shared.service.mailbox import take_all

log = logging.getLogger(__name__)
_PAGES = 200


async def reconcile(room: MailRoom, desk: Desk, date: dt.date) -> Day:
    """Reads the mailbox from the start of what it shows and takes in what was never seen.

    A mail that nobody saw, or that did not come to its end, is an error for people to look at; so
    is a day that could not be compared, whose failure is raised.
    """
    facts: dict[str, object] = {"desk": desk.id, "date": date.isoformat()}
    try:
        missed = await take_all(room, desk, await _held(room, desk, date))
        day = await mail_ledger.day(room.deps, desk, date)
    except Exception:
        log.error("the day's mails did not balance", extra=facts)  # noqa: TRY400  # the caller's
        raise
    facts["mails"] = len(day.entries)
    if missed or not day.is_balanced:
        extra = facts | {"missed": missed, "pending": day.count("pending")}
        log.error("the day's mails did not balance", extra=extra)
    else:
        log.info("the day's mails balance", extra=facts)
    return day


async def _held(room: MailRoom, desk: Desk, date: dt.date) -> list[MailboxChange]:
    """The mails of that day (UTC) that the inbox holds, as far as a fresh reading shows them."""
    cursor, more, found = "", True, list[MailboxChange]()
    for _ in range(_PAGES):
        arrived, cursor, more = await room.deps.outside.reader.changes(desk.mail.address, cursor)
        found += [c for c in arrived if c.received_at.astimezone(dt.UTC).date() == date]
        if not more:
            break
    return found
