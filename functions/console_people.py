"""People around a ticket: who reads it, who will read an answer, who can be mentioned."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from functions.console_history import person
from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.effects import MailOwed
from shared.domain.notices import owed
from shared.domain.people import Actor
from shared.domain.rules.timing import readers
from shared.domain.ticket import Ticket
from shared.service.layout import Seen

LOOKING = dt.timedelta(minutes=2)


@dataclass(frozen=True)
class Reader:
    """A member who has read the ticket, or (`at` is None) is expected to."""

    email: str
    name: str
    at: dt.datetime | None


@dataclass(frozen=True)
class Mentionable:
    """Somebody who can be mentioned: what is written after the @, and who that is."""

    handle: str
    name: str
    hint: str


def read_by(desk: Desk, seen: tuple[Seen, ...]) -> list[Reader]:
    """Those who read it, latest first, then those who are expected to and have not."""
    at = {s.email: s.at for s in seen}
    done = [Reader(email, person(desk, email), when) for email, when in at.items()]
    done.sort(key=lambda reader: (reader.at is not None, reader.at), reverse=True)
    waiting = [Reader(e, person(desk, e), None) for e in readers(desk) if e not in at]
    return done + waiting


def looking(desk: Desk, seen: tuple[Seen, ...], me: str, now: dt.datetime) -> list[str]:
    """Names of others who had the page open just now."""
    others = (s for s in seen if s.email != me and now - s.at <= LOOKING)
    return sorted(person(desk, s.email) for s in others)


@dataclass(frozen=True)
class Audience:
    """Who gets a public reply by mail: clients, and members who follow."""

    clients: tuple[str, ...]
    members: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many people that are."""
        return len(self.clients) + len(self.members)


def audience(desk: Desk, ticket: Ticket, actor: Actor, now: dt.datetime) -> Audience:
    """Whom the desk's notices would tell of a reply by this person now."""
    by = ev.By.actor(actor)
    said = ev.Recorded(seq=ticket.version + 1, at=now, by=by, event=ev.Replied(text="."))
    mails = [e for e in owed(desk, ticket, ticket, [said]) if isinstance(e, MailOwed)]
    clients = [m.to.label for m in mails if m.audience == "client"]
    members = [m.to.label for m in mails if m.audience == "staff"]
    return Audience(tuple(dict.fromkeys(clients)), tuple(dict.fromkeys(members)))


def mentionable(desk: Desk, ticket: Ticket) -> list[Mentionable]:
    """Members by the name in their address where that is theirs alone, clients by address."""
    names = [member.email.partition("@")[0] for member in desk.people]
    found = []
    for member, name in zip(desk.people, names, strict=True):
        handle = name if names.count(name) == 1 else member.email
        roles = ", ".join(sorted(role.value.replace("_", " ") for role in member.roles))
        found.append(Mentionable(handle, member.name, roles))
    clients = sorted(ticket.participants - set(desk.member_by_email))
    return found + [Mentionable(email, email, "client") for email in clients]
