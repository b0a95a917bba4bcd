"""Two-week sprints generated around the shared clock; the number says which, for ever."""

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_FIRST_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)  # as the desks count their sprints
_LENGTH = timedelta(days=14)
_NAMES = uuid.UUID("0d5fd9b6-3a3c-4a55-8d2a-b0a4d4b0f7a1")
_NAME = "Sprint "


@dataclass(frozen=True)
class Sprint:
    """`start` and `finish` are the first and the last day, at midnight UTC."""

    number: int
    start: datetime
    finish: datetime

    @property
    def name(self) -> str:
        return f"{_NAME}{self.number}"

    def frame(self, now: datetime) -> str:
        if now < self.start:
            return "future"
        return "current" if now < self.finish + timedelta(days=1) else "past"

    def id(self, project: str) -> str:
        return str(uuid.uuid5(_NAMES, f"{project}/{self.number}"))


def sprint(number: int) -> Sprint:
    start = _FIRST_MONDAY + (number - 1) * _LENGTH
    return Sprint(number, start, start + _LENGTH - timedelta(days=1))


def current(now: datetime) -> Sprint:
    return sprint(max(1, (now - _FIRST_MONDAY) // _LENGTH + 1))


def around(now: datetime, before: int = 3, after: int = 3) -> list[Sprint]:
    middle = current(now).number
    return [sprint(number) for number in range(max(1, middle - before), middle + after + 1)]


def is_iteration(path: str, project: str) -> bool:
    """Whether the path names the project itself or one of its sprints."""
    root, _, name = path.partition("\\")
    if root.lower() != project.lower():
        return False
    number = name.removeprefix(_NAME)
    return not name or (name != number and number.isdecimal() and int(number) > 0)


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
