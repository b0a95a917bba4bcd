"""Measures of the outbox and its deliveries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from shared.domain import effects as ef
from shared.ports import Row
from shared.service import layout as ly
from shared.service.deps import Deps
from shared.telemetry import measure

_LOOKED_AT = 200  # outbox rows


def lateness(sweep: str, desk: str, rows: Sequence[Row], now: dt.datetime) -> None:
    """Measures how long the first of the rows (`prefix|time|...`) has been due."""
    if rows:
        due = dt.datetime.strptime(rows[0].key.split("|")[1], "%Y%m%dT%H%M%S%z")
        late = (now - due).total_seconds()
        measure("docket.sweep.lateness", late, sweep=sweep, desk=desk)


def effect_tried(
    box: ef.Outbox, effect: ef.Effect, after: ef.Effect, opened_at: dt.datetime, now: dt.datetime
) -> None:
    """Counts the call by its result; the client's first mail tells how long confirming took."""
    results = {"done": "done", "dead": "rejected", "due": "again" if after.error else "begun"}
    result = results[after.status]
    measure(
        "docket.vendor.calls", 1, ticket=box.number, desk=box.desk, effect=effect.kind,
        result=result,
    )  # fmt: skip
    is_confirmation = isinstance(effect, ef.MailOwed) and effect.audience == "client"
    if box.seq == 1 and is_confirmation and result == "done":
        took = (now - opened_at).total_seconds()
        measure("docket.confirmation", took, ticket=box.number, desk=box.desk)


async def measure_outbox(deps: Deps, desk: str) -> None:
    """Measures what waits and what was given up, of the first 200 rows each."""
    now = deps.clock.now()
    waiting = await deps.rows.scan(desk, "outbox|", f"outbox{ly.END}", limit=_LOOKED_AT)
    dead = await deps.rows.scan(desk, "dead|", f"dead{ly.END}", limit=_LOOKED_AT)
    boxes = (ef.Outbox.model_validate_json(row.body) for row in waiting)
    oldest = min((box.committed_at for box in boxes), default=now)
    measure("docket.outbox.age", (now - oldest).total_seconds(), desk=desk)
    measure("docket.outbox.dead", len(dead), desk=desk)
