"""A month's report: tables made of facts and of what is open now."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean

from shared.domain.desk import Desk
from shared.domain.reporting import Fact, Measure, month_of
from shared.domain.words import say

type Cell = str | int | float
AGES = (1, 3, 7, 14, 30)  # days; each bucket ends before its number, the last has no end


@dataclass(frozen=True)
class OpenTicket:
    """A ticket that is open now, as the open list knows it. A promise that was kept, or stands
    still, has no due time."""

    number: str
    type: str
    severity: str
    created_at: dt.datetime
    is_late: bool
    response_due: dt.datetime | None = None
    resolution_due: dt.datetime | None = None


@dataclass(frozen=True)
class Table:
    """Rows under columns. `id` names it in addresses; `note` says what is counted."""

    id: str
    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Counted:
    """What the tables are made of: facts by month, oldest first, and the open tickets."""

    desk: Desk
    months: Mapping[str, Sequence[Fact]]
    open: Sequence[OpenTicket]
    now: dt.datetime

    @property
    def month(self) -> str:
        """The month that the report is about: the last one."""
        return list(self.months)[-1]

    @property
    def facts(self) -> Sequence[Fact]:
        """The facts of that month."""
        return self.months[self.month]


def tables(counted: Counted) -> tuple[Table, ...]:
    """All tables of the report."""
    return (
        _service_levels(counted),
        _times(counted),
        _throughput(counted),
        _backlog(counted),
        _states(counted),
        _escalations(counted),
    )


def percentile(values: Sequence[float], share: int) -> float:
    """The nearest rank: the least value that `share` per cent of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-share * len(ordered) // 100) - 1)]


def hours(seconds: float) -> float:
    """Seconds as hours, to the hundredth."""
    return round(seconds / 3600, 2)


def _kept(measures: Sequence[Measure], late: int) -> tuple[Cell, ...]:
    """Met, missed and the share; `late`: promises of open tickets that are broken already."""
    met, total = sum(m.met for m in measures), len(measures) + late
    share = f"{100 * met // total} %" if total else ""  # 100 % is said of all of them alone
    return met, total - met, share


def _late(counted: Counted) -> Counter[tuple[str, str, str]]:
    """Promises of open tickets whose time has passed, by month, severity and clock."""
    return Counter(
        (month_of(counted.desk, due), ticket.severity, clock)
        for ticket in counted.open
        for clock, due in (("response", ticket.response_due), ("resolution", ticket.resolution_due))
        if due and due < counted.now
    )


def _service_levels(counted: Counted) -> Table:
    rows: list[tuple[Cell, ...]] = []
    late = _late(counted)
    for month, facts in counted.months.items():
        for severity in counted.desk.severities:
            of = [f for f in facts if f.severity == severity.id]
            responses = [f.response for f in of if f.response]
            resolutions = [f.resolution for f in of if f.resolution]
            first = _kept(responses, late[month, severity.id, "response"])
            last = _kept(resolutions, late[month, severity.id, "resolution"])
            if first[-1] or last[-1]:
                rows.append((month, say(severity.name, "en"), *first, *last))
    return Table(
        "service_levels",
        "Targets met and missed",
        "First responses by the month in which they were made, resolutions likewise. What is still "
        "open and late counts as missed in the month in which its target passed. A ticket that "
        "was reopened counts when it is resolved again.",
        ("Month", "Severity", "Response met", "Response missed", "Response met in %",
         "Resolution met", "Resolution missed", "Resolution met in %"),
        tuple(rows),
    )  # fmt: skip


def _times(counted: Counted) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for severity in counted.desk.severities:
        of = [f for f in counted.facts if f.severity == severity.id]
        for name, measures in (
            ("First response", [f.response for f in of if f.response]),
            ("Resolution", [f.resolution for f in of if f.resolution]),
        ):
            used = [m.used for m in measures]
            if used:
                p50, p90 = (hours(percentile(used, share)) for share in (50, 90))
                rows.append((say(severity.name, "en"), name, len(used), p50, p90))
    return Table(
        "times",
        "Time to first response and resolution",
        "Hours of working time used, waiting taken out. Half of the tickets took no longer than "
        "p50, nine of ten no longer than p90.",
        ("Severity", "Clock", "Tickets", "p50 in hours", "p90 in hours"),
        tuple(rows),
    )


def _throughput(counted: Counted) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for month, facts in counted.months.items():
        known = {f.number for f in facts if f.opened}
        fresh = (t for t in counted.open if month_of(counted.desk, t.created_at) == month)
        opened = len(known | {t.number for t in fresh})
        steps = sum(sum(f.escalations.values()) for f in facts)
        resolved, reopened = sum(f.resolved for f in facts), sum(f.reopened for f in facts)
        rows.append((month, opened, resolved, reopened, steps))
    return Table(
        "throughput",
        "Throughput",
        "Requests that came in, resolutions, reopenings, and rungs or reminders that fired.",
        ("Month", "Opened", "Resolved", "Reopened", "Escalations"),
        tuple(rows),
    )


def age_names() -> tuple[str, ...]:
    """The backlog's buckets, youngest first."""
    middle = (f"{low} to {high} days" for low, high in pairwise(AGES))
    return ("under 1 day", *middle, f"{AGES[-1]} days and more")


def _bucket(counted: Counted, ticket: OpenTicket) -> int:
    days = (counted.now - ticket.created_at) / dt.timedelta(days=1)
    return sum(days >= limit for limit in AGES)


def _backlog(counted: Counted) -> Table:
    ages = Counter((t.type, _bucket(counted, t)) for t in counted.open)
    late = Counter(t.type for t in counted.open if t.is_late)
    rows: list[tuple[Cell, ...]] = []
    for kind in counted.desk.request_types:
        by_age = [ages[kind.id, n] for n in range(len(AGES) + 1)]
        if sum(by_age):
            rows.append((say(kind.name, "en"), *by_age, sum(by_age), late[kind.id]))
    return Table(
        "backlog",
        "Backlog by age and type",
        "Tickets that are open now, whatever month is shown.",
        ("Type", *age_names(), "All", "Overdue"),
        tuple(rows),
    )


def _states(counted: Counted) -> Table:
    return Table(
        "states",
        "Time in each state",
        "Hours by the clock on the wall, nights and weekends included, of the tickets that were "
        "resolved in the month.",
        ("Type", "State", "Tickets", "Mean in hours", "p50 in hours", "p90 in hours"),
        tuple(_stays(counted)),
    )


def _stays(counted: Counted) -> Iterator[tuple[Cell, ...]]:
    for kind in counted.desk.request_types:
        resolved = [f.spent for f in counted.facts if f.type == kind.id and f.spent]
        others = sorted({s for spent in resolved for s in spent} - set(kind.by_id))
        for state in (*kind.by_id, *others):
            stays = [spent[state] for spent in resolved if state in spent]
            if stays:
                name = say(kind.by_id[state].name, "en") if state in kind.by_id else state
                figures = (fmean(stays), percentile(stays, 50), percentile(stays, 90))
                yield say(kind.name, "en"), name, len(stays), *(hours(f) for f in figures)


def _escalations(counted: Counted) -> Table:
    fired: Counter[str] = Counter()
    tickets: Counter[str] = Counter()
    for fact in counted.facts:
        fired.update(fact.escalations)
        tickets.update(fact.escalations.keys())
    steps = [*(s.id for s in counted.desk.escalations), *(r.id for r in counted.desk.reminders)]
    order = {step: n for n, step in enumerate(steps)}
    ordered = sorted(fired, key=lambda step: (order.get(step, len(order)), step))
    return Table(
        "escalations",
        "Escalations",
        "Rungs of the ladder and reminders that fired in the month.",
        ("Step", "Fired", "Tickets"),
        tuple((s.replace("_", " ").capitalize(), fired[s], tickets[s]) for s in ordered),
    )
