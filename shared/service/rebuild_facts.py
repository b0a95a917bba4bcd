"""The rows that reports count, as they follow from a ticket; for service/rebuild.py."""

from __future__ import annotations

import asyncio

from pydantic import ValidationError

from shared.domain.desk import Desk
from shared.domain.reporting import Fact
from shared.domain.ticket import Ticket
from shared.ports import Put, Row
from shared.service import layout as ly
from shared.service import store
from shared.service.deps import Deps


def rows_of(desk: Desk, ticket: Ticket) -> dict[str, str] | None:
    """The ticket's facts by row key; None when the desk has its type no more: nobody can tell."""
    if ticket.type not in desk.types:
        return None
    writes = store.fact_writes(desk, None, ticket)
    return {write.key: write.body for write in writes if isinstance(write, Put)}


async def settled(deps: Deps, desk: Desk, ticket: Ticket) -> dict[str, str]:
    """The ticket's facts, with what earlier targets measured where it ended under those.

    A new target counts for tickets that are open. A month that was reported stays as it was.
    """
    facts = rows_of(desk, ticket) or {}
    if ticket.policy == desk.policy_version:
        return facts
    known = await asyncio.gather(*(deps.rows.get(desk.id, key) for key in facts))
    return {
        key: _kept(body, row) if row else body
        for (key, body), row in zip(facts.items(), known, strict=True)
    }


def _kept(body: str, row: Row) -> str:
    """The fact with the measures of the row that is there."""
    try:
        before = Fact.model_validate_json(row.body)
    except ValidationError:
        return body
    now = Fact.model_validate_json(body)
    same = {
        name: getattr(before, name)
        for name in ("response", "resolution")
        if getattr(before, name) and getattr(now, name)
    }
    return ly.body(now.model_copy(update=same))
