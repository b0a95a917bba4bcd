"""Business time: what a desk's people would expect of opening hours, pauses and days off."""

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.domain.business_calendar import BusinessCalendar, Pause
from shared.domain.business_hours import WEEKDAYS
from shared.domain.errors import Invalid

NINE_TO_FIVE = [["09:00", "17:00"]]
OFFICE = dict.fromkeys(WEEKDAYS[:5], NINE_TO_FIVE)
MONDAY = datetime(2026, 3, 2, tzinfo=UTC)


def office(zone: str = "UTC", **rules: object) -> BusinessCalendar:
    return BusinessCalendar.from_config(zone, OFFICE, **rules)  # type: ignore[arg-type] # a table's rows


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


def test_a_target_that_ends_at_closing_time_is_due_then() -> None:
    assert office().add(MONDAY + hours(9), hours(8)) == MONDAY + hours(17)


def test_a_start_outside_hours_counts_from_the_next_opening() -> None:
    friday_night = MONDAY - hours(3 * 24 - 20)
    assert office().add(friday_night, hours(1)) == MONDAY + hours(10)


def test_no_target_is_due_at_once_when_open_and_else_at_the_next_opening() -> None:
    assert office().add(MONDAY + hours(10), hours(0)) == MONDAY + hours(10)
    assert office().add(MONDAY + hours(17), hours(0)) == MONDAY + hours(33)


def test_no_target_within_a_pause_is_due_at_the_first_open_moment_after_it() -> None:
    pause = (MONDAY + hours(9), MONDAY + hours(11))
    assert office().due(MONDAY + hours(9), hours(0), [pause]) == MONDAY + hours(11)
    assert office().due(MONDAY + hours(1), hours(0), [pause]) == MONDAY + hours(11)


def test_a_target_that_is_reached_as_a_pause_begins_is_reached() -> None:
    pause = (MONDAY + hours(11), MONDAY + hours(12))
    assert office().due(MONDAY + hours(9), hours(2), [pause]) == MONDAY + hours(11)


def test_an_open_pause_leaves_no_due_time_unless_it_began_after_that() -> None:
    pause = (MONDAY + hours(11), None)
    assert office().due(MONDAY + hours(9), hours(3), [pause]) is None
    assert office().due(MONDAY + hours(9), hours(1), [pause]) == MONDAY + hours(10)


def test_an_open_pause_swallows_those_that_begin_in_it() -> None:
    pauses: list[Pause] = [
        (MONDAY + hours(12), MONDAY + hours(13)),
        (MONDAY + hours(10), None),
    ]
    assert office().due(MONDAY + hours(9), hours(2), pauses) is None
    assert office().elapsed(MONDAY + hours(9), MONDAY + hours(16), pauses) == hours(1)


def test_pauses_that_overlap_count_once() -> None:
    pauses = [
        (MONDAY + hours(10), MONDAY + hours(12)),
        (MONDAY + hours(11), MONDAY + hours(13)),
    ]
    assert office().due(MONDAY + hours(9), hours(2), pauses) == MONDAY + hours(14)


def test_a_pause_before_the_start_counts_for_nothing() -> None:
    pause = (MONDAY + hours(9), MONDAY + hours(10))
    assert office().due(MONDAY + hours(10), hours(1), [pause]) == MONDAY + hours(11)


def test_the_time_between_is_nothing_when_the_second_moment_is_not_later() -> None:
    assert office().between(MONDAY + hours(12), MONDAY + hours(10)) == hours(0)


def test_seconds_and_less_are_kept() -> None:
    odd = timedelta(minutes=30, seconds=7, microseconds=13)
    assert office().add(MONDAY + hours(9) + odd, odd) == MONDAY + hours(9) + 2 * odd


def test_a_break_is_not_working_time() -> None:
    calendar = BusinessCalendar.from_config(
        "UTC", {"mon": [["13:00", "17:00"], ["09:00", "12:15:30"]]}
    )
    assert calendar.add(MONDAY + hours(9), hours(4)) == MONDAY + timedelta(
        hours=13, minutes=44, seconds=30
    )


def test_a_night_shift_belongs_to_the_day_on_which_it_begins() -> None:
    calendar = BusinessCalendar.from_config(
        "UTC", {"mon": [["22:00", "06:00"]], "tue": [["22:00", "06:00"]]}, ["2026-03-03"]
    )
    assert calendar.is_open(MONDAY + hours(29))  # Tuesday, 05:00: Monday's
    assert not calendar.is_open(MONDAY + hours(47))  # Tuesday, 23:00: a holiday
    assert not calendar.is_open(MONDAY + hours(53))  # Wednesday, 05:00: Tuesday's


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_a_night_shift_runs_on_into_the_new_year(zone: str) -> None:
    calendar = BusinessCalendar.from_config(zone, {"wed": [["22:00", "06:00"]]})
    begin = datetime(2025, 12, 31, 22, tzinfo=ZoneInfo(zone))
    end = datetime(2026, 1, 1, 6, tzinfo=ZoneInfo(zone))
    assert calendar.between(begin, end) == hours(8)
    assert calendar.add(begin, hours(8)) == end


@pytest.mark.parametrize(
    ("evening", "worked"),
    [(datetime(2025, 3, 29, 21, tzinfo=UTC), 7), (datetime(2025, 10, 25, 20, tzinfo=UTC), 9)],
)
def test_the_night_of_a_clock_change_works_the_hours_that_really_pass(
    evening: datetime, worked: int
) -> None:
    calendar = BusinessCalendar.from_config("Europe/Berlin", {"sat": [["22:00", "06:00"]]})
    assert calendar.between(evening, evening + hours(24)) == hours(worked)


@pytest.mark.parametrize(
    ("rows", "opens", "closes"),
    [
        ([["02:30", "05:00"]], "2025-03-30T01:00", "2025-03-30T03:00"),  # skipped
        ([["00:30", "02:30"]], "2025-03-29T23:30", "2025-03-30T01:00"),
        ([["02:30", "05:00"]], "2025-10-26T00:30", "2025-10-26T04:00"),  # repeated
        ([["00:30", "02:30"]], "2025-10-25T22:30", "2025-10-26T00:30"),
    ],
)
def test_a_boundary_is_the_first_moment_at_which_the_clock_shows_it_or_later(
    rows: list[list[str]], opens: str, closes: str
) -> None:
    calendar = BusinessCalendar.from_config("Europe/Berlin", {"sun": rows})
    opening, closing = (datetime.fromisoformat(at).replace(tzinfo=UTC) for at in (opens, closes))
    assert calendar.next_opening(opening - hours(10)) == opening
    assert calendar.add(opening, closing - opening) == closing
    assert not calendar.is_open(closing)


def test_a_day_that_the_zone_skipped_has_no_hours() -> None:
    calendar = office("Pacific/Apia")
    thursday = datetime(2011, 12, 29, 19, tzinfo=UTC)  # 09:00, still east of the date line
    assert calendar.add(thursday, hours(9)) == datetime(2012, 1, 1, 20, tzinfo=UTC)


def test_public_holidays_of_the_subdivision_are_closed() -> None:
    epiphany = datetime(2026, 1, 6, 10, tzinfo=UTC)
    assert office(country="DE", subdivision="HH").is_open(epiphany)
    assert not office(country="DE", subdivision="BY").is_open(epiphany)


def test_a_half_day_has_its_own_hours_even_on_a_public_holiday() -> None:
    calendar = office(country="DE", half_days={"2026-12-25": [["10:00", "12:00"]]})
    christmas = datetime(2026, 12, 25, tzinfo=UTC)
    assert calendar.between(christmas, christmas + hours(24)) == hours(2)


def test_a_desk_that_is_always_open_counts_every_second() -> None:
    calendar = BusinessCalendar.from_config("Europe/Berlin", {}, always=True)
    assert calendar.add(MONDAY, timedelta(days=3653, seconds=1)) == MONDAY + timedelta(
        days=3653, seconds=1
    )


def test_hours_that_fill_every_day_are_the_same_as_always() -> None:
    full = BusinessCalendar.from_config(
        "Europe/Berlin", {day: [["00:00", "24:00"]] for day in WEEKDAYS}
    )
    assert full.between(MONDAY, MONDAY + timedelta(days=800)) == timedelta(days=800)


def test_calendars_with_the_same_rules_are_equal_and_hash_alike() -> None:
    assert len({office(holidays=["2026-12-24"]), office(holidays=[date(2026, 12, 24)])}) == 1
    assert office() != office("Europe/Berlin")


def test_times_of_any_zone_come_back_in_utc() -> None:
    berlin = datetime(2026, 3, 2, 10, tzinfo=ZoneInfo("Europe/Berlin"))
    due = office().due(berlin, hours(1), [(berlin, berlin + hours(1))])
    assert due == MONDAY + hours(11)
    assert due.tzinfo is UTC


def test_times_without_a_zone_are_refused() -> None:
    naive = MONDAY.replace(tzinfo=None)
    with pytest.raises(ValueError, match="without a zone"):
        office().add(naive, hours(1))
    with pytest.raises(ValueError, match="without a zone"):
        office().due(MONDAY, hours(1), [(naive, naive)])


def test_a_pause_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot end"):
        office().due(MONDAY, hours(1), [(MONDAY, MONDAY - hours(1))])


def test_negative_working_time_is_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        office().add(MONDAY, hours(-1))
    with pytest.raises(ValueError, match="negative"):
        office().due(MONDAY, hours(-1))


def test_holidays_that_leave_nothing_are_refused_after_a_bounded_look() -> None:
    days = [date(2026, 1, 1) + timedelta(n) for n in range(366 * 101)]
    calendar = office(holidays=days)
    with pytest.raises(Invalid, match="hours: no opening within 100 years"):
        calendar.next_opening(MONDAY)
    with pytest.raises(Invalid, match=r"hours: .* is not reached within 100 years"):
        calendar.add(MONDAY, hours(1))


def test_a_year_beyond_reason_is_refused() -> None:
    with pytest.raises(Invalid, match="not in the years 1900 to 2999"):
        office().is_open(datetime(1, 1, 1, tzinfo=UTC))


def test_the_holidays_library_is_loaded_only_when_a_country_is_asked_for() -> None:
    program = (
        "import sys; from shared.domain.business_calendar import BusinessCalendar as C;"
        "C.from_config('UTC', {'mon': [['09:00', '17:00']]}, country='DE');"
        "sys.exit('holidays' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)  # noqa: S603 - ours
