"""What the clock does: escalation steps and reminders, each once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.business_calendar import BusinessCalendar
from shared.domain.desk import Desk
from shared.domain.flow import State, Trigger
from shared.domain.past import type_of
from shared.domain.people import Role
from shared.domain.policy import ClockName, EscalationStep, Reminder, Watch
from shared.domain.rules.case import Case, Events, follow
from shared.domain.sla import (
    Clock,
    calendar_of,
    clocks,
    open_span,
    stops_of,
)
from shared.domain.ticket import Ticket

# A sweep that comes a little late still speaks at once, even just after closing time.
GRACE = dt.timedelta(minutes=5)
READERS = frozenset({Role.LEAD, Role.STAFF, Role.SCRUM_MASTER, Role.DEVELOPER, Role.PRODUCT_OWNER})


@dataclass(frozen=True)
class Moment:
    """Something to do for a ticket at a time. `fired` names it, the same each time it is found."""

    at: dt.datetime
    fired: str
    calendar: BusinessCalendar | None
    step: EscalationStep | Reminder
    clock: Clock | None = None


def _state(desk: Desk, ticket: Ticket) -> State:
    return type_of(desk, ticket).state(ticket.state)


def _clock_moments(desk: Desk, ticket: Ticket, running: Sequence[Clock]) -> Iterator[Moment]:
    for clock in running:
        if not clock.is_open:
            continue
        calendar = calendar_of(desk, clock.calendar)
        stops = stops_of(ticket, clock.clock)
        for step in desk.escalations:
            if step.clock is not clock.clock:
                continue
            if step.severities and ticket.severity not in step.severities:
                continue
            share = clock.target * (step.at_percent or 100) / 100 + (step.after or dt.timedelta())
            when = calendar.due(clock.started_at, share, stops)
            if when is not None:
                yield Moment(when, f"{step.id}:{_round(ticket, clock)}", calendar, step, clock)


def warns_at(desk: Desk, ticket: Ticket, clock: Clock) -> dt.datetime | None:
    """From when the promise counts as near: the desk's last rung before its due time, if any."""
    rungs = (moment.at for moment in _clock_moments(desk, ticket, [clock]))
    return max((at for at in rungs if clock.due_at and at < clock.due_at), default=None)


def _round(ticket: Ticket, clock: Clock) -> str:
    """What tells one run through the ladder from the next: each reopening, each new question."""
    if clock.clock is ClockName.NEXT_REPLY:
        return f"{ticket.facts.reopened}:{clock.started_at:%Y%m%dT%H%M%S}"
    return str(ticket.facts.reopened)


def _starting(desk: Desk, ticket: Ticket, watch: Watch) -> tuple[dt.datetime, str] | None:
    """From when a reminder counts, and what tells one round from the next."""
    state, facts = _state(desk, ticket), ticket.facts
    if watch is Watch.AUTO_CLOSE:
        resolved = open_span(facts.ended)
        closes = type_of(desk, ticket).follow(Trigger.AUTO_CLOSE, ticket.state) is not None
        return (resolved.start, str(facts.reopened)) if resolved and closes else None
    if state.has_ended:
        return None
    if watch is Watch.UNREAD:
        asked = ticket.triage.asked_at
        return None if asked is None or ticket.triage.decision else (asked, "")
    if state.pauses_clock:
        return None  # it waits for somebody else, or for the backlog
    if watch is Watch.UNASSIGNED:
        is_taken = ticket.assignee or state.board  # the board has its own developer
        return None if is_taken else (ticket.created_at, "")
    return facts.touched_at, f"{facts.touched_at:%Y%m%dT%H%M%S}"


def _reminder_moments(desk: Desk, ticket: Ticket) -> Iterator[Moment]:
    for reminder in desk.reminders:
        starting = _starting(desk, ticket, reminder.watch)
        if starting is None:
            continue
        start, round_ = starting
        calendar = calendar_of(desk, reminder.calendar) if reminder.calendar else None
        when = calendar.add(start, reminder.after) if calendar else start + reminder.after
        yield Moment(when, f"{reminder.id}:{round_}", calendar, reminder)


def moments(
    desk: Desk, ticket: Ticket, now: dt.datetime, running: Sequence[Clock] | None = None
) -> list[Moment]:
    """Everything that is still to do for the ticket, soonest first.

    `running`: its clocks as they stand at `now`, from whoever has them already.
    A rung that has fired is done unless the target has moved beyond that time since: then people
    heard of a due time that counts no more, and hear again when the new one comes.
    """
    if ticket.merged_into is not None:
        return []
    last: dict[str, dt.datetime] = {}
    for fired in ticket.facts.fired:
        last[fired.step] = max(fired.at, last.get(fired.step, fired.at))
    running = clocks(desk, ticket, now) if running is None else running
    found = (*_clock_moments(desk, ticket, running), *_reminder_moments(desk, ticket))
    ahead = (m for m in found if m.fired not in last or (m.clock and m.at > last[m.fired]))
    return sorted(ahead, key=lambda m: m.at)


def _speaks_at(moment: Moment, now: dt.datetime) -> dt.datetime:
    """When it may be said: at its time, or at the next opening when that was missed."""
    if moment.calendar is None or now - moment.at <= GRACE or moment.calendar.is_open(now):
        return moment.at
    return moment.calendar.next_opening(now)


def next_due(
    desk: Desk, ticket: Ticket, now: dt.datetime, running: Sequence[Clock] | None = None
) -> dt.datetime | None:
    """When the clock should look at the ticket next, or None when there is nothing to come."""
    return min((_speaks_at(m, now) for m in moments(desk, ticket, now, running)), default=None)


def time_passed(case: Case, command: cm.TimePassed) -> Events:
    """A change of the desk's rules, and everything that is due up to now, each once.

    All rungs that were missed are recorded; one of them speaks to everybody whom they name, so
    that one look at a ticket makes one message a person.
    """
    events = _policy_applied(case)
    if events:
        case = replace(case, ticket=_under(case, events))
    if not command.speaks:
        return events
    found = moments(case.desk, case.ticket, case.now)
    due = [m for m in found if _speaks_at(m, case.now) <= case.now]
    rungs = [m for m in due if m.clock]
    events.extend(_rung(moment, rungs) for moment in rungs)
    for moment in due:
        if isinstance(moment.step, Reminder):
            events.extend(_reminded(case, moment, moment.step, command.seen))
    return events


def _policy_applied(case: Case) -> Events:
    ticket, version = case.ticket, case.desk.policy_version
    if ticket.policy == version or case.state.has_ended:
        return []
    events: Events = [ev.PolicyApplied(policy=version, frm=ticket.policy)]
    known = ticket.environment in case.desk.environment_by_id
    if known and ticket.claimed_severity in case.desk.severity_by_id:
        counts = case.desk.effective_severity(ticket.claimed_severity, ticket.environment)
        if counts != ticket.severity:
            events.append(
                ev.SeveritySet(
                    claimed=ticket.claimed_severity,
                    severity=counts,
                    frm=ticket.severity,
                    reason="the environment's rule was changed",
                )
            )
    return events


def _under(case: Case, events: Events) -> Ticket:
    """The ticket under the new rules."""
    severity = next((e.severity for e in events if isinstance(e, ev.SeveritySet)), None)
    return case.ticket.model_copy(update={"severity": severity or case.ticket.severity})


def _rung(moment: Moment, rungs: Sequence[Moment]) -> ev.Event:
    """One speaks for all; the others are only recorded, with its name."""
    speaker = max(rungs, key=_weight)
    speaks = moment is speaker
    to, channel = _audience([m.step for m in rungs]) if speaks else ((), "")
    return ev.Escalated(
        step=moment.step.id,
        fired=moment.fired,
        clock=moment.clock.clock.value if moment.clock else "",
        due_at=moment.clock.due_at if moment.clock else None,
        to=to,
        channel=channel,
        told_as="" if speaks else speaker.step.id,
    )


def _weight(moment: Moment) -> tuple[bool, dt.datetime]:
    """A promise that is broken says more than a warning of another, and the latest most."""
    due = moment.clock.due_at if moment.clock else None
    return due is not None and moment.at >= due, moment.at


def _audience(steps: Sequence[EscalationStep | Reminder]) -> tuple[tuple[str, ...], str]:
    """Everybody whom the steps name, each once, and the channel of the latest that has one."""
    named = [receiver for step in steps for receiver in step.to]
    channels = [r.removeprefix("channel:") for r in named if r.startswith("channel:")]
    channels += [s.channel for s in steps if isinstance(s, EscalationStep) and s.channel]
    people = tuple(dict.fromkeys(r for r in named if not r.startswith("channel:")))
    return people, channels[-1] if channels else ""


def _reminded(case: Case, moment: Moment, step: Reminder, seen: frozenset[str]) -> Events:
    if step.watch is Watch.AUTO_CLOSE:
        return follow(case, Trigger.AUTO_CLOSE)
    to, channel = _audience([step])
    if step.watch is Watch.UNREAD:
        to = tuple(f"person:{email}" for email in unread_by(case.desk, seen))
    return [ev.Escalated(step=step.id, fired=moment.fired, to=to, channel=channel)]


def readers(desk: Desk) -> tuple[str, ...]:
    """Members who are expected to read a ticket that the team was asked about."""
    return tuple(m.email for m in desk.people if m.roles & READERS)


def unread_by(desk: Desk, seen: frozenset[str]) -> tuple[str, ...]:
    """Readers who have not read it yet."""
    return tuple(email for email in readers(desk) if email not in seen)
