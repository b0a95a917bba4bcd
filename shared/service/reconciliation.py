"""The day's balance: every mail in the mailbox is a ticket, a follow-up, rejected or put aside."""

from __future__ import annotations

import datetime as dt
import logging

from shared.domain.desk import Desk
from shared.domain.errors import DocketError
from shared.ports import MailboxChange
from shared.service import mail_ledger
from shared.service.mail_ledger import Day
from shared.service.mail_room import MailRoom
from shared.service.mailbox import take_all

log = logging.getLogger(__name__)
_PAGES = 200


async def reconcile_all(room: MailRoom, date: dt.date) -> None:
    """Every desk's day; trouble with one mailbox does not keep the others from it."""
    for desk in room.deps.desks.values():
        try:
            await reconcile(room, desk, date)
            await mail_ledger.forget_old(room.deps, desk)
        except DocketError as error:
            facts = {"desk": desk.id, "failure": type(error).__name__}
            log.error("the day's mails could not be compared", extra=facts)  # noqa: TRY400


async def reconcile(room: MailRoom, desk: Desk, date: dt.date) -> Day:
    """Reads the mailbox from the start of what it shows and takes in what was never seen.

    A mail that nobody saw, or that did not come to its end, is an error for people to look at.
    """
    missed = await take_all(room, desk, await _held(room, desk, date))
    day = await mail_ledger.day(room.deps, desk, date)
    facts = {"desk": desk.id, "date": date.isoformat(), "mails": len(day.entries)}
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
