"""Clocks: what was promised, how much of it is used, when it falls due, and why."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterator
from typing import Literal

from shared.domain.business_calendar import BusinessCalendar
from shared.domain.desk import Desk
from shared.domain.people import Frozen
from shared.domain.policy import CalendarConfig, ClockName, Duration, Severity, TargetOverride
from shared.domain.ticket import Span, Ticket

ClockState = Literal["running", "paused", "met", "missed", "stopped"]
_calendars: dict[tuple[str, str], BusinessCalendar] = {}


class Clock(Frozen):
    """One promise on one ticket. `elapsed` is working time used so far."""

    clock: ClockName
    state: ClockState
    target: Duration
    due_at: dt.datetime | None
    elapsed: Duration
    reason: str
    started_at: dt.datetime
    met_at: dt.datetime | None = None
    calendar: str

    @property
    def is_open(self) -> bool:
        """Whether the promise is still to be kept (late or not)."""
        return self.met_at is None and self.state != "stopped"


def calendar_of(desk: Desk, calendar_id: str) -> BusinessCalendar:
    """The desk's calendar, built once per definition since it caches its years."""
    config = next(c for c in desk.calendars if c.id == calendar_id)
    key = (desk.id, config.model_dump_json())
    if key not in _calendars:
        _calendars[key] = build_calendar(config)
    return _calendars[key]


def build_calendar(config: CalendarConfig) -> BusinessCalendar:
    """The arithmetic for one definition. Raises Invalid naming the wrong field."""
    return BusinessCalendar.from_config(
        config.timezone,
        {day: hours for day, hours in config.hours.items()},  # widens the key's type
        config.holidays,
        country=config.country,
        subdivision=config.subdivision,
        half_days={day.isoformat(): hours for day, hours in config.half_days.items()},
        always=config.always,
    )


def policy_version(desk: Desk) -> str:
    """A short hash of everything that decides due times."""
    parts = desk.model_dump_json(include={"severities", "targets", "calendars", "environments"})
    return hashlib.sha256(parts.encode()).hexdigest()[:12]


_TARGET_FIELDS = {
    ClockName.FIRST_RESPONSE: "response_target",
    ClockName.RESOLUTION: "resolution_target",
    ClockName.TRIAGE: "triage_target",
    ClockName.NEXT_REPLY: "next_reply_target",
}


def _fits(override: TargetOverride, ticket: Ticket) -> bool:
    return (
        (not override.types or ticket.type in override.types)
        and (not override.environments or ticket.environment in override.environments)
        and (not override.severities or ticket.severity in override.severities)
    )


def _policy(desk: Desk, ticket: Ticket) -> tuple[Severity, TargetOverride | None]:
    severity = desk.severity_by_id[ticket.severity]
    return severity, next((o for o in desk.targets if _fits(o, ticket)), None)


def target_of(desk: Desk, ticket: Ticket, clock: ClockName) -> dt.timedelta | None:
    """The target in working time, or None where the desk promises nothing."""
    severity, override = _policy(desk, ticket)
    field = _TARGET_FIELDS[clock]
    own: dt.timedelta | None = getattr(override, field) if override else None
    found: dt.timedelta | None = own if own is not None else getattr(severity, field)
    return found


def ticket_calendar(desk: Desk, ticket: Ticket) -> str:
    """The id of the calendar that counts for the ticket."""
    severity, override = _policy(desk, ticket)
    return (override.calendar if override else None) or severity.calendar


def _pairs(spans: tuple[Span, ...]) -> list[tuple[dt.datetime, dt.datetime | None]]:
    return [(span.start, span.end) for span in spans]


def _resolution_stops(ticket: Ticket) -> list[tuple[dt.datetime, dt.datetime | None]]:
    return _pairs((*ticket.facts.pauses, *ticket.facts.ended))


def _resolved_at(ticket: Ticket) -> dt.datetime | None:
    last = ticket.facts.ended[-1] if ticket.facts.ended else None
    return last.start if last and last.end is None else None


def _began(ticket: Ticket, clock: ClockName) -> dt.datetime | None:
    if clock is ClockName.NEXT_REPLY:
        answered = ticket.facts.first_response_at is not None
        return ticket.facts.client_wrote_at if answered else None
    if clock is ClockName.TRIAGE:
        return ticket.triage.asked_at
    return ticket.created_at


def _met_at(ticket: Ticket, clock: ClockName) -> dt.datetime | None:
    if clock is ClockName.FIRST_RESPONSE:
        return ticket.facts.first_response_at
    if clock is ClockName.TRIAGE:
        return ticket.triage.decided_at
    if clock is ClockName.RESOLUTION:
        return _resolved_at(ticket)
    return None


def clocks(desk: Desk, ticket: Ticket, now: dt.datetime) -> tuple[Clock, ...]:
    """All clocks of the ticket as they stand at `now` (aware UTC)."""
    return tuple(_each_clock(desk, ticket, now))


def _each_clock(desk: Desk, ticket: Ticket, now: dt.datetime) -> Iterator[Clock]:
    for name in ClockName:
        target, began = target_of(desk, ticket, name), _began(ticket, name)
        if target is not None and began is not None:
            yield _clock(desk, ticket, name, target=target, began=began, now=now)


def _clock(
    desk: Desk,
    ticket: Ticket,
    name: ClockName,
    *,
    target: dt.timedelta,
    began: dt.datetime,
    now: dt.datetime,
) -> Clock:
    calendar_id = ticket_calendar(desk, ticket)
    calendar = calendar_of(desk, calendar_id)
    stops = _resolution_stops(ticket) if name is ClockName.RESOLUTION else []
    met_at = _met_at(ticket, name)
    used = calendar.elapsed(began, met_at or now, stops)
    state, reason = _state(ticket, name, met_at, used > target)
    known = [s for s in stops if s[1] is not None]
    due = calendar.due(began, target, known if met_at else stops)
    return Clock(
        clock=name,
        state=state,
        target=target,
        due_at=due,
        elapsed=used,
        reason=reason,
        started_at=began,
        met_at=met_at,
        calendar=calendar_id,
    )


def _state(
    ticket: Ticket, name: ClockName, met_at: dt.datetime | None, is_late: bool
) -> tuple[ClockState, str]:
    if met_at is not None:
        return ("missed", "done after the target") if is_late else ("met", "done within the target")
    if _resolved_at(ticket) is not None and name is not ClockName.RESOLUTION:
        return "stopped", "the ticket ended before"
    if is_late:
        return "missed", "the target has passed"
    paused = name is ClockName.RESOLUTION and any(s.end is None for s in ticket.facts.pauses)
    return ("paused", "waiting") if paused else ("running", "working time runs")


class Why(Frozen):
    """One line of the answer to "why is it due then?"."""

    at: dt.datetime
    text: str
    used: Duration


def explain(desk: Desk, ticket: Ticket, clock: Clock) -> tuple[Why, ...]:
    """Line by line: the start, each pause, and what is left, in working time."""
    calendar = calendar_of(desk, clock.calendar)
    stops = _resolution_stops(ticket) if clock.clock is ClockName.RESOLUTION else []
    stops = sorted(s for s in stops if s[1] is None or s[1] > clock.started_at)

    def used_at(moment: dt.datetime) -> dt.timedelta:
        return calendar.elapsed(clock.started_at, moment, stops)

    lines = [Why(at=clock.started_at, text="the clock starts", used=dt.timedelta())]
    for start, end in stops:
        lines.append(Why(at=start, text="the clock stops", used=used_at(start)))
        if end is not None:
            lines.append(Why(at=end, text="the clock goes on", used=used_at(end)))
    if clock.due_at is not None:
        lines.append(Why(at=clock.due_at, text="the target is used up", used=clock.target))
    return tuple(sorted(lines, key=lambda line: line.at))
