"""A desk's promises and reminders: severities, targets, calendars, escalation, third-line rota."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, StringConstraints

from shared.domain.business_calendar import BusinessCalendar
from shared.domain.people import Email, Frozen
from shared.domain.words import Id, Words


def _duration(value: object) -> object:
    """`4h`, `30m`, `5d`, `90s` beside ISO 8601; a day counts 24 hours."""
    if isinstance(value, str) and value[-1:] in "smhd" and value[:-1].isdigit():
        unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}[value[-1]]
        return dt.timedelta(**{unit: int(value[:-1])})
    return value


def iso_duration(value: dt.timedelta) -> str:
    """`PT8H`, `PT30M`, `PT1H30M`: hours and minutes, since targets count working time."""
    minutes, seconds = divmod(int(value.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n]
    return "PT" + ("".join(parts) or "0S")


Duration = Annotated[
    dt.timedelta, BeforeValidator(_duration), PlainSerializer(iso_duration, return_type=str)
]
Interval = Annotated[tuple[str, str], "start and end as HH:MM, in the calendar's time zone"]
Receiver = Annotated[
    str,
    StringConstraints(
        pattern=r"^(requester|submitted_by|watchers|assignee|mentioned|author|unread|role:[a-z_]+|channel:[a-z0-9_]+|person:\S+@\S+)$"
    ),
]


class CalendarConfig(Frozen):
    """Business hours by the clock in `timezone`; an end before its start runs over midnight."""

    id: Id
    timezone: str = "UTC"
    always: bool = False
    hours: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], list[Interval]] = {}
    country: str | None = None
    subdivision: str | None = None
    holidays: tuple[dt.date, ...] = ()
    half_days: dict[dt.date, list[Interval]] = {}

    @cached_property
    def calendar(self) -> BusinessCalendar:
        """The arithmetic, made once since it caches its years. Raises Invalid naming the field."""
        return BusinessCalendar.from_config(
            self.timezone,
            {day: hours for day, hours in self.hours.items()},  # widens the key's type
            self.holidays,
            country=self.country,
            subdivision=self.subdivision,
            half_days={day.isoformat(): hours for day, hours in self.half_days.items()},
            always=self.always,
        )


class ClockName(StrEnum):
    """What the desk promises a time for."""

    FIRST_RESPONSE = "first_response"
    RESOLUTION = "resolution"
    TRIAGE = "triage"
    NEXT_REPLY = "next_reply"


class Severity(Frozen):
    """How bad it is. Severities are listed worst first."""

    id: Id
    name: Words
    definition: Words
    response_target: Duration
    resolution_target: Duration
    triage_target: Duration | None = None
    next_reply_target: Duration | None = None
    calendar: Id


class TargetOverride(Frozen):
    """Other targets for some tickets; the first that fits counts."""

    types: tuple[Id, ...] = ()
    environments: tuple[Id, ...] = ()
    severities: tuple[Id, ...] = ()
    response_target: Duration | None = None
    resolution_target: Duration | None = None
    triage_target: Duration | None = None
    next_reply_target: Duration | None = None
    calendar: Id | None = None


class Environment(Frozen):
    """Where the trouble is. `severity_cap`: the worst severity that counts there.

    `rehearsal`: data changes are tried here before production. Where a desk marks none, any
    environment but production will do.
    """

    id: Id
    name: Words
    production: bool = False
    rehearsal: bool = False
    severity_cap: Id | None = None


class EscalationStep(Frozen):
    """One rung: at a share of a target, or some time after it was missed."""

    id: Id
    clock: ClockName
    at_percent: int | None = Field(default=None, ge=1, le=100)
    after: Duration | None = None
    to: tuple[Receiver, ...]
    channel: Id | None = None
    severities: tuple[Id, ...] = ()


class Watch(StrEnum):
    """Something that should not go unnoticed, besides the clocks."""

    UNASSIGNED = "unassigned"  # nobody is assigned so long after opening
    UNREAD = "unread"  # the team was asked, some have not read
    NO_UPDATE = "no_update"  # nothing happened for so long
    AUTO_CLOSE = "auto_close"  # resolved for so long


class Reminder(Frozen):
    """What to do when something goes unnoticed for `after` (working time of `calendar`, if any)."""

    id: Id
    watch: Watch
    after: Duration
    calendar: Id | None = None
    to: tuple[Receiver, ...] = ()


class Swap(Frozen):
    """Another person stands in for one sprint."""

    sprint: int = Field(ge=1)
    person: Email


class Rota(Frozen):
    """Who is the third-line developer of which sprint."""

    start: dt.date
    sprint_days: int = Field(default=14, ge=1, le=60)
    people: tuple[Email, ...] = Field(min_length=1)
    swaps: tuple[Swap, ...] = ()

    def sprint_of(self, day: dt.date) -> int:
        """The number of the sprint which that day belongs to, from 1."""
        return (day - self.start).days // self.sprint_days + 1

    def developer_of(self, sprint: int) -> str:
        """The person whose sprint it is."""
        for swap in self.swaps:
            if swap.sprint == sprint:
                return swap.person
        return self.people[(sprint - 1) % len(self.people)]
