"""Clocks: the machine's, and one that a file can set forward."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path


class SystemClock:
    """The machine's time."""

    def now(self) -> dt.datetime:
        """Aware UTC."""
        return dt.datetime.now(dt.UTC)


class OffsetClock:
    """The machine's time plus the `offset_seconds` of a JSON file; no file, no offset.

    For local runs, where several processes share one clock that can be advanced. The file must be
    replaced as a whole; it is read again when it changed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, int] | None = None
        self._offset = dt.timedelta()

    def now(self) -> dt.datetime:
        """Aware UTC. ValueError or KeyError when the file does not hold an offset."""
        self._reread()
        return dt.datetime.now(dt.UTC) + self._offset

    def _reread(self) -> None:
        try:
            stat = self._path.stat()
        except FileNotFoundError:
            self._seen, self._offset = None, dt.timedelta()
            return
        # The inode too: a file replaced within one tick of the clock has the same time.
        seen = (stat.st_mtime_ns, stat.st_ino)
        if seen != self._seen:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            self._offset = dt.timedelta(seconds=float(kept["offset_seconds"]))
            self._seen = seen
