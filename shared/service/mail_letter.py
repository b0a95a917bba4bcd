"""A mail on its way into a desk, and the place for those that people have to look at."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from shared.domain.desk import Desk
from shared.domain.people import normal_address
from shared.mail_in.model import Address, ParsedMail
from shared.ports import MailboxChange
from shared.service import mail_ledger, quarantine
from shared.service.mail_ledger import Entry, Outcome
from shared.service.mail_room import MailRoom
from shared.service.quarantine import Kept


@dataclass(frozen=True)
class Letter:
    """A mail that is being taken in.

    `was_kept`: it lies in the quarantine, and a member wants it in; `answer_to` is then whom that
    member named in the place of a sender who cannot be answered.
    """

    room: MailRoom
    desk: Desk
    change: MailboxChange
    raw: bytes
    blob: str
    mail: ParsedMail
    was_kept: bool = False
    answer_to: Address | None = None

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """What makes a redelivery of the mail be recognised."""
        return (("mail", self.mail.key),)

    @property
    def writer(self) -> Address | None:
        """Who wrote it, as far as is known."""
        return self.answer_to or self.mail.sender

    @property
    def sender(self) -> str:
        """The writer's address ('' when there is none)."""
        return self.writer.email if self.writer else ""

    @property
    def entry(self) -> Entry:
        """The mail in the ledger, as far as is known before it is dealt with."""
        entry = mail_ledger.seen(self.change)
        subject = self.mail.subject[:200]
        return entry.model_copy(
            update={"raw": self.blob, "sender": self.sender, "subject": subject}
        )

    def ended(self, outcome: Outcome, number: str = "", reason: str = "") -> Entry:
        """The mail in the ledger, dealt with."""
        update = {"outcome": outcome, "number": number, "reason": reason[:500]}
        return self.entry.model_copy(update=update)


def unanswerable(email: str) -> str:
    """Why nothing can be sent to that address, in words; '' when it is a usual one."""
    try:
        normal_address(email)
    except ValueError:
        return (
            f"the sender's address {email} cannot be answered: Docket writes only to addresses of"
            " plain letters (a-z), digits and the usual signs, such as name@example.org"
        )
    return ""


def blob_of(desk: Desk, raw: bytes) -> str:
    """Where the whole mail is kept; the same mail is kept once."""
    return f"mail/{desk.id}/{hashlib.sha256(raw).hexdigest()}"


async def put_aside(
    room: MailRoom, desk: Desk, change: MailboxChange, raw: bytes, reason: str
) -> Entry:
    """Into the quarantine, and its entry; a mail that could not be fetched leaves its ids there."""
    whole = raw or f"Graph id {change.id}\nMessage-ID {change.internet_message_id}\n".encode()
    row = mail_ledger.seen(change).key
    kept = Kept(source="mail", at=room.deps.clock.now(), reason=reason[:500], ledger=row)
    await quarantine.keep(room.deps, desk, kept, whole)
    update = {"outcome": "quarantined", "reason": reason[:500]}
    update |= {"raw": blob_of(desk, raw)} if raw else {}
    return mail_ledger.seen(change).model_copy(update=update)


async def quarantined(letter: Letter, reason: str) -> Entry:
    """The whole mail into the quarantine, unless it lies there already; its entry."""
    if not letter.was_kept:
        await put_aside(letter.room, letter.desk, letter.change, letter.raw, reason)
    return letter.ended("quarantined", reason=reason)
