"""A mail on its way into a desk, and the place for those that people have to look at."""

from __future__ import annotations

from dataclasses import dataclass

from shared.domain.desk import Desk
from shared.mail_in.model import ParsedMail
from shared.ports import MailboxChange
from shared.service import mail_ledger, quarantine
from shared.service.mail_ledger import Entry, Outcome
from shared.service.mail_room import MailRoom
from shared.service.quarantine import Kept


@dataclass(frozen=True)
class Letter:
    """A mail that is being taken in."""

    room: MailRoom
    desk: Desk
    change: MailboxChange
    raw: bytes
    blob: str
    mail: ParsedMail

    @property
    def keys(self) -> tuple[tuple[str, str], ...]:
        """What makes a redelivery of the mail be recognised."""
        return (("mail", self.mail.key),)

    @property
    def sender(self) -> str:
        """The sender's address ('' when there is none)."""
        return self.mail.sender.email if self.mail.sender else ""

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


async def put_aside(
    room: MailRoom, desk: Desk, change: MailboxChange, raw: bytes, reason: str
) -> Entry:
    """Into the quarantine, and its entry; a mail that could not be fetched leaves its ids there."""
    whole = raw or f"Graph id {change.id}\nMessage-ID {change.internet_message_id}\n".encode()
    kept = Kept(source="mail", at=room.deps.clock.now(), reason=reason[:500])
    await quarantine.keep(room.deps, desk, kept, whole)
    update = {"outcome": "quarantined", "reason": reason[:500]}
    return mail_ledger.seen(change).model_copy(update=update)


async def quarantined(letter: Letter, reason: str) -> Entry:
    """The whole mail into the quarantine; its entry."""
    await put_aside(letter.room, letter.desk, letter.change, letter.raw, reason)
    return letter.ended("quarantined", reason=reason)
