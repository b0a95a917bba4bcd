"""How many tickets each view of the open list holds: one bounded range read."""

from __future__ import annotations

import json
from dataclasses import dataclass

from shared.domain.desk import Desk
from shared.service import layout as ly
from shared.service.deps import Deps

COUNTED = 1000  # rows looked at; a desk with more open tickets is told "1000+"


@dataclass(frozen=True)
class Counts:
    """Numbers of the views of open tickets; `more`: they are true for the first 1000 only."""

    open: int = 0
    mine: int = 0
    unassigned: int = 0
    overdue: int = 0
    more: bool = False

    def of(self, view: str) -> str:
        """The number as people read it; '' for a view that is not counted."""
        count = getattr(self, view, None)
        if not isinstance(count, int):
            return ""
        return f"{count}+" if self.more else str(count)


async def counts(deps: Deps, desk: Desk, me: str) -> Counts:
    """Counted from the summary rows: the sort part of the key tells what is overdue."""
    rows = await deps.rows.scan(desk.id, "open|", f"open{ly.END}", limit=COUNTED + 1)
    more, rows = len(rows) > COUNTED, rows[:COUNTED]
    late = f"open|{ly.stamp(deps.clock.now())}"
    assignees = [json.loads(row.body).get("assignee") for row in rows]
    return Counts(
        open=len(rows),
        mine=assignees.count(me),
        unassigned=assignees.count(None),
        overdue=sum(row.key < late for row in rows),
        more=more,
    )
