"""How much somebody writes: beyond a desk's cap, or always the same, it is a loop or a flood."""

from __future__ import annotations

import datetime as dt

from shared.domain.desk import Desk
from shared.domain.people import Frozen
from shared.ports import Put, Write
from shared.service import layout as ly
from shared.service.deps import Deps

HOUR = dt.timedelta(hours=1)
SAME_TEXT = 3  # how often somebody may say the same on one ticket within an hour


class Written(Frozen):
    """A mail that was taken in. `said` tells the ticket and the text, for follow-ups only."""

    at: dt.datetime
    message: str
    said: str = ""


class Habit(ly.Passing):
    """What one sender wrote within the last hour."""

    email: str
    written: tuple[Written, ...] = ()

    def others(self, mail: Written) -> list[Written]:
        """The mails around that one; the same mail, looked at twice, does not count itself."""
        return [w for w in self.written if w.at > mail.at - HOUR and w.message != mail.message]

    def objection(self, mail: Written, cap: int) -> str:
        """Why the mail should rather be looked at by people; '' when nothing speaks against it."""
        others = self.others(mail)
        if len(others) >= cap:
            return f"more than {cap} mails within an hour from this sender"
        same = sum(w.said == mail.said for w in others if mail.said)
        if same >= SAME_TEXT:
            return "the same answer again and again: this looks like two robots talking"
        return ""

    def with_mail(self, mail: Written) -> Write:
        """The row with that mail in it."""
        kept = (*self.others(mail), mail)
        return Put(ly.sender_key(self.email), ly.body(Habit(email=self.email, written=kept)))


async def habit(deps: Deps, desk: Desk, email: str) -> Habit:
    """What the sender wrote lately, as far as is known."""
    row = await deps.rows.get(desk.id, ly.sender_key(email))
    return Habit.model_validate_json(row.body) if row else Habit(email=email)


def said_on(number: str | None, text: str) -> str:
    """Tells an answer from another one; '' for mail that joins no ticket."""
    return ly.digest(f"{number}\0{' '.join(text.split())}") if number else ""
