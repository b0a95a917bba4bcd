"""Times, durations and sizes in words, in the reader's language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from zoneinfo import ZoneInfo

_UNITS = {
    "en": (("day", "days"), ("hour", "hours"), ("minute", "minutes")),
    "fr": (("jour", "jours"), ("heure", "heures"), ("minute", "minutes")),
}


def duration(value: dt.timedelta, language: str = "en") -> str:
    """`4 hours`, `1 hour 30 minutes`: targets count working hours, so there are no days here."""
    _, hour, minute = _UNITS.get(language, _UNITS["en"])
    hours, rest = divmod(int(value.total_seconds()), 3600)
    parts = []
    for count, (one, many) in ((hours, hour), (rest // 60, minute)):
        if count:
            parts.append(f"{count} {one if count == 1 else many}")
    return " ".join(parts) or f"0 {minute[1]}"


def span(value: dt.timedelta) -> str:
    """About how long, for lists: `3 d 4 h`, `2 h 5 min`, `40 s`."""
    seconds = int(abs(value.total_seconds()))
    days, seconds = divmod(seconds, 86400)
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else f"{seconds} s"


def moment(at: dt.datetime, zone: str = "UTC", language: str = "en") -> str:
    """`Mon 23 Nov 2026, 14:05 EST`; in French `lun. 23 nov. 2026, 14:05 HNE`."""
    from babel.dates import format_datetime  # noqa: PLC0415  # loads locale data

    local = at.astimezone(ZoneInfo(zone))
    text = format_datetime(local, "EEE d MMM yyyy, HH:mm", locale=language)
    return f"{text} {_zone_name(local, language)}"


def _zone_name(local: dt.datetime, language: str) -> str:
    """`EST`, `HNE`; the difference from UTC where the language has no short name."""
    from babel.dates import get_timezone_name  # noqa: PLC0415

    name = local.tzname() or ""
    if language == "fr" and name != "UTC":
        name = get_timezone_name(local, "short", locale="fr_CA")  # plain fr knows no HAE
    if name.isalpha():
        return name
    minutes = int((local.utcoffset() or dt.timedelta()).total_seconds() // 60)
    hours, rest = divmod(abs(minutes), 60)
    return f"UTC{'-' if minutes < 0 else '+'}{hours}" + (f":{rest:02}" if rest else "")


def day(at: dt.date, language: str = "en") -> str:
    """`Sun 22 Nov 2026`, `dim. 22 nov. 2026`."""
    from babel.dates import format_date  # noqa: PLC0415

    return format_date(at, "EEE d MMM yyyy", locale=language)


def answers(
    given: Iterable[tuple[str, str | dt.date]], language: str = "en"
) -> list[tuple[str, str]]:
    """A form's questions and answers, days in words."""
    return [
        (label, day(answer, language) if isinstance(answer, dt.date) else answer)
        for label, answer in given
    ]


def short_moment(at: dt.datetime, zone: str) -> str:
    """`Mon 23 Nov 14:05`, for subjects: in the reader's own zone, near enough to need no year."""
    from babel.dates import format_datetime  # noqa: PLC0415

    return format_datetime(at.astimezone(ZoneInfo(zone)), "EEE d MMM HH:mm", locale="en")


def size(count: int) -> str:
    """`340 B`, `12 KB`, `3.4 MB`."""
    if count < 1024:
        return f"{count} B"
    if count < 1024 * 1024:
        return f"{count / 1024:.0f} KB"
    return f"{count / 1024 / 1024:.1f} MB"
