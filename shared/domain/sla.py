"""Clocks: what was promised, how much of it is used, and when it falls due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Literal

from shared.domain.business_calendar import BusinessCalendar, Pause
from shared.domain.desk import Desk
from shared.domain.people import Frozen
from shared.domain.policy import ClockName, Duration, Severity, TargetOverride
from shared.domain.ticket import Span, Ticket

ClockState = Literal["running", "paused", "met", "missed", "stopped"]


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
    over: bool = False  # the ticket ended without it: nothing more comes unless it is reopened
    calendar: str

    @property
    def is_open(self) -> bool:
        """Whether the promise is still to be kept (late or not)."""
        return self.met_at is None and not self.over


def calendar_of(desk: Desk, calendar_id: str) -> BusinessCalendar:
    """The desk's calendar of that id. Raises KeyError when there is none."""
    return desk.calendar_by_id[calendar_id].calendar


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
    """A severity that the desk has given up since counts as the default one."""
    known = desk.severity_by_id
    severity = known.get(ticket.severity) or known[desk.default_severity]
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


def stops_of(ticket: Ticket, clock: ClockName) -> list[Pause]:
    """When the clock stood still: while the ticket had ended, and resolution while it waited."""
    waits = ticket.facts.pauses if clock is ClockName.RESOLUTION else ()
    return [(span.start, span.end) for span in (*waits, *ticket.facts.ended)]


def open_span(spans: tuple[Span, ...]) -> Span | None:
    """The stretch that has not ended yet, if there is one."""
    return spans[-1] if spans and spans[-1].end is None else None


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
        if ticket.merged_into:
            return None  # whether it is resolved in time is told by the ticket that it goes on as
        ended = open_span(ticket.facts.ended)
        return ended.start if ended else None
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
    stops = stops_of(ticket, name)
    met_at = _met_at(ticket, name)
    is_merged = ticket.merged_into is not None
    over = met_at is None and (is_merged or open_span(ticket.facts.ended) is not None)
    # A promise that was kept has a due time even when the ticket waits or has ended since.
    known = [stop for stop in stops if stop[1] is not None]
    due = calendar.due(began, target, known if met_at else stops)
    is_late = due is not None and (met_at or now) > due and not (is_merged and over)
    state, reason = _state(ticket, name, is_met=met_at is not None, is_over=over, is_late=is_late)
    return Clock(
        clock=name,
        state=state,
        target=target,
        due_at=due,
        elapsed=calendar.elapsed(began, met_at or now, stops),
        reason=reason,
        started_at=began,
        met_at=met_at,
        over=over,
        calendar=calendar_id,
    )


def _state(
    ticket: Ticket, name: ClockName, *, is_met: bool, is_over: bool, is_late: bool
) -> tuple[ClockState, str]:
    """Late counts by the clock on the wall: what fell due at closing time is late that evening."""
    if is_met:
        return ("missed", "done after the target") if is_late else ("met", "done within the target")
    if is_over:
        into = ticket.merged_into
        reason = f"it goes on as {into}" if into else "the ticket ended without it"
        return ("missed", f"{reason}, after the target") if is_late else ("stopped", reason)
    if is_late:
        return "missed", "the target has passed"
    paused = name is ClockName.RESOLUTION and open_span(ticket.facts.pauses) is not None
    return ("paused", "waiting") if paused else ("running", "working time runs")
