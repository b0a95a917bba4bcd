"""Laws of due times, whatever happens to a ticket and whenever the clock ticks."""

from __future__ import annotations

import asyncio
import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.evolve import replay
from shared.domain.policy import ClockName
from shared.domain.rules.timing import moments, next_due
from shared.domain.sla import calendar_of, clocks, ticket_calendar
from shared.domain.ticket import Span, Ticket
from tests.sla.desk_work import CASEY, DeskWork, at
from tests.support.app import DESKS

START = at("2026-10-20 00:00")  # summer time ends a few days later
MINUTE = dt.timedelta(minutes=1)
DESK = st.sampled_from(sorted(DESKS)).map(DESKS.__getitem__)
WHEN = st.integers(0, 40 * 24 * 60).map(lambda n: START + n * MINUTE)


@st.composite
def tickets(draw: st.DrawFn) -> tuple[Desk, Ticket]:
    """An open ticket of either desk that has waited some times."""
    desk = draw(DESK)
    opened = draw(WHEN)
    kind = draw(st.sampled_from(desk.request_types))
    event = ev.Opened(
        number=f"{desk.prefix}-1",
        desk=desk.id,
        title="t",
        description="d",
        type=kind.id,
        state=kind.initial_state,
        environment=draw(st.sampled_from(desk.environments)).id,
        claimed_severity="high",
        severity=draw(st.sampled_from(desk.severities)).id,
        requester=CASEY,
        source="api",
        policy=desk.policy_version,
    )
    by = ev.By(kind="client", email=CASEY.email)
    ticket = replay([ev.Recorded(seq=1, at=opened, by=by, event=event)])
    times = sorted(draw(st.lists(WHEN, max_size=6, unique=True)))
    pairs = zip(times[::2], times[1::2], strict=False)
    waits = tuple(Span(start=a, end=b) for a, b in pairs if a >= opened)
    facts = ticket.facts.model_copy(update={"pauses": waits})
    return desk, ticket.model_copy(update={"facts": facts})


@given(tickets())
def test_a_due_time_lies_in_business_hours_or_where_they_end(made: tuple[Desk, Ticket]) -> None:
    desk, ticket = made
    calendar = calendar_of(desk, ticket_calendar(desk, ticket))
    for clock in clocks(desk, ticket, START):
        assert clock.due_at is not None
        assert calendar.is_open(clock.due_at - dt.timedelta(microseconds=1))


@given(tickets(), WHEN, st.integers(1, 5000))
def test_another_pause_never_brings_a_due_time_nearer(
    made: tuple[Desk, Ticket], begin: dt.datetime, minutes: int
) -> None:
    desk, ticket = made
    more = Span(start=begin, end=begin + minutes * MINUTE)
    facts = ticket.facts.model_copy(update={"pauses": (*ticket.facts.pauses, more)})
    paused = ticket.model_copy(update={"facts": facts})
    for before, after in zip(clocks(desk, ticket, START), clocks(desk, paused, START), strict=True):
        assert before.due_at is not None
        assert after.due_at is not None
        assert after.due_at >= before.due_at
        if before.clock is not ClockName.RESOLUTION:
            assert after.due_at == before.due_at


@given(tickets(), WHEN, WHEN)
def test_a_due_time_is_the_same_whenever_one_looks(
    made: tuple[Desk, Ticket], one: dt.datetime, other: dt.datetime
) -> None:
    desk, ticket = made
    seen = [[(c.clock, c.due_at) for c in clocks(desk, ticket, now)] for now in (one, other)]
    assert seen[0] == seen[1]
    found = [[(m.fired, m.at) for m in moments(desk, ticket, now)] for now in (one, other)]
    assert found[0] == found[1]


@given(tickets(), WHEN)
def test_the_clock_speaks_in_business_hours_or_at_once(
    made: tuple[Desk, Ticket], now: dt.datetime
) -> None:
    desk, ticket = made
    when = next_due(desk, ticket, now)
    assert when is not None
    if when > now:
        assert any(
            m.calendar is None
            or m.calendar.is_open(when)
            or m.calendar.is_open(when - dt.timedelta(microseconds=1))
            for m in moments(desk, ticket, now)
        )


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 1500), min_size=1, max_size=12), st.sampled_from(["mytc", "door"]))
def test_each_step_fires_once_however_often_and_late_the_clock_ticks(
    gaps: list[int], desk_id: str
) -> None:
    async def fired() -> list[str]:
        work = DeskWork(desk_id)
        number = await work.opened("2026-11-23 15:00")
        for gap in gaps:
            work.app.clock.advance(minutes=gap)
            await work.tick()
            await work.tick()
        await work.run_until("2026-12-31 15:00")
        return sorted(step for step, _ in await work.fired(number) if step != "no_update")

    async def steady() -> list[str]:
        work = DeskWork(desk_id)
        number = await work.opened("2026-11-23 15:00")
        await work.run_until("2026-12-31 15:00")
        return sorted(step for step, _ in await work.fired(number) if step != "no_update")

    assert asyncio.run(fired()) == asyncio.run(steady())
