"""The record of every call between the desk and its vendors, as JSON Lines."""

import json
from collections import deque
from pathlib import Path
from typing import IO, Any

Entry = dict[str, Any]

_CHECKED = {"graph", "acs", "azure-devops", "jira", "teams-webhook", "inbound"}
_SHOWN = 2000


class Journal:
    """Entries in order of their answers.

    Calls that can be held against a vendor's contract stand apart from the rest (Jenkins, and
    answers that an ordered fault made up), so that a contract checker can read the file as it is.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._lines: dict[bool, list[str]] = {True: [], False: []}
        self._files: dict[bool, IO[str]] = {}
        self.recent: deque[Entry] = deque(maxlen=_SHOWN)
        for checked in (True, False) if folder is not None else ():
            self._open(checked, "a")

    def _path(self, checked: bool) -> Path:
        name = "tenant-journal.jsonl" if checked else "tenant-journal-other.jsonl"
        return (self._folder or Path()) / name

    def _open(self, checked: bool, mode: str) -> None:
        path = self._path(checked)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._files[checked] = path.open(mode, encoding="utf-8", buffering=1)

    def append(self, entry: Entry) -> None:
        """Adds one call; `"fault": True` marks an answer that a fault made up."""
        checked = entry["service"] in _CHECKED and not entry.get("fault")
        self.recent.append(entry)
        line = json.dumps(entry, ensure_ascii=False)
        if self._files:
            self._files[checked].write(line + "\n")
        else:
            self._lines[checked].append(line)

    def text(self, *, faults: bool = False, service: str = "") -> str:
        """The lines for a contract checker; with `faults` all lines; with `service` its lines."""
        lines = self._read(checked=True)
        if faults or service:
            lines = lines + self._read(checked=False)
        if service:
            lines = [line for line in lines if json.loads(line)["service"] == service]
        if faults or service:
            lines.sort(key=lambda line: str(json.loads(line)["at"]))
        return "".join(line + "\n" for line in lines)

    def _read(self, *, checked: bool) -> list[str]:
        if not self._files:
            return list(self._lines[checked])
        self._files[checked].flush()
        return self._path(checked).read_text(encoding="utf-8").split("\n")[:-1]

    def clear(self) -> None:
        self.recent.clear()
        for lines in self._lines.values():
            lines.clear()
        for checked, file in list(self._files.items()):
            file.close()
            self._open(checked, "w")

    def close(self) -> None:
        for file in self._files.values():
            file.close()
