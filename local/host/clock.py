"""The one clock that host, timers and tenant share: real time plus the offset in a file."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path


class SharedClock:
    """Reads `{"offset_seconds": float}`; a missing or half-written file changes nothing."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._offset = timedelta(0)
        self.reload()

    def now(self) -> datetime:
        """Aware UTC."""
        return datetime.now(UTC) + self._offset

    def reload(self, *, even_if_same: bool = False) -> bool:
        """Reads the file when its time has changed; True when the clock has moved.

        Two writes in a row can carry the same time: `even_if_same` reads it in any case.
        """
        before = self._offset
        try:
            status = self._path.stat()
            stamp = (status.st_mtime_ns, status.st_ino)
            if stamp == self._stamp and not even_if_same:
                return False
            offset = float(json.loads(self._path.read_text("utf-8"))["offset_seconds"])
            self._offset = timedelta(seconds=offset)
            self._stamp = stamp
        except FileNotFoundError:
            self._stamp, self._offset = None, timedelta(0)
        except (OSError, ValueError, KeyError, TypeError, OverflowError):
            return False
        return self._offset != before
