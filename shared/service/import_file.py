"""Reads tickets from another tool's export: CSV (any tool, Jira, Azure DevOps) or Jira's JSON.

A mapping says which column is what, which of the tool's words are which of the desk's, and how
dates are written. Each record becomes a Record, or faults that name its line and its field.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from shared.domain import commands as cm
from shared.domain.answers import clean, validation_errors
from shared.domain.desk import Desk
from shared.domain.errors import Invalid
from shared.domain.flow import Column
from shared.domain.rules.opening import check
from shared.mail_in import markup
from shared.service.import_rows import ImportMapping, Name, Raw, at_path, rows, text_of

_MOST_COMMENTS = 1_000_000  # characters of a ticket's comments in all


@dataclass(frozen=True)
class Fault:
    """What is wrong with a record. `line`: of the file (CSV), or the record's place (JSON)."""

    line: int
    field: str
    message: str


@dataclass(frozen=True)
class Comment:
    """What somebody wrote there."""

    at: dt.datetime
    by: str
    text: str


@dataclass(frozen=True)
class Record:
    """A ticket to be. `state` is one of its type's flow."""

    line: int
    ref: str
    command: cm.Open
    state: str
    told_state: str
    assignee: str
    created: dt.datetime
    ended: dt.datetime | None
    comments: tuple[Comment, ...]


def records(
    path: Path, mapping: ImportMapping, desk: Desk, now: dt.datetime
) -> Iterator[Record | list[Fault]]:
    """Each record of the file, or its faults. CSV is read a line at a time, JSON at once.

    Raises Invalid when the file is not what the mapping says.
    """
    for line, raw in rows(path, mapping):
        reading = _Reading(mapping, desk, now, line, raw)
        record = reading.record()
        yield reading.faults if record is None or reading.faults else record


@dataclass
class _Reading:
    """One record on its way; collects everything that is wrong with it."""

    mapping: ImportMapping
    desk: Desk
    now: dt.datetime
    line: int
    raw: Raw
    faults: list[Fault] = field(default_factory=list)

    def record(self) -> Record | None:
        ref, created = self._value("ref"), self._date("created")
        command, state = self._command(ref), ""
        if not ref:
            self._wrong("ref", "is empty")
        if command is not None:
            state = self._state(command)
        ended = self._date("ended")
        if created and ended and ended < created:
            self._wrong("ended", "is before created")
        if not self._column("created"):
            created = self.now
        comments = tuple(self._comments())
        if command is None or created is None or self.faults:
            return None
        return Record(
            line=self.line, ref=ref, command=command, state=state,
            told_state=self._first("state"), assignee=self._assignee(), created=created,
            ended=ended, comments=comments,
        )  # fmt: skip

    def _command(self, ref: str) -> cm.Open | None:
        name, address = parseaddr(self._value("requester"))
        fields: dict[str, object] = {
            "title": self._value("title")[:250],
            "description": self._value("description") or "-",
            "type": self._value("type"),
            "environment": self._value("environment") or self.desk.environments[0].id,
            "severity": self._value("severity") or None,
            "requester": {"email": address, "name": self._value("requester_name") or name},
            "language": self._value("language") or self.desk.languages[0],
        }
        if ref:  # a record without one is told of by its own column
            link = {"system": self.mapping.system, "ref": ref, "url": self._value("url")}
            fields["external_refs"] = [link]
        try:
            command = cm.Open.model_validate(fields)
            check(self.desk, command)
        except ValidationError as error:
            for wrong in validation_errors(error):
                self._wrong(wrong.field.split(".")[0], wrong.message)
        except Invalid as error:
            for wrong in error.errors:
                self._wrong(wrong.field, wrong.message)
        else:
            return command
        return None

    def _state(self, command: cm.Open) -> str:
        kind = self.desk.types[command.type]
        state = self._value("state") or kind.initial_state
        if state not in kind.by_id:
            known = ", ".join(kind.by_id)
            self._wrong("state", f"{state!r} is not known to {kind.id}; use one of {known}")
        elif kind.state(state).board in (Column.READY, Column.IN_PROGRESS):
            self._wrong("state", "only the product owner brings tickets to the board")
        return state

    def _assignee(self) -> str:
        address = parseaddr(self._value("assignee"))[1].lower()
        return address if address in self.desk.member_by_email else ""

    def _comments(self) -> Iterator[Comment]:
        where, size = self.mapping.comments, 0
        for value in self.raw.get(where.column, []) if where else ():
            comment = self._comment(value) if value else None
            if comment is not None:
                size += len(comment.text)
                yield comment
        if size > _MOST_COMMENTS:
            self._wrong("comments", f"more than {_MOST_COMMENTS} characters in all")

    def _comment(self, value: Any) -> Comment | None:
        where = self.mapping.comments
        if isinstance(value, dict) and where:
            parts = [text_of(at_path(value, path)) for path in (where.at, where.by, where.text)]
        else:
            parts = [part.strip() for part in clean(str(value)).split(";", 2)]
        if len(parts) < 3:
            self._wrong("comments", "write each as date;author;text")
            return None
        at = self._moment("comments", parts[0])
        return Comment(at, parts[1], parts[2][: cm.TEXT_LIMIT - 500]) if at and parts[2] else None

    def _date(self, name: Name) -> dt.datetime | None:
        told = self._value(name)
        return self._moment(name, told) if told else None

    def _moment(self, name: str, told: str) -> dt.datetime | None:
        form = self.mapping.dates
        try:
            # The zone is added below where the text names none.
            at = dt.datetime.strptime(told, form) if form else dt.datetime.fromisoformat(told)  # noqa: DTZ007
        except ValueError:
            self._wrong(name, f"{told!r} is no date as the mapping's `dates` says")
            return None
        if at.tzinfo is None:
            at = at.replace(tzinfo=ZoneInfo(self.mapping.timezone))
        at = at.astimezone(dt.UTC)
        if at > self.now:
            self._wrong(name, f"{told!r} lies in the future")
            return None
        return at

    def _value(self, name: Name) -> str:
        """The desk's word for what the record says."""
        told = self._first(name)
        if name in self.mapping.html:
            told = _without_markup(told)
        told = self.mapping.values.get(name, {}).get(told, told)
        return told or self.mapping.defaults.get(name, "")

    def _first(self, name: Name) -> str:
        column = self._column(name)
        found = (text_of(value) for value in self.raw.get(column, []))
        return next((text for text in found if text), "").strip()

    def _column(self, name: str) -> str:
        return str(self.mapping.columns.get(name, ""))  # type: ignore[call-overload]

    def _wrong(self, name: str, message: str) -> None:
        where = self.mapping.comments
        column = where.column if name == "comments" and where else self._column(name)
        told = f"{name} (column {column!r})" if column else name
        self.faults.append(Fault(self.line, told, message))


def _without_markup(html: str) -> str:
    clean = markup.sanitised(html, lambda _: None)
    return markup.rough_text(html) if clean is None else markup.text_of(clean)
