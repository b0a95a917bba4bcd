"""Delivery reports of a mail service: what was not delivered is noted on its ticket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from shared.domain import commands as cm
from shared.domain.errors import NotFound
from shared.domain.people import SYSTEM
from shared.service import layout as ly
from shared.service.deps import Deps
from shared.service.handle import AlreadyDone, Order, handle

_LATEST = 100  # mails to one address among which the report's is looked for


@dataclass(frozen=True)
class Undelivered:
    """A mail that did not arrive. `event` is the report's own id; repeats are told by it."""

    event: str
    recipient: str
    reason: str


async def note(deps: Deps, failed: Undelivered, is_it: Callable[[str], bool]) -> str:
    """Notes it on the ticket whose mail it was; its number, '' when the mail is not known.

    `is_it` tells the mail by its effect's key.
    """
    for desk in deps.desks.values():
        if desk.mail.outgoing != "acs":
            continue
        prefix = f"sent|{ly.digest(failed.recipient)}"
        rows = await deps.rows.scan(desk.id, f"{prefix}|", f"{prefix}{ly.END}", limit=_LATEST)
        sent = (ly.KeyRow.model_validate_json(row.body) for row in rows)
        number = next((s.number for s in sent if is_it(s.body)), "")
        if number:
            return await _tell(deps, number, failed)
    return ""


async def _tell(deps: Deps, number: str, failed: Undelivered) -> str:
    text = f"A mail to {failed.recipient} was not delivered: {failed.reason}."
    keys = (("report", failed.event),)
    try:
        await handle(deps, Order(number, (cm.DeliveryFailed(text=text),), SYSTEM, keys=keys))
    except AlreadyDone:
        return number
    except NotFound:
        return ""
    return number
