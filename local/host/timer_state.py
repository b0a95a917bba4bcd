"""What timers remember from one start of the host to the next."""

import json
import logging
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

log = logging.getLogger("local.host.timers")
_TIMES = ("next", "updated")


@dataclass(frozen=True)
class Status:
    """What the monitor remembers of a timer; `last` is None before the first run."""

    last: datetime | None
    next: datetime
    updated: datetime


class StatusFile:
    """All timers' states in one JSON file, replaced as a whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._states: dict[str, dict[str, str | None]] = {}
        try:
            self._states = dict(json.loads(path.read_text("utf-8")))
        except FileNotFoundError:
            return
        except ValueError as error:
            log.warning("Timer states cannot be read, starting anew: %s", error)

    def load(self, name: str) -> Status | None:
        try:
            found = self._states[name]
            last = datetime.fromisoformat(found["last"]) if found["last"] else None
            following, updated = (datetime.fromisoformat(found[key] or "") for key in _TIMES)
        except (KeyError, TypeError, ValueError):
            return None
        return Status(last, following, updated)

    def save(self, name: str, status: Status) -> None:
        self._states[name] = {
            "last": status.last.isoformat() if status.last else None,
            "next": status.next.isoformat(),
            "updated": status.updated.isoformat(),
        }
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps(self._states, indent=1), "utf-8")
        draft.replace(self._path)
