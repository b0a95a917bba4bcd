"""Why a clock is due when it is: its whole life, line by line, from the history."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.past import state_of, typed
from shared.domain.people import Frozen
from shared.domain.policy import ClockName, Duration
from shared.domain.sla import Clock, calendar_of, stops_of, target_of, ticket_calendar
from shared.domain.ticket import Ticket
from shared.domain.words import say

_STARTS = {
    ClockName.FIRST_RESPONSE: "the request came in",
    ClockName.RESOLUTION: "the request came in",
    ClockName.TRIAGE: "the team was asked",
    ClockName.NEXT_REPLY: "the client wrote",
}
_MET = {
    ClockName.FIRST_RESPONSE: "a person answered",
    ClockName.RESOLUTION: "the ticket was resolved",
    ClockName.TRIAGE: "the triage was decided",
    ClockName.NEXT_REPLY: "a person answered",
}
type Change = ev.SeveritySet | ev.EnvironmentSet | ev.TypeSet | ev.PolicyApplied


class Why(Frozen):
    """One line of the answer to "why is it due then?". `used`: working time used by then."""

    at: dt.datetime
    text: str
    used: Duration


@dataclass(frozen=True)
class _Promise:
    """What a ticket with these traits is promised under the desk's rules of today."""

    target: dt.timedelta | None
    calendar: str
    is_always: bool

    @classmethod
    def of(cls, desk: Desk, ticket: Ticket, clock: ClockName) -> _Promise:
        name = ticket_calendar(desk, ticket)
        return cls(target_of(desk, ticket, clock), name, calendar_of(desk, name).always)

    @property
    def words(self) -> str:
        if self.target is None:
            return "no target"
        spent = working(self.target)
        return f"{spent}, day and night" if self.is_always else f"{spent} of {self._hours}"

    @property
    def _hours(self) -> str:
        return f"{self.calendar.replace('_', ' ')} time"


def working(value: dt.timedelta) -> str:
    """`9 h`, `1 h 30 min`, `40 s`: working time, so there are no days here."""
    minutes, seconds = divmod(int(value.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{n} {unit}" for n, unit in ((hours, "h"), (minutes, "min")) if n]
    return " ".join(parts) or f"{seconds} s"


def explain(
    desk: Desk, ticket: Ticket, clock: Clock, history: Sequence[ev.Recorded] = ()
) -> tuple[Why, ...]:
    """The start, each pause, each change of what was promised, and the due time, in their order.

    Without the history the changes are left out. All is counted by the desk's rules of today,
    from the start, as the due time is. For members of the desk: it may hold a change's reason.
    """
    calendar = calendar_of(desk, clock.calendar)
    stops = stops_of(ticket, clock.clock)
    found = [
        *_beginning(desk, ticket, clock, history),
        *_changes(desk, ticket, clock, history),
        *_stops(desk, ticket, clock, history),
        *_end(clock),
    ]
    return tuple(
        Why(at=at, text=text, used=calendar.elapsed(clock.started_at, at, stops))
        for at, text in sorted(found, key=lambda line: line[0])
    )


type _Line = tuple[dt.datetime, str]


def _beginning(
    desk: Desk, ticket: Ticket, clock: Clock, history: Sequence[ev.Recorded]
) -> Iterator[_Line]:
    then = ticket
    for before, _, after in _traits(ticket, history):
        if after is not None and after <= clock.started_at:
            continue
        then = before
        break
    promise = _Promise.of(desk, then, clock.clock)
    traits = f"{_severity(desk, then.severity)}, {_environment(desk, then.environment)}"
    yield clock.started_at, f"{_STARTS[clock.clock]} ({traits}): {promise.words}"


def _traits(
    ticket: Ticket, history: Sequence[ev.Recorded]
) -> Iterator[tuple[Ticket, ev.Recorded | None, dt.datetime | None]]:
    """The ticket with the traits that it had, before each change of them; last as it is now."""
    opened = next((r.event for r in history if isinstance(r.event, ev.Opened)), None)
    then = ticket
    if opened is not None:
        traits = {"type", "severity", "environment"}
        then = ticket.model_copy(update=opened.model_dump(include=traits))
    for recorded in history if opened is not None else ():
        after = _after(then, recorded.event)
        if after is not None:
            yield then, recorded, recorded.at
            then = after
    yield then, None, None


def _after(ticket: Ticket, event: ev.Event) -> Ticket | None:
    if isinstance(event, ev.SeveritySet):
        return ticket.model_copy(update={"severity": event.severity})
    if isinstance(event, ev.EnvironmentSet):
        more = {"environment": event.environment, "severity": event.severity}
        return ticket.model_copy(update=more)
    if isinstance(event, ev.TypeSet):
        return ticket.model_copy(update={"type": event.to})
    return ticket if isinstance(event, ev.PolicyApplied) else None


def _changes(
    desk: Desk, ticket: Ticket, clock: Clock, history: Sequence[ev.Recorded]
) -> Iterator[_Line]:
    for before, recorded, at in _traits(ticket, history):
        if recorded is None or at is None or at <= clock.started_at:
            continue
        event = recorded.event
        now = _after(before, event) or before
        old, new = (_Promise.of(desk, each, clock.clock) for each in (before, now))
        effect = f"{new.words} instead of {old.words}" if old != new else new.words
        yield at, f"{_what(desk, event)}: counted again from the start, {effect}"


def _what(desk: Desk, event: ev.Event) -> str:
    if isinstance(event, ev.SeveritySet):
        reason = f" ({event.reason})" if event.reason else ""
        return f"severity {_severity(desk, event.frm)} to {_severity(desk, event.severity)}{reason}"
    if isinstance(event, ev.EnvironmentSet):
        frm, to = _environment(desk, event.frm), _environment(desk, event.environment)
        return f"environment {frm} to {to}, severity counts as {_severity(desk, event.severity)}"
    if isinstance(event, ev.TypeSet):
        return f"type {_type(desk, event.frm)} to {_type(desk, event.to)}"
    if isinstance(event, ev.PolicyApplied):
        return f"{event.cause} (policy {event.frm or 'none'} to {event.policy})"
    return event.kind


def _stops(
    desk: Desk, ticket: Ticket, clock: Clock, history: Sequence[ev.Recorded]
) -> Iterator[_Line]:
    entered = ((r.at, _entered(desk, kind, r.event)) for r, kind in typed(history, ticket.type))
    states = {at: name for at, name in entered if name}
    ended = {span.start for span in ticket.facts.ended}
    for start, end in stops_of(ticket, clock.clock):
        if end is not None and end <= clock.started_at:
            continue
        what = "the ticket ended" if start in ended else "the ticket waits"
        name = f" ({states[start]})" if start in states else ""
        yield start, f"{what}{name}: the clock stops"
        if end is not None:
            back = "reopened" if start in ended else "the wait is over"
            yield end, f"{back}: the clock goes on with what was used"


def _entered(desk: Desk, type_id: str, event: ev.Event) -> str:
    """The name of the state that the event led to, '' for none; `type_id`: the type before."""
    if isinstance(event, ev.Moved):
        state_id = event.to
    elif isinstance(event, ev.TypeSet):
        type_id, state_id = event.to, event.state_to
    elif isinstance(event, ev.Opened):
        type_id, state_id = event.type, event.state
    else:
        return ""
    state = state_of(desk, type_id, state_id)
    return say(state.name, "en") if state else state_id


def _end(clock: Clock) -> Iterator[_Line]:
    if clock.due_at is not None:
        yield clock.due_at, f"due: {working(clock.target)} are used up"
    if clock.met_at is not None:
        yield clock.met_at, f"{_MET[clock.clock]}: {clock.reason}"


def _severity(desk: Desk, severity: str) -> str:
    found = desk.severity_by_id.get(severity)
    return say(found.name, "en") if found else severity


def _environment(desk: Desk, environment: str) -> str:
    found = desk.environment_by_id.get(environment)
    return say(found.name, "en") if found else environment


def _type(desk: Desk, kind: str) -> str:
    found = desk.types.get(kind)
    return say(found.name, "en") if found else kind
