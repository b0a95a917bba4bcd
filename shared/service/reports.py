"""A desk's reports: range reads of the facts of some months and of the open list."""

from __future__ import annotations

import asyncio
import csv
import io
import re
from dataclasses import dataclass

from shared.domain.desk import Desk
from shared.domain.errors import Invalid
from shared.domain.report_tables import Cell, Counted, OpenTicket, Table, tables
from shared.domain.reporting import Fact, month_of
from shared.service import layout as ly
from shared.service.deps import Deps

MONTHS = 6  # that a report looks back, its own included
MOST_FACTS = 20_000
MOST_OPEN = 5_000
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
# A spreadsheet takes what begins so for a formula.
# https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


@dataclass(frozen=True)
class Report:
    """One month's tables. `is_part`: there was more than a report reads."""

    month: str
    earlier: str
    later: str  # '' when that month has not begun
    tables: tuple[Table, ...]
    is_part: bool

    def table(self, name: str) -> Table | None:
        """The table of that id, if any."""
        return next((table for table in self.tables if table.id == name), None)


def shifted(month: str, by: int) -> str:
    """The month so many months later."""
    year, number = (int(part) for part in month.split("-"))
    index = year * 12 + number - 1 + by
    return f"{index // 12}-{index % 12 + 1:02}"


async def report(deps: Deps, desk: Desk, month: str = "") -> Report:
    """The report of that month (`2026-11`), this month's by default. Two range reads.

    Raises Invalid for anything else than a month that has begun.
    """
    now = deps.clock.now()
    current = month_of(desk, now)
    month = month or current
    if not _MONTH.fullmatch(month) or month > current:
        raise Invalid.of("month", f"give a month such as {current}")
    months = [shifted(month, -n) for n in range(MONTHS - 1, -1, -1)]
    rows, open_rows = await asyncio.gather(
        deps.rows.scan(desk.id, f"fact|{months[0]}|", f"fact|{month}{ly.END}", limit=MOST_FACTS),
        deps.rows.scan(desk.id, "open|", f"open{ly.END}", limit=MOST_OPEN),
    )
    facts: dict[str, list[Fact]] = {name: [] for name in months}
    for row in rows:
        facts[row.key.split("|")[1]].append(Fact.model_validate_json(row.body))
    late = f"open|{ly.stamp(now)}"
    open_now = [_open(row.body, is_late=row.key < late) for row in open_rows]
    return Report(
        month=month,
        earlier=shifted(month, -1),
        later=shifted(month, 1) if month < current else "",
        tables=tables(Counted(desk, facts, open_now, now)),
        is_part=len(rows) == MOST_FACTS or len(open_rows) == MOST_OPEN,
    )


def _open(body: str, *, is_late: bool) -> OpenTicket:
    summary = ly.Summary.model_validate_json(body)
    return OpenTicket(
        number=summary.number,
        type=summary.type,
        severity=summary.severity,
        created_at=summary.created_at,
        is_late=is_late,
        response_due=summary.first_response_due,
        resolution_due=summary.resolution_due,
    )


def as_csv(table: Table) -> str:
    """The table for a spreadsheet: a byte order mark, CR LF, and nothing that is a formula."""
    text = io.StringIO()
    text.write("\ufeff")
    writer = csv.writer(text)
    writer.writerow([_safe(column) for column in table.columns])
    writer.writerows([_safe(cell) for cell in row] for row in table.rows)
    return text.getvalue()


def _safe(cell: Cell) -> Cell:
    is_formula = isinstance(cell, str) and cell.startswith(_FORMULA)
    return f"'{cell}" if is_formula else cell
