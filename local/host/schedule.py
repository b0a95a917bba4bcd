"""NCRONTAB expressions with six fields, in UTC, as timer triggers use them.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions
"""

import re
from datetime import datetime, timedelta

from croniter import CroniterError, croniter  # type: ignore[import-untyped]  # ships no types

from local.host.errors import FunctionDroppedError

_NUMERIC = re.compile(r"[\d*,/-]+")
_MONTH = re.compile(r"(?:[\d*,/-]|[A-Za-z]{3,9})+")
# Sunday is 0 only, and 7 is refused.
_WEEKDAY = re.compile(r"(?:[0-6*,-]|/\d|[A-Za-z]{3,9})+")
_FIELDS = (_NUMERIC, _NUMERIC, _NUMERIC, _NUMERIC, _MONTH, _WEEKDAY)
PERSISTED_FROM = timedelta(minutes=1)


class Schedule:
    """The occurrences of one expression."""

    def __init__(self, expression: str) -> None:
        """Raises FunctionDroppedError for anything but a six-field expression that occurs."""
        fields = expression.split()
        if len(fields) != 6:
            raise FunctionDroppedError(
                f"the schedule '{expression}' needs six fields: "
                "second minute hour day month day-of-week"
            )
        for pattern, each in zip(_FIELDS, fields, strict=True):
            if not pattern.fullmatch(each):
                raise FunctionDroppedError(f"the schedule '{expression}' is wrong at '{each}'")
        self._expression = expression
        self.next_after(datetime.fromisoformat("2026-01-01T00:00:00Z"))

    def next_after(self, moment: datetime) -> datetime:
        """The first occurrence later than the moment (aware UTC)."""
        try:
            # Unlike cron, NCRONTAB wants day and day-of-week both to match.
            steps = croniter(self._expression, moment, day_or=False, second_at_beginning=True)
            found: datetime = steps.get_next(datetime)
        except (CroniterError, ValueError) as error:
            raise FunctionDroppedError(
                f"the schedule '{self._expression}' is wrong: {error}"
            ) from error
        return found

    def is_persisted(self, moment: datetime) -> bool:
        """Occurrences closer than a minute are not monitored, whatever useMonitor says."""
        first = self.next_after(moment)
        return self.next_after(first) - first >= PERSISTED_FROM
