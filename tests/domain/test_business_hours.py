"""What a desk may not write into a calendar."""

from datetime import UTC, datetime

import pytest

from shared.domain.business_calendar import BusinessCalendar
from shared.domain.business_hours import WEEKDAYS
from shared.domain.errors import Invalid

NINE_TO_FIVE = [["09:00", "17:00"]]
OFFICE = dict.fromkeys(WEEKDAYS[:5], NINE_TO_FIVE)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"timezone": "Europe/berlim"}, "timezone: .*did you mean 'Europe/Berlin'"),
        ({"timezone": "Europe"}, "timezone: 'Europe' is not a time zone"),
        ({"hours": {}}, "hours: leave no working time"),
        ({"hours": {"mon": []}}, "hours: leave no working time"),
        ({"hours": []}, "hours: must map"),
        ({"hours": {"monday": NINE_TO_FIVE}}, "hours.monday: is not a day; did you mean 'mon'"),
        ({"hours": {"mon": ["09:00", "17:00"]}}, r"hours.mon\[0\]: must be a list"),
        ({"hours": {"mon": [["09:00"]]}}, r"hours.mon\[0\]: must be a pair"),
        ({"hours": {"mon": [["9:00", "17:00"]]}}, r"hours.mon\[0\]: '9:00' is not a time"),
        ({"hours": {"mon": [["09:00", 1020]]}}, r"hours.mon\[0\]: 1020 is not .*quotes"),
        ({"hours": {"mon": [["09:00", "24:01"]]}}, r"hours.mon\[0\]: '24:01'"),
        ({"hours": {"mon": [["09:00", "09:00"]]}}, r"hours.mon\[0\]: 09:00-09:00"),
        ({"hours": {"mon": [["24:00", "06:00"]]}}, r"hours.mon\[0\]: 24:00-06:00"),
        (
            {"hours": {"mon": [["09:00", "13:00"], ["12:00", "17:00"]]}},
            "hours.mon: 12:00-17:00 overlaps 09:00-13:00",
        ),
        (
            {"hours": {"sun": [["22:00", "06:00"]], "mon": [["05:00", "07:00"]]}},
            "hours.sun: 22:00-06:00 overlaps 05:00-07:00 on mon",
        ),
        ({"holidays": ["24.12.2026"]}, r"holidays\[0\]: 24.12.2026 is not a date"),
        ({"holidays": "2026-12-24"}, "holidays: must be a list"),
        ({"holidays": [datetime(2026, 3, 2, tzinfo=UTC)]}, r"holidays\[0\]"),
        ({"half_days": {"2026-12-24": [["9", "12"]]}}, r"half_days.2026-12-24\[0\]: '9'"),
        (
            {"holidays": ["2026-12-24"], "half_days": {"2026-12-24": []}},
            "half_days.2026-12-24: is listed twice",
        ),
        ({"half_days": [1]}, "half_days: must map"),
        ({"subdivision": "BY"}, "subdivision: needs a country"),
        ({"country": "De"}, "country: 'De' is unknown; did you mean 'DE'"),
        ({"country": "XX"}, "country: 'XX' is unknown"),
        ({"country": "DE", "subdivision": "by"}, "subdivision: .* in DE; did you mean 'BY'"),
        ({"always": True}, "always: leaves no room for hours"),
    ],
)
def test_a_wrong_calendar_is_refused_with_the_field_and_the_nearest_name(
    rules: dict[str, object], message: str
) -> None:
    given_rules: dict[str, object] = {"timezone": "UTC", "hours": OFFICE, **rules}
    with pytest.raises(Invalid, match=message):
        BusinessCalendar.from_config(**given_rules).verify()  # type: ignore[arg-type] # a table's rows
