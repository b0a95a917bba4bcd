"""`python -m local.sla_due`: due times for JSON lines of calendar, start, target and pauses."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from shared.domain.business_calendar import HORIZON_YEARS, YEARS, BusinessCalendar, Pause
from shared.domain.errors import Invalid

CALENDAR_FIELDS = (
    "timezone",
    "hours",
    "holidays",
    "country",
    "subdivision",
    "half_days",
    "always",
)
MAX_MINUTES = HORIZON_YEARS * 366 * 24 * 60


def answers(lines: Iterable[bytes]) -> Iterator[str]:
    """One JSON answer for each line that is not blank: `due` (UTC, or null), else `error`."""
    for line in lines:
        if line.strip():
            yield json.dumps(_answer(line))


def _answer(line: bytes) -> dict[str, str | None]:
    try:
        return {"due": _due(_parsed(line))}
    except Invalid as error:
        return {"error": str(error)}


def _parsed(line: bytes) -> object:
    try:
        parsed: object = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Invalid.of("line", f"is not JSON: {error}") from error
    return parsed


def _due(question: object) -> str | None:
    if not isinstance(question, dict):
        raise Invalid.of("line", "must be a JSON object")
    calendar = _calendar(_required(question, "calendar"))
    start = _moment(_required(question, "start"), "start")
    target = _target(_required(question, "target_minutes"))
    due = calendar.due(start, target, _pauses(question.get("pauses")))
    return None if due is None else due.isoformat().replace("+00:00", "Z")


def _required(question: Mapping[str, object], name: str) -> object:
    if question.get(name) is None:
        raise Invalid.of(name, "is missing")
    return question[name]


def _calendar(config: object) -> BusinessCalendar:
    if not isinstance(config, dict):
        raise Invalid.of("calendar", "must be an object")
    for name in config:
        if name not in CALENDAR_FIELDS:
            close = get_close_matches(name, CALENDAR_FIELDS, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise Invalid.of(f"calendar.{name}", f"is not a field{hint}")
    return _made(json.dumps(config, sort_keys=True))


# A file of questions tends to ask about few calendars, and each caches its years.
@lru_cache(maxsize=64)
def _made(config: str) -> BusinessCalendar:
    given = {name: value for name, value in json.loads(config).items() if value is not None}
    always = given.setdefault("always", False)
    if not isinstance(always, bool):
        raise Invalid.of("calendar.always", "must be true or false")
    for name in ("timezone", "country", "subdivision"):
        if not isinstance(given.get(name, ""), str):
            raise Invalid.of(f"calendar.{name}", "must be a string")
    for name, default in (("timezone", "UTC"), ("hours", {})):
        if name not in given and not always:
            raise Invalid.of(f"calendar.{name}", "is missing")
        given.setdefault(name, default)
    try:
        calendar = BusinessCalendar.from_config(**given)
        calendar.verify()
    except Invalid as error:
        first = error.errors[0]
        raise Invalid.of(f"calendar.{first.field}", first.message) from error
    return calendar


def _target(minutes: object) -> timedelta:
    if isinstance(minutes, bool) or not isinstance(minutes, int | float):
        raise Invalid.of("target_minutes", "must be a number")
    if not 0 <= minutes <= MAX_MINUTES:
        raise Invalid.of("target_minutes", f"must be from 0 to {MAX_MINUTES}")
    return timedelta(minutes=minutes)


def _pauses(given: object) -> list[Pause]:
    if given is None:
        return []
    if not isinstance(given, list):
        raise Invalid.of("pauses", "must be a list of [begin, end]")
    return [_pause(pair, f"pauses[{number}]") for number, pair in enumerate(given)]


def _pause(pair: object, where: str) -> Pause:
    if not isinstance(pair, list) or len(pair) != 2:
        raise Invalid.of(where, "must be [begin, end]; an end of null is still open")
    begin = _moment(pair[0], where)
    end = None if pair[1] is None else _moment(pair[1], where)
    if end and end < begin:
        raise Invalid.of(where, "ends before it begins")
    return begin, end


def _moment(text: object, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise Invalid.of(where, f"{text!r} is not a time such as 2026-03-02T09:00:00Z") from error
    if moment.utcoffset() is None:
        raise Invalid.of(where, f"{text!r} needs a zone: end it with Z")
    if moment.year not in YEARS:
        raise Invalid.of(where, f"{text!r} is not in the years {YEARS[0]} to {YEARS[-1]}")
    return moment.astimezone(UTC)


def main() -> None:
    """Read the file, or standard input, and print an answer as soon as a line is read."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", nargs="?", type=Path, help="JSON lines; standard input if left out")
    path: Path | None = parser.parse_args().file
    if path is None:
        source: Iterable[bytes] = sys.stdin.buffer
    else:
        try:
            source = path.read_bytes().splitlines()
        except OSError as error:
            parser.error(str(error))
    for answer in answers(source):
        print(answer, flush=True)


if __name__ == "__main__":
    main()
