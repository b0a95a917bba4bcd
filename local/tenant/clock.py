"""The one clock that host, timers and tenant share: real time plus an offset kept in a file."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

_DURATION = TypeAdapter(timedelta)


class Clock:
    """Aware UTC; `path` None keeps the offset in memory."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._seen = 0
        self._offset = timedelta()

    def now(self) -> datetime:
        self._reread()
        return datetime.now(UTC) + self._offset

    def advance(self, duration: str) -> datetime:
        """Moves the clock by an ISO 8601 duration; ValueError says what is wrong with it."""
        try:
            step = _DURATION.validate_python(duration)
        except ValidationError as error:
            raise ValueError("advance: must be an ISO 8601 duration like PT4H") from error
        if step < timedelta():
            raise ValueError("advance: the clock goes forward only; give a duration like PT4H")
        self._reread()
        self._offset += step
        if self._path is not None:
            self._write()
        return self.now()

    def _write(self) -> None:
        path = self._path or Path()
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps({"offset_seconds": self._offset.total_seconds()}))
        fresh.replace(path)  # a reader never sees half a file

    def _reread(self) -> None:
        if self._path is None or not self._path.exists():
            return
        changed = self._path.stat().st_mtime_ns
        if changed != self._seen:
            self._seen = changed
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            self._offset = timedelta(seconds=float(kept["offset_seconds"]))
