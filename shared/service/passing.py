"""Rows that are of no use any more go: addresses above all, and keys that nobody repeats by now.

Whoever writes such a row need not think of its end. The first night that sees it notes its day in
it, and writing it again takes the note away: its time counts from its last use.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import time

from shared.domain.desk import Desk
from shared.domain.errors import Conflict, Unknown
from shared.ports import Delete, Replace, Row, Write
from shared.service import layout as ly
from shared.service import walk
from shared.service.deps import Deps

KEPT = {
    "sender": dt.timedelta(days=7),  # an hour of mails counts, and late ones come within days
    "sent": dt.timedelta(days=90),  # reports of a delivery come within days
    "once": dt.timedelta(days=90),  # hooks are repeated for days
    "thread": dt.timedelta(days=400),  # so late somebody in copy may still answer
}


async def forget(deps: Deps, desk: Desk, seconds: float | None = None) -> int:
    """Removes the rows whose time is over, until the seconds are; how many."""
    began, gone = time.monotonic(), 0
    for kind, kept in KEPT.items():
        async for page in walk.pages(deps.rows, desk.id, f"{kind}|", f"{kind}{ly.END}"):
            gone += await _go_through(deps, desk, page, kept)
            if seconds is not None and time.monotonic() - began > seconds:
                return gone
    return gone


async def _go_through(deps: Deps, desk: Desk, page: list[Row], kept: dt.timedelta) -> int:
    """How many of the rows went. What was used meanwhile waits for the next night."""
    today, gone = deps.clock.now().date(), 0
    for group in walk.groups(w for row in page if (w := _write(row, today, kept))):
        with contextlib.suppress(Conflict, Unknown):
            await deps.rows.commit(desk.id, group)
            gone += sum(isinstance(write, Delete) for write in group)
    return gone


def _write(row: Row, today: dt.date, kept: dt.timedelta) -> Write | None:
    """How the row changes, if at all."""
    told = json.loads(row.body)
    since = told.get("unused_since")
    if since is None:
        body = json.dumps(told | {"unused_since": today.isoformat()}, separators=(",", ":"))
        return Replace(row.key, body, row.etag)
    is_over = today - dt.date.fromisoformat(since) > kept
    return Delete(row.key, row.etag) if is_over else None
