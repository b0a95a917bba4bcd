"""What reports count: facts of a ticket by month, and the tables that they make.

A fact is one row for a ticket and a month in which something countable happened to it. It follows
from the ticket alone, so the commit that changes the ticket writes it again. A month's report is
one range read of facts, never of tickets.
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from shared.domain.desk import Desk
from shared.domain.past import type_of
from shared.domain.people import Frozen
from shared.domain.policy import ClockName
from shared.domain.sla import Clock, clocks, open_span
from shared.domain.ticket import Ticket


class Measure(Frozen):
    """A promise that was kept or not, in seconds of working time."""

    used: int
    target: int
    met: bool


class Fact(Frozen):
    """One ticket in one month. `spent`: seconds in each state until it was resolved."""

    number: str
    type: str
    severity: str
    environment: str
    opened: bool = False  # in this month
    response: Measure | None = None
    resolution: Measure | None = None
    resolved: int = 0
    reopened: int = 0
    escalations: dict[str, int] = {}
    spent: dict[str, int] = {}


def month_of(desk: Desk, at: dt.datetime) -> str:
    """`2026-11`, by the desk's own calendar."""
    return f"{at.astimezone(ZoneInfo(desk.timezone)):%Y-%m}"


def facts(desk: Desk, ticket: Ticket) -> dict[str, Fact]:
    """The ticket's facts by month. None before somebody answered, resolved or was escalated to:
    such a ticket is open, and counted among the open ones. What was merged into another ticket
    counts as part of that one; only its escalations are its own."""
    known = ticket.facts
    if not (known.first_response_at or known.ended or known.fired):
        return {}
    found: dict[str, dict[str, object]] = {month_of(desk, ticket.created_at): {"opened": True}}

    def of(at: dt.datetime) -> dict[str, object]:
        return found.setdefault(month_of(desk, at), {})

    for span in known.ended:
        _count(of(span.start), "resolved")
        if span.end:
            _count(of(span.end), "reopened")
    for fired in known.fired:
        _count_step(of(fired.at), fired.step.partition(":")[0])
    for at, part, measure in _measures(desk, ticket):
        of(at)[part] = measure
    if ended := open_span(known.ended):
        states = type_of(desk, ticket).by_id
        work = {s: n for s, n in known.spent.items() if s not in states or not states[s].has_ended}
        of(ended.start)["spent"] = work
    if ticket.merged_into:
        own = ("escalations",)
        found = {month: {k: v for k, v in f.items() if k in own} for month, f in found.items()}
    traits = {"number": ticket.number, "type": ticket.type, "severity": ticket.severity}
    return {
        month: Fact.model_validate({**traits, "environment": ticket.environment, **more})
        for month, more in found.items()
    }


def _count(fact: dict[str, object], name: str) -> None:
    before = fact.get(name, 0)
    fact[name] = (before if isinstance(before, int) else 0) + 1


def _count_step(fact: dict[str, object], step: str) -> None:
    steps = fact.setdefault("escalations", {})
    if isinstance(steps, dict):
        steps[step] = steps.get(step, 0) + 1


def _measures(desk: Desk, ticket: Ticket) -> list[tuple[dt.datetime, str, Measure]]:
    """First response and resolution with the time at which each was settled."""
    running = {clock.clock: clock for clock in clocks(desk, ticket, ticket.updated_at)}
    ended = open_span(ticket.facts.ended)
    found = []
    response = running.get(ClockName.FIRST_RESPONSE)
    if response and response.met_at:
        found.append((response.met_at, "response", _measure(response)))
    elif response and ended and response.state == "missed":
        found.append((ended.start, "response", _measure(response)))
    resolution = running.get(ClockName.RESOLUTION)
    if resolution and resolution.met_at:
        found.append((resolution.met_at, "resolution", _measure(resolution)))
    return found


def _measure(clock: Clock) -> Measure:
    return Measure(
        used=int(clock.elapsed.total_seconds()),
        target=int(clock.target.total_seconds()),
        met=clock.state == "met",
    )
