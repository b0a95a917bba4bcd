"""Business time: when a desk works, how long it worked, and when a target falls due."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate, pairwise
from operator import sub
from zoneinfo import ZoneInfo

from shared.domain.business_hours import (
    Interval,
    public_holidays,
    read_own_days,
    read_weekly,
    read_zone,
)
from shared.domain.errors import Invalid

# A target that is not reached by then is a mistake in the calendar or in the target.
HORIZON_YEARS = 100
# Outside these years a date is a typing mistake, and the zones' rules mean nothing.
YEARS = range(1900, 3000)

# From and to; a pause without an end is still open.
type Pause = tuple[datetime, datetime | None]

_DAY = 86_400
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NOTHING = timedelta(0)
_ALL_TIME = (-(10**12), 10**12)
_FOREVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class BusinessCalendar:
    """When a desk works. Compares by its rules; make it once and keep it, since it caches years.

    Wall-clock hours in `zone` say when the desk is open. An interval belongs to the day on which
    it begins: a holiday takes away the night shift that begins on it, and leaves the end of the
    one from the day before (hours split at midnight do otherwise). A boundary is the first moment
    at which the clock shows it or later: the change itself if skipped, the first of two if
    repeated. Working time is the time that really passes in between.

    All times must be aware, of any zone (else ValueError), and come back in UTC. Opening is part
    of business hours, closing is not. Working time is looked up in a table per year, so ten
    years cost what a day does once the tables are there.
    """

    zone: ZoneInfo
    weekly: tuple[tuple[Interval, ...], ...]
    own_days: frozenset[tuple[date, tuple[Interval, ...]]] = frozenset()
    country: str | None = None
    subdivision: str | None = None
    always: bool = False
    _own: dict[date, tuple[Interval, ...]] = field(init=False, compare=False, repr=False)
    _years: dict[int, _Year] = field(init=False, compare=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_own", dict(self.own_days))

    @classmethod
    def from_config(
        cls,
        timezone: str,
        hours: Mapping[str, Sequence[Sequence[str]]],
        holidays: Sequence[str | date] = (),
        *,
        country: str | None = None,
        subdivision: str | None = None,
        half_days: Mapping[str | date, Sequence[Sequence[str]]] | None = None,
        always: bool = False,
    ) -> BusinessCalendar:
        """A calendar from a desk's own words; raises Invalid with the field that is wrong.

        `hours`: `{"mon": [["09:00", "12:30"], ["22:00", "06:00"]], ...}`, `HH:MM[:SS]`, up to
        `24:00`; an end at or before its start is the next day's; a missing day is closed.
        `holidays`: days on which nothing begins, beside the public ones of `country` (ISO 3166).
        `half_days`: dates with hours of their own, public holiday or not. `always`: 24x7, which
        leaves nothing else to say. Country names are looked up at first use: see `verify`.
        """
        zone = read_zone(timezone)
        if always:
            if hours or holidays or half_days or country or subdivision:
                raise Invalid.of("always", "leaves no room for hours or days off")
            return cls(zone, ((),) * 7, always=True)
        if subdivision and not country:
            raise Invalid.of("subdivision", "needs a country")
        weekly, own_days = read_weekly(hours), read_own_days(holidays, half_days or {})
        return cls(zone, weekly, frozenset(own_days.items()), country, subdivision)

    def verify(self) -> None:
        """Look the country up now, which takes 0.1 s; raises Invalid if it is unknown."""
        if self.country:
            public_holidays(self.country, self.subdivision, 2000)

    def is_open(self, at: datetime) -> bool:
        """Whether the moment lies in business hours."""
        instant, year = _instant(at)
        return self._year(year).is_open(instant)

    def next_opening(self, at: datetime) -> datetime:
        """The moment itself if open, else when the desk opens next."""
        instant, first = _instant(at)
        for year in range(first, first + HORIZON_YEARS + 1):
            found = self._year(year).next_opening(instant)
            if found is not None:
                return _moment(found)
        raise Invalid.of("hours", f"no opening within {HORIZON_YEARS} years after {at}")

    def add(self, start: datetime, working: timedelta) -> datetime:
        """When that much working time has passed since start.

        Ends exactly at closing time if it is used up then; no time at all is `next_opening`.
        """
        if working < _NOTHING:
            raise ValueError(f"working time cannot be negative: {working}")
        if not working:
            return self.next_opening(start)
        instant, first = _instant(start)
        need = working // _MICROSECOND + self._year(first).worked_before(instant)
        for number in range(first, first + HORIZON_YEARS + 1):
            year = self._year(number)
            if need <= year.total:
                return _moment(year.when_worked(need))
            need -= year.total
        raise Invalid.of("hours", f"{working} is not reached within {HORIZON_YEARS} years")

    def between(self, a: datetime, b: datetime) -> timedelta:
        """Working time from a to b; none if b is not after a."""
        (start, first), (end, last) = _instant(a), _instant(b)
        if end <= start:
            return _NOTHING
        whole = sum(self._year(year).total for year in range(first, last))
        worked = self._year(last).worked_before(end) - self._year(first).worked_before(start)
        return timedelta(microseconds=whole + worked)

    def due(
        self, start: datetime, target: timedelta, pauses: Sequence[Pause] = ()
    ) -> datetime | None:
        """When working time since start, with pauses taken out, reaches the target.

        None if a pause that is still open begins before that. A target that is reached as a pause
        begins is reached. Without a target it is the first open moment that is not in a pause.
        Pauses may overlap, in any order; ValueError if one ends before it begins.
        """
        if target < _NOTHING:
            raise ValueError(f"a target cannot be negative: {target}")
        if not pauses:
            return self.add(start, target)
        cursor, need = start, target
        for begin, end in _merged(start, pauses):
            if need:
                worked = self.between(cursor, begin)
                if worked >= need:
                    break
                need -= worked
            elif self.next_opening(cursor) < begin:
                break
            if end == _FOREVER:
                return None
            cursor = end
        return self.add(cursor, need)

    def elapsed(self, start: datetime, until: datetime, pauses: Sequence[Pause] = ()) -> timedelta:
        """Working time used from start until then, with pauses taken out."""
        if not pauses:
            return self.between(start, until)
        paused = (self.between(begin, min(end, until)) for begin, end in _merged(start, pauses))
        return self.between(start, until) - sum(paused, _NOTHING)

    def _year(self, number: int) -> _Year:
        # Two threads may both build a year; they build the same.
        found = self._years.get(number)
        if found is None:
            found = self._years[number] = _Year.of(number, self._stretches(number))
        return found

    def _stretches(self, year: int) -> Iterator[tuple[int, int]]:
        """All that may touch a UTC year, as seconds since 1970: neighbours' nights included."""
        if self.always:
            yield _ALL_TIME
            return
        first = datetime(year - 1, 12, 29)  # noqa: DTZ001 - the wall clock's
        days = [first + timedelta(n) for n in range(372)]
        midnights = [_resolve(day, self.zone) for day in days]
        lengths = [later - earlier for earlier, later in pairwise(midnights)]
        for day, midnight, two_days in zip(days, midnights, pairwise(lengths), strict=False):
            for begin, end in self._hours_of(day.date()):
                if two_days == (_DAY, _DAY):  # the clocks do not change: plain sums will do
                    yield midnight + begin, midnight + end
                else:
                    opening, closing = day + timedelta(seconds=begin), day + timedelta(seconds=end)
                    yield _resolve(opening, self.zone), _resolve(closing, self.zone)

    def _hours_of(self, day: date) -> tuple[Interval, ...]:
        own = self._own.get(day)
        if own is not None:
            return own
        if self.country and day in public_holidays(self.country, self.subdivision, day.year):
            return ()
        return self.weekly[day.weekday()]


@dataclass(frozen=True, slots=True)
class _Year:
    """A UTC year's open stretches, apart and in order, in microseconds since 1970."""

    opens: tuple[int, ...]
    closes: tuple[int, ...]
    before: tuple[int, ...]  # working time from the year's beginning to each opening
    total: int

    @classmethod
    def of(cls, number: int, stretches: Iterator[tuple[int, int]]) -> _Year:
        """From seconds; what overlaps, touches or sticks out of the year is joined and cut."""
        first, last = (int(datetime(n, 1, 1, tzinfo=UTC).timestamp()) for n in (number, number + 1))
        joined: list[tuple[int, int]] = []
        for begin, end in sorted((max(b, first), min(e, last)) for b, e in stretches):
            if begin >= end:
                continue
            if joined and begin <= joined[-1][1]:
                joined[-1] = joined[-1][0], max(joined[-1][1], end)
            else:
                joined.append((begin, end))
        opens, closes = (tuple(stretch[n] * 1_000_000 for stretch in joined) for n in (0, 1))
        *before, total = accumulate(map(sub, closes, opens), initial=0)
        return cls(opens, closes, tuple(before), total)

    def is_open(self, at: int) -> bool:
        last = bisect_right(self.opens, at) - 1
        return last >= 0 and at < self.closes[last]

    def next_opening(self, at: int) -> int | None:
        if self.is_open(at):
            return at
        following = bisect_right(self.opens, at)
        return self.opens[following] if following < len(self.opens) else None

    def worked_before(self, at: int) -> int:
        last = bisect_right(self.opens, at) - 1
        if last < 0:
            return 0
        return self.before[last] + min(at, self.closes[last]) - self.opens[last]

    def when_worked(self, worked: int) -> int:
        """The first moment by which that much was worked in the year: from 1 to its total."""
        last = bisect_left(self.before, worked) - 1
        return self.opens[last] + worked - self.before[last]


def _instant(at: datetime) -> tuple[int, int]:
    """Microseconds since 1970, and the UTC year."""
    moment = _utc(at)
    return (moment - _EPOCH) // _MICROSECOND, moment.year


def _utc(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError(f"a time without a zone cannot be placed: {at}")
    if at.year not in YEARS:
        raise Invalid.of("time", f"{at} is not in the years {YEARS[0]} to {YEARS[-1]}")
    return at.astimezone(UTC)


def _moment(instant: int) -> datetime:
    return _EPOCH + timedelta(microseconds=instant)


def _resolve(wall: datetime, zone: ZoneInfo) -> int:
    """Seconds since 1970 of a wall-clock time, in a gap or a repeated hour as the class says."""
    first = int(wall.replace(tzinfo=zone).timestamp())
    later = wall.replace(tzinfo=zone, fold=1)
    second = int(later.timestamp())
    if second >= first:
        return first

    # In a gap fold=0 counts from the offset before the change, fold=1 from the one after it
    # (PEP 495), so the change lies between the two moments.
    def is_changed(seconds: int) -> bool:
        return datetime.fromtimestamp(second + seconds, zone).utcoffset() == later.utcoffset()

    return second + bisect_left(range(first - second), True, key=is_changed)


def _merged(start: datetime, pauses: Sequence[Pause]) -> list[tuple[datetime, datetime]]:
    """Pauses after start, apart and in order; one that is still open ends at _FOREVER."""
    first = _utc(start)
    merged: list[tuple[datetime, datetime]] = []
    for begin, end in sorted((_utc(b), _FOREVER if e is None else _utc(e)) for b, e in pauses):
        if end < begin:
            raise ValueError(f"a pause from {begin} cannot end at {end}")
        if end <= max(first, begin):
            continue
        if merged and begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((max(first, begin), end))
    return merged
