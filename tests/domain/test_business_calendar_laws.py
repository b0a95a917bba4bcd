"""The laws of business time, against a walk in steps that knows nothing of tables."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.domain.business_calendar import BusinessCalendar, Pause
from shared.domain.business_hours import WEEKDAYS

STEP = timedelta(minutes=5)
DAYS = 9
type Hours = list[tuple[int, int]]  # in steps from midnight; an end at or before its start is late

# A few days before the clocks change, or a new year begins.
WINDOWS = [
    ("Europe/Berlin", date(2025, 3, 27)),
    ("Europe/Berlin", date(2025, 10, 23)),
    ("America/New_York", date(2025, 3, 6)),
    ("America/New_York", date(2025, 10, 30)),
    ("Australia/Lord_Howe", date(2025, 4, 3)),
    ("Australia/Lord_Howe", date(2025, 10, 2)),
    ("Asia/Kathmandu", date(1985, 12, 29)),
    ("Asia/Kathmandu", date(2025, 5, 1)),
    ("America/Sao_Paulo", date(2018, 2, 15)),
    ("America/Sao_Paulo", date(2018, 11, 1)),
    ("Africa/Cairo", date(2025, 4, 22)),
    ("Africa/Cairo", date(2025, 10, 28)),
    ("Pacific/Apia", date(2011, 12, 27)),
    ("America/Havana", date(2025, 10, 30)),
    ("Europe/Berlin", date(2024, 12, 28)),
    ("Pacific/Apia", date(2024, 12, 28)),
]


class Walk:
    """What a person with the rules, a wall clock and much patience would note down."""

    def __init__(
        self, zone: str, first: date, weekly: list[Hours], own_days: dict[date, Hours]
    ) -> None:
        self.weekly, self.own_days = weekly, own_days
        self.start = datetime(first.year, first.month, first.day, tzinfo=UTC)
        before = 3 * 288  # enough to have the clock's furthest time right
        at = self.start - before * STEP
        furthest = datetime.min  # noqa: DTZ901 - the wall clock's
        self.open: list[bool] = []
        for step in range(before + DAYS * 288):
            shown = (at + step * STEP).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
            furthest = max(furthest, shown)
            if step >= before:
                self.open.append(self._says_open(furthest))

    def _says_open(self, shown: datetime) -> bool:
        today = shown.hour * 12 + shown.minute // 5
        return any(
            begin <= now < (end if end > begin else end + 288)
            for now, day in ((today, shown.date()), (today + 288, shown.date() - timedelta(1)))
            for begin, end in self.own_days.get(day, self.weekly[day.weekday()])
        )

    def working(self, pauses: list[tuple[int, int | None]]) -> list[bool]:
        """The open steps that no pause takes."""
        return [
            is_open and not any(b <= n and (e is None or n < e) for b, e in pauses)
            for n, is_open in enumerate(self.open)
        ]

    def due(self, start: int, target: int, pauses: list[tuple[int, int | None]]) -> int | None:
        steps = [n for n, works in enumerate(self.working(pauses)) if works and n >= start]
        if target == 0:
            return steps[0] if steps else None
        return steps[target - 1] + 1 if len(steps) >= target else None

    def at(self, step: int) -> datetime:
        return self.start + step * STEP


@st.composite
def some_hours(draw: st.DrawFn) -> Hours:
    points = sorted(draw(st.sets(st.integers(0, 288), max_size=6)))
    return list(zip(points[::2], points[1::2], strict=False))


@st.composite
def some_weeks(draw: st.DrawFn) -> list[Hours]:
    weekly = [draw(some_hours()) for _ in WEEKDAYS]
    for number in range(7):
        last = max((end for _, end in weekly[number]), default=0)
        first = min((begin for begin, _ in weekly[(number + 1) % 7]), default=288)
        if last < 288 and draw(st.booleans()):
            night = draw(st.integers(max(last, 144), 287)), draw(st.integers(0, min(first, 143)))
            weekly[number].append(night)
    assume(any(weekly))
    return weekly


def words(hours: Hours) -> list[list[str]]:
    return [[f"{n // 12:02}:{n % 12 * 5:02}" for n in interval] for interval in hours]


type Rules = tuple[str, date, list[Hours], dict[date, Hours]]


@st.composite
def some_rules(draw: st.DrawFn) -> Rules:
    zone, first = draw(st.sampled_from(WINDOWS))
    weekly = draw(some_weeks())
    offsets = st.integers(-1, DAYS)
    own = {
        first + timedelta(n): hours
        for n, hours in draw(st.dictionaries(offsets, some_hours(), max_size=3)).items()
    }
    return zone, first, weekly, own


def calendar_of(rules: Rules) -> BusinessCalendar:
    zone, _, weekly, own = rules
    return BusinessCalendar.from_config(
        zone,
        {name: words(hours) for name, hours in zip(WEEKDAYS, weekly, strict=True)},
        [day for day, hours in own.items() if not hours],
        half_days={day: words(hours) for day, hours in own.items() if hours},
    )


WORLDS = some_rules().map(lambda rules: (Walk(*rules), calendar_of(rules)))
CALENDARS = some_rules().map(calendar_of)
# How long one takes depends on who else works on the machine.
steady = settings(deadline=None, max_examples=60)
STEPS = st.integers(0, DAYS * 288 - 1)


@st.composite
def some_pauses(draw: st.DrawFn) -> list[tuple[int, int | None]]:
    pauses: list[tuple[int, int | None]] = []
    for begin, length in draw(st.lists(st.tuples(STEPS, st.integers(0, 600)), max_size=4)):
        pauses.append((begin, begin + length))
    if draw(st.integers(0, 3)) == 0:
        pauses.append((draw(STEPS), None))
    return draw(st.permutations(pauses))


def real(walk: Walk, pauses: list[tuple[int, int | None]]) -> list[Pause]:
    return [(walk.at(b), None if e is None else walk.at(e)) for b, e in pauses]


@steady
@given(WORLDS, STEPS)
def test_open_hours_are_what_the_walk_notes(
    world: tuple[Walk, BusinessCalendar], step: int
) -> None:
    walk, calendar = world
    assert calendar.is_open(walk.at(step)) == walk.open[step]


@steady
@given(WORLDS, STEPS)
def test_the_next_opening_is_the_walks_next_open_step(
    world: tuple[Walk, BusinessCalendar], step: int
) -> None:
    walk, calendar = world
    opening = calendar.next_opening(walk.at(step))
    if True in walk.open[step:]:
        assert opening == walk.at(walk.open.index(True, step))
    else:
        assert opening >= walk.at(DAYS * 288)


@steady
@given(WORLDS, STEPS, st.integers(0, 800), some_pauses())
def test_a_due_time_is_the_walks(
    world: tuple[Walk, BusinessCalendar],
    start: int,
    target: int,
    pauses: list[tuple[int, int | None]],
) -> None:
    walk, calendar = world
    due = calendar.due(walk.at(start), target * STEP, real(walk, pauses))
    noted = walk.due(start, target, pauses)
    if noted is not None:
        assert due == walk.at(noted)
    elif any(end is None for _, end in pauses):
        assert due is None
    else:
        assert due is not None
        assert due >= walk.at(DAYS * 288)


@steady
@given(WORLDS, STEPS, STEPS, some_pauses())
def test_elapsed_time_is_the_walks(
    world: tuple[Walk, BusinessCalendar],
    start: int,
    until: int,
    pauses: list[tuple[int, int | None]],
) -> None:
    walk, calendar = world
    noted = sum(walk.working(pauses)[start:until]) * STEP
    assert calendar.elapsed(walk.at(start), walk.at(until), real(walk, pauses)) == noted


# To the microsecond; with five minutes a week twenty hours take years, too long for a walk.
MOMENTS = st.datetimes(datetime(2024, 6, 1), datetime(2026, 6, 1), timezones=st.just(UTC))  # noqa: DTZ001
SPANS = st.timedeltas(timedelta(0), timedelta(hours=20))


@steady
@given(CALENDARS, MOMENTS, SPANS)
def test_the_time_between_a_start_and_what_is_added_is_what_was_added(
    calendar: BusinessCalendar, start: datetime, working: timedelta
) -> None:
    assert calendar.between(start, calendar.add(start, working)) == working


@steady
@given(CALENDARS, MOMENTS, MOMENTS)
def test_adding_the_time_between_arrives_no_later_with_nothing_worked_after(
    calendar: BusinessCalendar, a: datetime, b: datetime
) -> None:
    worked = calendar.between(a, b)
    assume(worked)
    arrived = calendar.add(a, worked)
    assert arrived <= b
    assert calendar.between(arrived, b) == timedelta(0)


@steady
@given(CALENDARS, st.lists(MOMENTS, min_size=3, max_size=3))
def test_working_time_adds_up_over_any_moment_between(
    calendar: BusinessCalendar, moments: list[datetime]
) -> None:
    a, b, c = sorted(moments)
    assert calendar.between(a, b) + calendar.between(b, c) == calendar.between(a, c)


PAUSES = st.lists(
    st.tuples(MOMENTS, st.timedeltas(timedelta(0), timedelta(days=90))).map(
        lambda pause: (pause[0], pause[0] + pause[1])
    ),
    max_size=4,
)


@steady
@given(CALENDARS, MOMENTS, SPANS, PAUSES)
def test_a_due_time_is_in_business_hours_or_at_their_end(
    calendar: BusinessCalendar,
    start: datetime,
    target: timedelta,
    pauses: list[Pause],
) -> None:
    due = calendar.due(start, target, pauses)
    assert due is not None
    assert calendar.is_open(due) or (target and calendar.is_open(due - timedelta.resolution))


@steady
@given(CALENDARS, MOMENTS, SPANS, PAUSES)
def test_at_the_due_time_the_target_is_used_up(
    calendar: BusinessCalendar,
    start: datetime,
    target: timedelta,
    pauses: list[Pause],
) -> None:
    due = calendar.due(start, target, pauses)
    assert due is not None
    assert calendar.elapsed(start, due, pauses) == target


@steady
@given(CALENDARS, MOMENTS, SPANS, PAUSES, PAUSES)
def test_more_pauses_never_bring_a_due_time_nearer(
    calendar: BusinessCalendar,
    start: datetime,
    target: timedelta,
    pauses: list[Pause],
    more: list[Pause],
) -> None:
    due = calendar.due(start, target, pauses)
    later = calendar.due(start, target, [*pauses, *more])
    assert due is not None
    assert later is not None
    assert due <= later


@steady
@given(CALENDARS, MOMENTS, SPANS, SPANS, SPANS, PAUSES)
def test_a_later_start_or_a_larger_target_is_never_due_earlier(
    calendar: BusinessCalendar,
    start: datetime,
    wait: timedelta,
    target: timedelta,
    extra: timedelta,
    pauses: list[Pause],
) -> None:
    due = calendar.due(start, target, pauses)
    later = calendar.due(start + wait, target + extra, pauses)
    assert due is not None
    assert later is not None
    assert due <= later
