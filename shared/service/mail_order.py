"""Mails side by side, but an answer after what it answers, and each sender's in their order."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from shared.mail_in.model import ParsedMail


@dataclass
class _Place:
    read: asyncio.Event = field(default_factory=asyncio.Event)
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    mail: ParsedMail | None = None


class Side:
    """A handful of mails, oldest first, that are taken in at the same time."""

    def __init__(self, count: int) -> None:
        self._places = [_Place() for _ in range(count)]

    async def turn(self, index: int, mail: ParsedMail) -> None:
        """Waits until the mail may be filed: those before it that matter to it have ended."""
        mine = self._places[index]
        mine.mail = mail
        mine.read.set()
        for other in self._places[:index]:
            await other.read.wait()
            if other.mail is not None and _matters(other.mail, mail):
                await other.ended.wait()

    def ends(self, index: int) -> None:
        """The mail has come to its end, or will be tried again later."""
        self._places[index].read.set()
        self._places[index].ended.set()


def _matters(earlier: ParsedMail, mail: ParsedMail) -> bool:
    if earlier.key == mail.key or earlier.sender == mail.sender:
        return True
    return earlier.message_id in (*mail.in_reply_to, *mail.references)
