"""One mail: kept whole, read, and judged; a person's goes on, a machine's ends here."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import re
from collections.abc import Awaitable, Callable

from shared.domain import commands as cm
from shared.domain.desk import Desk
from shared.domain.errors import Conflict, NotFound, Rejected, Unavailable, Unknown
from shared.domain.people import SYSTEM
from shared.mail_in.classify import Classification, Ours, Verdict, classify
from shared.mail_in.model import ParsedMail, UnparsableMail
from shared.mail_in.parse import parse_mail
from shared.ports import MailboxChange, Write
from shared.service import mail_ledger, mail_matching
from shared.service.handle import AlreadyDone, Order, handle
from shared.service.mail_filing import from_person
from shared.service.mail_ledger import Entry
from shared.service.mail_letter import Letter, blob_of, put_aside, quarantined
from shared.service.mail_room import MailRoom

type Turn = Callable[[ParsedMail], Awaitable[None]]
log = logging.getLogger(__name__)
_SIGNED = re.compile(rb"<docket\.[\x21-\x3b\x3d\x3f-\x7e]{1,200}>")
_SEARCHED = 500_000  # bytes of a bounce
UNREADABLE_FOR = dt.timedelta(days=1)  # then a mail that cannot be fetched is put aside
# Neither a person's request nor surely a machine's: people look at them.
FOR_PEOPLE = {
    Verdict.CALENDAR_REQUEST: "an invitation to a meeting",
    Verdict.NO_SENDER: "the mail names no sender",
}


async def take_in(room: MailRoom, desk: Desk, change: MailboxChange, turn: Turn) -> None:
    """Brings one mail to its end and writes that down. Doing it again changes nothing.

    `turn` is awaited between reading the mail and filing it.
    Raises Unavailable, Unknown or Conflict when it has to be tried again later.
    """
    raw, more = b"", list[Write]()
    try:
        raw = await room.deps.outside.reader.raw(desk.mail.address, change.id)
        entry, more = await _dealt_with(room, desk, change, raw, turn)
    except NotFound as error:
        if raw:
            entry = await put_aside(room, desk, change, raw, str(error))
        else:
            entry = _gone(change)
    except (Unavailable, Unknown, Conflict, Rejected) as error:
        is_old = room.deps.clock.now() - change.received_at >= UNREADABLE_FOR
        if not isinstance(error, Rejected) and (raw or not is_old):
            raise
        entry = await put_aside(room, desk, change, raw, f"could not be taken in: {error}")
    except Exception as error:  # one mail must never stop those behind it
        log.exception("mail could not be taken in", extra={"desk": desk.id})
        text = f"a mistake of ours: {type(error).__name__}"
        entry = await put_aside(room, desk, change, raw, text)
    await mail_ledger.conclude(room.deps, desk, entry, more)
    facts = {"desk": desk.id, "ticket": entry.number, "outcome": entry.outcome}
    log.info("mail dealt with", extra=facts)


def _gone(change: MailboxChange) -> Entry:
    update = {"outcome": "rejected", "reason": "deleted from the mailbox before it was read"}
    return mail_ledger.seen(change).model_copy(update=update)


async def _dealt_with(
    room: MailRoom, desk: Desk, change: MailboxChange, raw: bytes, turn: Turn
) -> tuple[Entry, list[Write]]:
    """What became of the mail, and rows that go with the ledger's."""
    blob = blob_of(desk, raw)
    await room.deps.blobs.put(blob, raw, "message/rfc822")
    try:
        mail = await asyncio.to_thread(parse_mail, raw)
    except UnparsableMail as error:
        return await put_aside(room, desk, change, raw, error.reason), []
    letter = Letter(room, desk, change, raw, blob, mail)
    judged = judge(letter)
    if judged.verdict is Verdict.PERSON:
        await turn(mail)
        return await from_person(letter)
    if judged.verdict in FOR_PEOPLE:
        return await quarantined(letter, FOR_PEOPLE[judged.verdict]), []
    number = await _note_bounce(letter, judged) if judged.verdict is Verdict.BOUNCE else ""
    reason = f"{judged.verdict.value.replace('_', ' ')}: {judged.reason}"
    return letter.ended("rejected", number, reason), []


def judge(letter: Letter) -> Classification:
    """Who wrote it, a person or a machine.

    Our own Message-IDs are told by their signature: people share the desk's domain.
    """
    own = letter.mail.message_id
    if own and mail_matching.signed_number(letter.room, (own,)):
        return Classification(Verdict.OWN_MAIL, "our own Message-ID")
    return classify(letter.mail, Ours(addresses=letter.room.own_addresses))


def _returned(raw: bytes) -> tuple[str, ...]:
    """What looks like our Message-IDs anywhere in a bounce.

    Servers return headers in many shapes, and Exchange may have given the mail another id: then
    the thread's own one still stands in the References. Only signed ones count in the end.
    """
    return tuple(found.decode() for found in _SIGNED.findall(raw[:_SEARCHED]))


async def _note_bounce(letter: Letter, judged: Classification) -> str:
    """A work note on the ticket whose mail came back; its number."""
    original = (judged.original_message_id,) if judged.original_message_id else ()
    number = mail_matching.signed_number(letter.room, (*_returned(letter.raw), *original))
    if number is None or letter.room.deps.desk_of(number) is not letter.desk:
        return ""
    people = ", ".join(judged.bounced_recipients[:10]) or "somebody"
    text = f"A mail to {people} came back undelivered ({judged.reason})."
    order = Order(number, (cm.DeliveryFailed(text=text),), SYSTEM, keys=letter.keys)
    try:
        await handle(letter.room.deps, order)
    except AlreadyDone:
        pass
    except NotFound:
        return ""
    return number
