"""Reading a calendar's hours, days off and zone from a desk's configuration."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from difflib import get_close_matches
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

from shared.domain.errors import Invalid

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Seconds from the midnight with which the day begins; past 86,400 runs into the next day.
type Interval = tuple[int, int]

_DAY = 86_400


@lru_cache(maxsize=1024)
def public_holidays(country: str, subdivision: str | None, year: int) -> frozenset[date]:
    """A country's public holidays in a year, or Invalid; after the library's last year none."""
    from holidays import country_holidays  # noqa: PLC0415 - the import takes 0.1 s

    # The library also takes the names of its own classes.
    if not re.fullmatch("[A-Z]{2}", country):
        raise _unknown(country, subdivision)
    try:
        return frozenset(country_holidays(country, subdiv=subdivision, years=year))
    except NotImplementedError as error:
        raise _unknown(country, subdivision) from error


def _unknown(country: str, subdivision: str | None) -> Invalid:
    from holidays import list_supported_countries  # noqa: PLC0415 - as above

    known = list_supported_countries()
    if country not in known:
        return Invalid.of("country", f"{country!r} is unknown{_nearest(country, known)}")
    hint = _nearest(str(subdivision), known[country])
    return Invalid.of("subdivision", f"{subdivision!r} is unknown in {country}{hint}")


def _nearest(name: str, known: Iterable[str]) -> str:
    by_lower = {candidate.lower(): candidate for candidate in known}
    close = get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    return f"; did you mean {by_lower[close[0]]!r}?" if close else ""


def read_zone(name: str) -> ZoneInfo:
    """The zone of that IANA name, or Invalid with the nearest valid name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError) as error:
        hint = _nearest(str(name), available_timezones())
        raise Invalid.of("timezone", f"{name!r} is not a time zone{hint}") from error


def read_weekly(hours: Mapping[str, Sequence[Sequence[str]]]) -> tuple[tuple[Interval, ...], ...]:
    """Intervals for each day from Monday on, or Invalid; none may overlap, nights included."""
    if not isinstance(hours, Mapping):
        raise Invalid.of("hours", "must map days to intervals")
    for name in hours:
        if name not in WEEKDAYS:
            raise Invalid.of(f"hours.{name}", f"is not a day{_nearest(str(name), WEEKDAYS)}")
    weekly = tuple(_intervals(hours.get(name, ()), f"hours.{name}") for name in WEEKDAYS)
    if not any(weekly):
        raise Invalid.of("hours", "leave no working time in any week")
    for number, name in enumerate(WEEKDAYS):
        today, tomorrow = weekly[number], weekly[(number + 1) % 7]
        if today and tomorrow and today[-1][1] - _DAY > tomorrow[0][0]:
            following = WEEKDAYS[(number + 1) % 7]
            message = f"{_shown(today[-1])} overlaps {_shown(tomorrow[0])} on {following}"
            raise Invalid.of(f"hours.{name}", message)
    return weekly


def read_own_days(
    days_off: Sequence[str | date], half_days: Mapping[str | date, Sequence[Sequence[str]]]
) -> dict[date, tuple[Interval, ...]]:
    """The hours of days that differ from their weekday's: none at all on a day off."""
    own: dict[date, tuple[Interval, ...]] = {}
    for number, day in enumerate(_listed(days_off, "holidays")):
        own[_date(day, f"holidays[{number}]")] = ()
    if not isinstance(half_days, Mapping):
        raise Invalid.of("half_days", "must map dates to intervals")
    for day, rows in half_days.items():
        where = f"half_days.{day}"
        parsed = _date(day, where)
        if parsed in own:
            raise Invalid.of(where, "is listed twice, or a holiday as well")
        own[parsed] = _intervals(rows, where)
    return own


def _intervals(rows: Sequence[Sequence[str]], where: str) -> tuple[Interval, ...]:
    found = [_interval(row, f"{where}[{n}]") for n, row in enumerate(_listed(rows, where))]
    found.sort()
    for earlier, later in pairwise(found):
        if later[0] < earlier[1]:
            raise Invalid.of(where, f"{_shown(later)} overlaps {_shown(earlier)}")
    return tuple(found)


def _interval(row: Sequence[str], where: str) -> Interval:
    bounds = _listed(row, where)
    if len(bounds) != 2:
        raise Invalid.of(where, "must be a pair of times, from and to")
    begin, end = (_time_of_day(bound, where) for bound in bounds)
    if begin in (_DAY, end):
        raise Invalid.of(
            where, f"{_shown((begin, end))} must begin before 24:00 and before it ends"
        )
    return begin, end if end > begin else end + _DAY


def _time_of_day(text: object, where: str) -> int:
    """Seconds since midnight."""
    found = re.fullmatch(r"(\d\d):(\d\d)(?::(\d\d))?", text) if isinstance(text, str) else None
    if found:
        hour, minute, second = (int(part or 0) for part in found.groups())
        seconds = hour * 3600 + minute * 60 + second
        if minute < 60 and second < 60 and seconds <= _DAY:
            return seconds
    # YAML reads an unquoted 22:00 as the number 1320.
    raise Invalid.of(where, f'{text!r} is not a time of day such as "09:30", in quotes')


def _date(value: object, where: str) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise Invalid.of(where, f"{value} is not a date such as 2026-12-24") from error


def _listed[Item](value: Sequence[Item], where: str) -> Sequence[Item]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise Invalid.of(where, f"must be a list, not {value!r}")
    return value


def _shown(interval: Interval) -> str:
    begin, end = interval
    clock = (begin, end - _DAY if end > _DAY else end)
    return "-".join(f"{s // 3600:02}:{s % 3600 // 60:02}" for s in clock)
