"""Who hears of what: from events to the effects that a commit owes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.domain import effects as ef
from shared.domain import events as ev
from shared.domain.desk import Desk, Notice
from shared.domain.flow import Category, Trigger
from shared.domain.item_effects import items_owed
from shared.domain.past import state_of
from shared.domain.people import Person, Role
from shared.domain.policy import Watch
from shared.domain.ticket import Ticket

OCCASIONS = {
    "opened": "a request came in",
    "replied": "the desk wrote to the clients",
    "client_replied": "a client wrote",
    "mentioned": "a member was mentioned in a reply or work note",
    "assigned": "the ticket was assigned",
    "resolved": "the ticket was resolved",
    "closed": "the ticket was closed",
    "item_done": "the work item is done, so the ticket goes on here",
    "item_alert": "a finished work item is open again, or all were removed or deleted",
    "reopened": "the ticket was reopened",
    "not_our_problem": "triage decided: not our problem",
    "bug_or_feature": "triage decided: a bug or a feature request",
    "proceed": "triage decided: it proceeds",
    "escalated": "a rung of the ladder, or a reminder",
    "merged": "the ticket goes on as another one",
}


@dataclass(frozen=True)
class Happening:
    """An occasion with the event behind it."""

    occasion: str
    recorded: ev.Recorded


def occasions(
    desk: Desk, before: Ticket | None, happened: Sequence[ev.Recorded]
) -> list[Happening]:
    """What the events of one command mean to people, in their order."""
    found: list[Happening] = []
    type_id = before.type if before else ""
    for recorded in happened:
        event = recorded.event
        if isinstance(event, ev.Opened | ev.TypeSet):
            type_id = event.type if isinstance(event, ev.Opened) else event.to
        found.extend(Happening(name, recorded) for name in _names(desk, type_id, event))
    return found


def _names(desk: Desk, type_id: str, event: ev.Event) -> Iterator[str]:
    if isinstance(event, ev.Opened):
        yield "opened"
    elif isinstance(event, ev.Replied):
        yield "client_replied" if event.by_client else "replied"
    elif isinstance(event, ev.Moved):
        yield from _movement(desk, type_id, event)
    elif isinstance(event, ev.Decided):
        yield event.decision.value
    elif isinstance(event, ev.Assigned) and event.assignee:
        yield "assigned"
    elif isinstance(event, ev.Escalated):
        yield "escalated"
    elif isinstance(event, ev.Merged):
        yield "merged"
    elif isinstance(event, ev.ItemChanged) and event.alert:
        yield "item_alert"
    if isinstance(event, ev.Replied | ev.Noted) and event.mentions:
        yield "mentioned"


def _movement(desk: Desk, type_id: str, event: ev.Moved) -> Iterator[str]:
    if event.cause == Trigger.MERGED:
        return  # that it goes on elsewhere says more
    was, now = state_of(desk, type_id, event.frm), state_of(desk, type_id, event.to)
    if now is None:
        return
    if event.cause == Trigger.ITEM_DONE and not now.has_ended:
        yield "item_done"
    if now.category is Category.RESOLVED:
        yield "resolved"
    elif now.category is Category.CLOSED:
        yield "closed"
    elif was is not None and was.has_ended:
        yield "reopened"


def owed(
    desk: Desk, before: Ticket | None, ticket: Ticket, happened: Sequence[ev.Recorded]
) -> tuple[ef.Effect, ...]:
    """The effects that these events call for, items first since mails may wait for them.

    One person gets one mail a command and audience: the first of the desk's notices that fits.
    Escalations are apart: one for all of them, since the rungs say which one speaks; and the
    reminder to read, which is about the person and not about the ticket.
    """
    found: list[ef.Effect] = list(items_owed(desk, ticket, happened))
    mirror = 0 if found and isinstance(found[0], ef.ItemOwed) and found[0].plan is None else None
    told: set[tuple[str, str, str]] = set()
    by_client = any(_from_client(recorded.event) for recorded in happened)
    happenings = occasions(desk, before, happened)
    for notice in desk.notices:
        for what in happenings:
            if notice.on != what.occasion or (notice.types and ticket.type not in notice.types):
                continue
            for person in _receivers(desk, ticket, notice, what.recorded):
                once = (person.email, notice.audience, _matter(desk, what.recorded.event))
                if once not in told:
                    told.add(once)
                    found.append(
                        _mail(
                            desk, ticket, notice, person, what.recorded, mirror, by_client=by_client
                        )
                    )
    found.extend(_chats(desk, ticket, happened))
    found.extend(_builds(happened))
    return tuple(found)


def _from_client(event: ev.Event) -> bool:
    return isinstance(event, ev.Opened) or (isinstance(event, ev.Replied) and event.by_client)


def _matter(desk: Desk, event: ev.Event) -> str:
    """Whether somebody did something, the clock speaks, or a person is reminded to read."""
    if not isinstance(event, ev.Escalated):
        return ""
    reminders = {reminder.id: reminder.watch for reminder in desk.reminders}
    return "reading" if reminders.get(event.step) is Watch.UNREAD else "clock"


def _mail(
    desk: Desk,
    ticket: Ticket,
    notice: Notice,
    person: Person,
    recorded: ev.Recorded,
    mirror: int | None,
    *,
    by_client: bool,
) -> ef.MailOwed:
    to_members: ef.Bound = "either" if by_client else "inside"
    patience = desk.backlog.mirror.wait if desk.backlog and desk.backlog.mirror else dt.timedelta()
    return ef.MailOwed(
        seq=recorded.seq,
        notice=notice.id,
        to=person,
        audience=notice.audience,
        bound="client" if notice.audience == "client" else to_members,
        language=ticket.language if notice.audience == "client" else "en",
        after=mirror,
        wait_until=recorded.at + patience if mirror is not None else None,
    )


def _receivers(
    desk: Desk, ticket: Ticket, notice: Notice, recorded: ev.Recorded
) -> Iterator[Person]:
    event = recorded.event
    wanted = escalated_to(desk, ticket, event) if isinstance(event, ev.Escalated) else notice.to
    for receiver in wanted:
        for person in resolve(desk, ticket, receiver, event):
            is_member = person.email in desk.member_by_email
            if notice.audience == "staff" and not is_member:
                continue
            if notice.audience == "client" and is_member and person != ticket.requester:
                continue
            if person.email == recorded.by.email and not isinstance(event, ev.Opened):
                continue
            yield person


def escalated_to(desk: Desk, ticket: Ticket, event: ev.Escalated) -> tuple[str, ...]:
    """Whom a rung reaches: those it names, else the lead, so that it is not said to nobody."""
    if not event.to:
        return ()
    reached = any(True for receiver in event.to for _ in resolve(desk, ticket, receiver, event))
    return event.to if reached or event.channel else (f"role:{Role.LEAD}",)


def resolve(desk: Desk, ticket: Ticket, receiver: str, event: ev.Event | None) -> Iterator[Person]:
    """The people behind a receiver's name (`role:lead`, `requester`, ...)."""
    word, _, rest = receiver.partition(":")
    if word == "role":
        yield from (_person(desk, m.email) for m in desk.members_with(Role(rest)))
    elif word == "person":
        yield _person(desk, rest)
    elif word == "requester":
        yield ticket.requester
    elif word == "submitted_by" and ticket.submitted_by:
        yield ticket.submitted_by
    elif word == "watchers":
        yield from (_person(desk, email) for email in ticket.watchers)
    elif word == "assignee" and ticket.assignee:
        yield _person(desk, ticket.assignee)
    elif word == "mentioned" and isinstance(event, ev.Replied | ev.Noted):
        yield from (_person(desk, email) for email in event.mentions)


def _person(desk: Desk, email: str) -> Person:
    member = desk.member_by_email.get(email)
    return Person(email=email, name=member.name if member else "")


def _builds(happened: Sequence[ev.Recorded]) -> Iterator[ef.BuildOwed]:
    for recorded in happened:
        if isinstance(recorded.event, ev.BuildAsked):
            yield ef.BuildOwed(seq=recorded.seq, job=recorded.event.job)


def _chats(desk: Desk, ticket: Ticket, happened: Sequence[ev.Recorded]) -> Iterator[ef.ChatOwed]:
    for recorded in happened:
        event = recorded.event
        if isinstance(event, ev.TeamAsked):
            yield ef.ChatOwed(seq=recorded.seq, occasion="team_asked", channel=event.channel)
        elif isinstance(event, ev.Decided) and ticket.triage.asked_at and ticket.triage.channel:
            yield ef.ChatOwed(
                seq=recorded.seq,
                occasion="decided",
                channel=ticket.triage.channel,
                in_thread=True,
            )
        elif isinstance(event, ev.Escalated) and event.channel:
            yield ef.ChatOwed(seq=recorded.seq, occasion="escalated", channel=event.channel)
