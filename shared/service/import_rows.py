"""Another tool's export as rows of named values: which columns are what is the mapping's word."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ValidationError

from shared.domain.answers import clean, validation_errors
from shared.domain.errors import Invalid
from shared.domain.people import Frozen

Name = Literal[
    "ref", "title", "description", "type", "state", "environment", "severity", "requester",
    "requester_name", "assignee", "created", "ended", "url", "language",
]  # fmt: skip


class CommentColumns(Frozen):
    """Where comments are. In CSV each is `date;author;text`, in JSON an object with these paths."""

    column: str
    at: str = "created"
    by: str = "author.displayName"
    text: str = "body"


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


def read_mapping(path: Path) -> ImportMapping:
    """The mapping of a YAML file. Raises Invalid naming every wrong field."""
    try:
        return ImportMapping.model_validate(yaml.safe_load(path.read_text()) or {})
    except yaml.YAMLError as error:
        raise Invalid.of(path.name, f"this is not YAML: {error}") from error
    except ValidationError as error:
        raise Invalid(*validation_errors(error)) from error


type Raw = Mapping[str, list[Any]]


def rows(path: Path, mapping: ImportMapping) -> Iterator[tuple[int, Raw]]:
    """The file's records as they stand there, each with its line (CSV) or place (JSON)."""
    return _csv_rows(path, mapping) if mapping.format == "csv" else _json_rows(path, mapping)


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
    items = at_path(found, mapping.items) if mapping.items else found
    if not isinstance(items, list):
        raise Invalid.of(path.name, f"there is no list at {mapping.items or 'the top'}")
    wanted = [*mapping.columns.values()]
    for place, item in enumerate(items, start=1):
        raw = {name: [at_path(item, name)] for name in wanted}
        if mapping.comments:
            raw[mapping.comments.column] = at_path(item, mapping.comments.column) or []
        yield place, raw


def at_path(value: Any, path: str) -> Any:
    """What lies at a path such as fields.status.name; None where the way ends."""
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


def text_of(value: Any) -> str:
    """Plain text; of Jira's documents, the text that they hold.

    https://developer.atlassian.com/cloud/jira/platform/apis/document/structure/
    """
    if isinstance(value, dict):
        inner = "".join(text_of(node) for node in value.get("content", ()))
        ends = "\n" if value.get("type") in ("paragraph", "heading", "hardBreak") else ""
        return f"{value.get('text', '')}{inner}{ends}"
    return "" if value is None else clean(str(value)).strip()
