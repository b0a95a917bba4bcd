"""What the clock does: escalation steps and reminders, each once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.business_calendar import BusinessCalendar
from shared.domain.desk import Desk
from shared.domain.flow import Category, State, Trigger
from shared.domain.people import Role
from shared.domain.policy import EscalationStep, Reminder, Watch
from shared.domain.rules.case import Case, Events, follow
from shared.domain.sla import Clock, calendar_of, clocks, policy_version, ticket_calendar
from shared.domain.ticket import Span, Ticket

# A sweep that comes a little late still speaks at once, even just after closing time.
GRACE = dt.timedelta(minutes=5)
READERS = frozenset({Role.LEAD, Role.STAFF, Role.SCRUM_MASTER, Role.DEVELOPER, Role.PRODUCT_OWNER})


@dataclass(frozen=True)
class Moment:
    """Something to do for a ticket at a time. `fired` names it for good."""

    at: dt.datetime
    fired: str
    calendar: BusinessCalendar | None
    step: EscalationStep | Reminder
    clock: Clock | None = None


def _state(desk: Desk, ticket: Ticket) -> State:
    return desk.types[ticket.type].state(ticket.state)


def _clock_moments(desk: Desk, ticket: Ticket, now: dt.datetime) -> Iterator[Moment]:
    calendar = calendar_of(desk, ticket_calendar(desk, ticket))
    facts = ticket.facts
    stops = [(s.start, s.end) for s in (*facts.pauses, *facts.ended)]
    for clock in clocks(desk, ticket, now):
        if not clock.is_open or clock.due_at is None:
            continue
        for step in desk.escalations:
            if step.clock is not clock.clock:
                continue
            if step.severities and ticket.severity not in step.severities:
                continue
            share = clock.target * (step.at_percent or 100) / 100 + (step.after or dt.timedelta())
            when = calendar.due(
                clock.started_at, share, stops if clock.clock.value == "resolution" else []
            )
            if when is not None:
                cycle = f"{step.id}:{ticket.severity}:{facts.reopened}"
                if clock.clock.value == "next_reply":
                    cycle += f":{clock.started_at:%Y%m%dT%H%M%S}"
                yield Moment(when, cycle, calendar, step, clock)


def _open_span(spans: tuple[Span, ...]) -> Span | None:
    return spans[-1] if spans and spans[-1].end is None else None


def _starting(desk: Desk, ticket: Ticket, watch: Watch) -> tuple[dt.datetime, str] | None:
    """From when a reminder counts, and what tells one round from the next."""
    state = _state(desk, ticket)
    resolved = _open_span(ticket.facts.ended)
    if watch is Watch.AUTO_CLOSE:
        if resolved is None or state.category is not Category.RESOLVED:
            return None
        return resolved.start, str(ticket.facts.reopened)
    if state.has_ended:
        return None
    if watch is Watch.UNASSIGNED:
        return None if ticket.assignee else (ticket.created_at, "")
    if watch is Watch.UNREAD:
        asked = ticket.triage.asked_at
        return None if asked is None or ticket.triage.decision else (asked, "")
    touched = ticket.facts.touched_at
    return None if state.pauses_clock else (touched, f"{touched:%Y%m%dT%H%M%S}")


def _reminder_moments(desk: Desk, ticket: Ticket) -> Iterator[Moment]:
    for reminder in desk.reminders:
        starting = _starting(desk, ticket, reminder.watch)
        if starting is None:
            continue
        start, round_ = starting
        calendar = calendar_of(desk, reminder.calendar) if reminder.calendar else None
        when = calendar.add(start, reminder.after) if calendar else start + reminder.after
        yield Moment(when, f"{reminder.id}:{round_}", calendar, reminder)


def moments(desk: Desk, ticket: Ticket, now: dt.datetime) -> list[Moment]:
    """Everything that is still to do for the ticket, soonest first."""
    done = {fired.step for fired in ticket.facts.fired}
    found = (*_clock_moments(desk, ticket, now), *_reminder_moments(desk, ticket))
    return sorted((m for m in found if m.fired not in done), key=lambda m: m.at)


def _speaks_at(moment: Moment, now: dt.datetime) -> dt.datetime:
    """When it may be said: at its time, or at the next opening when that was missed."""
    if moment.calendar is None or now - moment.at <= GRACE or moment.calendar.is_open(now):
        return moment.at
    return moment.calendar.next_opening(now)


def next_due(desk: Desk, ticket: Ticket, now: dt.datetime) -> dt.datetime | None:
    """When the clock should look at the ticket next, or None when there is nothing to come."""
    return min((_speaks_at(m, now) for m in moments(desk, ticket, now)), default=None)


def time_passed(case: Case, command: cm.TimePassed) -> Events:
    """Everything due up to now, each once; of several missed rungs of a clock, all are recorded."""
    events: Events = []
    version = policy_version(case.desk)
    if case.ticket.policy != version:
        events.append(ev.PolicyApplied(policy=version, frm=case.ticket.policy))
    for moment in moments(case.desk, case.ticket, case.now):
        if _speaks_at(moment, case.now) > case.now:
            continue
        events.extend(_said(case, moment, command.seen))
    return events


def _said(case: Case, moment: Moment, seen: frozenset[str]) -> Events:
    step = moment.step
    if isinstance(step, Reminder) and step.watch is Watch.AUTO_CLOSE:
        return follow(case, Trigger.AUTO_CLOSE)
    to = step.to
    if isinstance(step, Reminder) and step.watch is Watch.UNREAD:
        to = tuple(f"person:{email}" for email in unread_by(case.desk, seen))
    return [
        ev.Escalated(
            step=step.id,
            fired=moment.fired,
            clock=moment.clock.clock.value if moment.clock else "",
            due_at=moment.clock.due_at if moment.clock else None,
            to=to,
            channel=(step.channel or "") if isinstance(step, EscalationStep) else "",
        )
    ]


def readers(desk: Desk) -> tuple[str, ...]:
    """Members who are expected to read a ticket that the team was asked about."""
    return tuple(m.email for m in desk.people if m.roles & READERS)


def unread_by(desk: Desk, seen: frozenset[str]) -> tuple[str, ...]:
    """Readers who have not read it yet."""
    return tuple(email for email in readers(desk) if email not in seen)
