"""Undelivered effects, tried again by hand."""

from __future__ import annotations

from shared.domain.desk import Desk
from shared.domain.effects import Outbox
from shared.domain.errors import Conflict, NotFound
from shared.service import layout as ly
from shared.service.deps import Deps


async def retry(deps: Deps, desk: Desk, key: str) -> None:
    """Makes the row's failed effects due now; the next sweep takes them up.

    Raises NotFound when the row is gone (delivered meanwhile).
    """
    row = await deps.rows.get(desk.id, key) if key.startswith(("dead|", "outbox|")) else None
    if row is None:
        raise NotFound("nothing undelivered under that key; it may have been delivered meanwhile")
    box = Outbox.model_validate_json(row.body)
    now = deps.clock.now()
    effects = tuple(
        e if e.status == "done" else e.model_copy(update={"status": "due", "not_before": None})
        for e in box.effects
    )
    # A claim stays: whoever takes the row over must know that its delivery may be under way.
    again = box.model_copy(update={"effects": effects, "due": now, "committed_at": now})
    try:
        await deps.rows.commit(desk.id, ly.outbox_moved(row, again))
    except Conflict as error:
        raise NotFound("it is being delivered just now") from error
