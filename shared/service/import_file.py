"""Reads tickets from another tool's export: CSV (any tool, Jira, Azure DevOps) or Jira's JSON.

A mapping says which column is what, which of the tool's words are which of the desk's, and how
dates are written. Each record becomes a Record, or faults that name its line and its field.
"""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import ValidationError

from shared.domain import commands as cm
from shared.domain.answers import clean, validation_errors
from shared.domain.desk import Desk
from shared.domain.errors import Invalid
from shared.domain.flow import Column
from shared.domain.people import Frozen
from shared.domain.rules.opening import check
from shared.mail_in.markup import rough_text

Name = Literal[
    "ref", "title", "description", "type", "state", "environment", "severity", "requester",
    "requester_name", "assignee", "created", "ended", "url", "language",
]  # fmt: skip
_MOST_COMMENTS = 1_000_000  # characters of a ticket's comments in all


class CommentColumns(Frozen):
    """Where comments are. In CSV each is `date;author;text`, in JSON an object with these paths."""

    column: str
    at: str = "created"
    by: str = "author.displayName"
    text: str = "body"
    public: bool = False  # whether clients may read them


class ImportMapping(Frozen):
    """A mapping file. docs/runbook.md shows one for each tool."""

    desk: str
    system: str  # the external reference's system, such as jira
    format: Literal["csv", "json"] = "csv"
    items: str = ""  # JSON: where the list is; '' = the file is the list
    delimiter: str = ","
    columns: dict[Name, str]
    values: dict[Name, dict[str, str]] = {}
    defaults: dict[Name, str] = {}
    dates: str = ""  # as strptime reads them; '' = ISO 8601
    timezone: str = "UTC"  # of dates that name none
    html: tuple[Name, ...] = ()  # texts with markup
    comments: CommentColumns | None = None


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


def read_mapping(path: Path) -> ImportMapping:
    """The mapping of a YAML file. Raises Invalid naming every wrong field."""
    try:
        return ImportMapping.model_validate(yaml.safe_load(path.read_text()) or {})
    except yaml.YAMLError as error:
        raise Invalid.of(path.name, f"this is not YAML: {error}") from error
    except ValidationError as error:
        raise Invalid(*validation_errors(error)) from error


def records(
    path: Path, mapping: ImportMapping, desk: Desk, now: dt.datetime
) -> Iterator[Record | list[Fault]]:
    """Each record of the file, or its faults. CSV is read a line at a time, JSON at once.

    Raises Invalid when the file is not what the mapping says.
    """
    read = _csv_rows if mapping.format == "csv" else _json_rows
    for line, raw in read(path, mapping):
        reading = _Reading(mapping, desk, now, line, raw)
        record = reading.record()
        yield reading.faults if record is None or reading.faults else record


type Raw = Mapping[str, list[Any]]


def _csv_rows(path: Path, mapping: ImportMapping) -> Iterator[tuple[int, Raw]]:
    """Columns may repeat, as Jira's comments do."""
    csv.field_size_limit(10_000_000)
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file, delimiter=mapping.delimiter)
        header = next(reader, [])
        _require_columns(path, mapping, header)
        line = reader.line_num + 1
        for cells in reader:
            raw: dict[str, list[Any]] = defaultdict(list)
            for name, cell in zip(header, cells, strict=False):
                raw[name].append(cell)
            if any(cells):
                yield line, raw
            line = reader.line_num + 1


def _require_columns(path: Path, mapping: ImportMapping, header: list[str]) -> None:
    missing = sorted(set(mapping.columns.values()) - set(header))
    if missing:
        there = ", ".join(header[:20])
        raise Invalid.of(path.name, f"no column {', '.join(missing)}; there are {there}")


def _json_rows(path: Path, mapping: ImportMapping) -> Iterator[tuple[int, Raw]]:
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise Invalid.of(path.name, f"this is not JSON: {error}") from error
    items = _at(found, mapping.items) if mapping.items else found
    if not isinstance(items, list):
        raise Invalid.of(path.name, f"there is no list at {mapping.items or 'the top'}")
    wanted = [*mapping.columns.values()]
    for place, item in enumerate(items, start=1):
        raw = {name: [_at(item, name)] for name in wanted}
        if mapping.comments:
            raw[mapping.comments.column] = _at(item, mapping.comments.column) or []
        yield place, raw


def _at(value: Any, path: str) -> Any:
    """What lies at a path such as fields.status.name; None where the way ends."""
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def _text(value: Any) -> str:
    """Plain text; of Jira's documents, the text that they hold.

    https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
    """
    if isinstance(value, dict):
        inner = "".join(_text(node) for node in value.get("content", ()))
        ends = "\n" if value.get("type") in ("paragraph", "heading", "hardBreak") else ""
        return f"{value.get('text', '')}{inner}{ends}"
    return "" if value is None else clean(str(value)).strip()


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
        fields = {
            "title": self._value("title")[:250],
            "description": self._value("description") or "-",
            "type": self._value("type"),
            "environment": self._value("environment") or self.desk.environments[0].id,
            "severity": self._value("severity") or None,
            "requester": {"email": address, "name": self._value("requester_name") or name},
            "language": self._value("language") or self.desk.languages[0],
            "external_refs": [
                {"system": self.mapping.system, "ref": ref, "url": self._value("url")}
            ],
        }
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
            parts = [_text(_at(value, path)) for path in (where.at, where.by, where.text)]
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
            told = rough_text(told)
        told = self.mapping.values.get(name, {}).get(told, told)
        return told or self.mapping.defaults.get(name, "")

    def _first(self, name: Name) -> str:
        column = self._column(name)
        found = (_text(value) for value in self.raw.get(column, []))
        return next((text for text in found if text), "").strip()

    def _column(self, name: str) -> str:
        return str(self.mapping.columns.get(name, ""))  # type: ignore[call-overload]

    def _wrong(self, name: str, message: str) -> None:
        where = self.mapping.comments
        column = where.column if name == "comments" and where else self._column(name)
        told = f"{name} (column {column!r})" if column else name
        self.faults.append(Fault(self.line, told, message))
