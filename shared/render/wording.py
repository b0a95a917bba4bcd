"""Times, durations and sizes in words, in the reader's language."""

from __future__ import annotations

import datetime as dt
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
    """`Mon 23 Nov 2026, 14:05 EST`."""
    from babel.dates import format_datetime  # noqa: PLC0415  # loads locale data

    local = at.astimezone(ZoneInfo(zone))
    text = format_datetime(local, "EEE d MMM yyyy, HH:mm", locale=language)
    return f"{text} {local.tzname()}"


def size(count: int) -> str:
    """`340 B`, `12 KB`, `3.4 MB`."""
    if count < 1000:
        return f"{count} B"
    if count < 1_000_000:
        return f"{count / 1000:.0f} KB"
    return f"{count / 1_000_000:.1f} MB"
