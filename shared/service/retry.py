"""Undelivered effects by hand: tried again, or set aside."""

from __future__ import annotations

import logging

from shared.domain import commands as cm
from shared.domain.answers import clean
from shared.domain.desk import Desk
from shared.domain.effects import Effect, Outbox, in_words, numbers_in
from shared.domain.errors import Conflict, FlowForbids, Forbidden, Invalid, NotFound, Stale
from shared.domain.people import Actor, Role
from shared.domain.rules.case import role_names
from shared.domain.words import one_line
from shared.ports import Delete, Row
from shared.service import layout as ly
from shared.service.deps import Deps
from shared.service.handle import Order, handle

log = logging.getLogger(__name__)
SETS_ASIDE = frozenset({Role.LEAD, Role.ADMIN})
LONGEST_REASON = 500


async def retry(deps: Deps, desk: Desk, key: str) -> None:
    """Makes the row's failed effects due now; the next sweep takes them up.

    Raises NotFound when the row is gone (delivered meanwhile).
    """
    row, box = await _row(deps, desk, key)
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


async def _row(deps: Deps, desk: Desk, key: str) -> tuple[Row, Outbox]:
    row = await deps.rows.get(desk.id, key) if key.startswith(("dead|", "outbox|")) else None
    if row is None:
        raise NotFound(
            "it is not on the list any more: it was delivered meanwhile, tried again or set aside"
        )
    return row, Outbox.model_validate_json(row.body)


async def set_aside(
    deps: Deps, desk: Desk, key: str, reason: str, actor: Actor, *, attempt: int | None = None
) -> bool:
    """A row that was given up leaves the list; a work note says who set what aside, and why.

    Both happen in one transaction. `attempt`: the row's, as the person saw it. False when the
    ticket is archived or nowhere, so that no history takes the note. Raises a Refused.
    """
    if not actor.has_role(SETS_ASIDE):
        raise Forbidden(f"setting aside takes one of these roles: {role_names(SETS_ASIDE)}")
    why = _checked(reason)
    row, box = await _row(deps, desk, key)
    if not key.startswith("dead|"):
        raise FlowForbids("it is still being tried; only what was given up can be set aside")
    if attempt not in (None, box.attempt):
        raise Stale("it was tried again meanwhile; look at it again")
    what = "; ".join(_told(desk, e) for e in box.effects if e.status == "dead")
    note = cm.Remark(text=f"Set aside, not to be delivered any more: {what}. Reason: {why}")
    order = Order(box.number, (note,), actor, more=(Delete(row.key, row.etag),))
    try:
        return await _carried_out(deps, desk, order)
    except Conflict as error:
        raise Stale("somebody else was faster; look at it again") from error


async def _carried_out(deps: Deps, desk: Desk, order: Order) -> bool:
    """Whether there is a live ticket whose history took the note."""
    try:
        await handle(deps, order)
    except NotFound:
        await deps.rows.commit(desk.id, order.more)
        log.warning("set aside without a history to note it", extra={"ticket": order.number})
        return False
    return True


def _checked(reason: str) -> str:
    why = one_line(clean(reason))
    if not why:
        raise Invalid.of("reason", "say why nobody is to try it again")
    if len(why) > LONGEST_REASON:
        raise Invalid.of("reason", f"shorten this to {LONGEST_REASON} characters")
    return why


def _told(desk: Desk, effect: Effect) -> str:
    numbers = numbers_in(effect)
    return in_words(desk, effect) + (f" ({', '.join(numbers)})" if numbers else "")
