"""The subscriptions that wake us for new mail: created, renewed, created again when they are gone.

https://learn.microsoft.com/graph/change-notifications-lifecycle-events
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging

from pydantic import ValidationError

from shared.domain.desk import Desk
from shared.domain.errors import DocketError
from shared.domain.people import Frozen
from shared.ports import Put
from shared.service import layout as ly
from shared.service.mail_room import MailRoom

log = logging.getLogger(__name__)
LIFE = dt.timedelta(days=6)  # Outlook allows a little less than seven


class Subscription(Frozen):
    """What the vendor calls it, and until when it lasts."""

    id: str
    until: dt.datetime


async def known(room: MailRoom, desk: Desk) -> Subscription | None:
    """The desk's subscription as far as we know: a row that cannot be read tells of none, and is
    written anew with the next one."""
    row = await room.deps.rows.get(desk.id, ly.subscription_key(desk.mail.address))
    try:
        return Subscription.model_validate_json(row.body) if row else None
    except ValidationError:
        extra = {"desk": desk.id, "failure": "ValidationError"}
        log.error("the row of a subscription cannot be read", extra=extra)  # noqa: TRY400
        return None


async def ensure_if_possible(room: MailRoom, desk: Desk, *, renew: bool) -> None:
    """The same as ensure, but the vendor's trouble is logged: polling goes on without any."""
    try:
        await ensure(room, desk, renew=renew)
    except DocketError as error:
        # What the vendor says may name the mailbox.
        extra = {"desk": desk.id, "failure": type(error).__name__}
        log.warning("no subscription to the mailbox", extra=extra)


async def ensure(room: MailRoom, desk: Desk, *, renew: bool) -> None:
    """Creates what is missing; `renew` also asks the vendor whether what we know is still there.

    Without a secret to recognise the vendor by there is none: the timer's polling has to do.
    """
    if not room.state:
        return
    now = room.deps.clock.now()
    subscription = await known(room, desk)
    if subscription is not None and not renew and subscription.until > now:
        return
    until, reader = now + LIFE, room.deps.outside.reader
    if subscription is not None and await reader.renew(subscription.id, until):
        name = subscription.id
    else:
        name = await reader.subscribe(desk.mail.address, room.hook_url, room.state, until)
    row = Put(ly.subscription_key(desk.mail.address), ly.body(Subscription(id=name, until=until)))
    await room.deps.rows.commit(desk.id, [row])


async def desks_of(room: MailRoom, subscription_ids: frozenset[str]) -> list[Desk]:
    """The desks whose mailboxes these subscriptions watch; all of them for one that is unknown."""
    desks = list(room.deps.desks.values())
    found = await asyncio.gather(*(known(room, desk) for desk in desks))
    by_id = {s.id: desk for s, desk in zip(found, desks, strict=True) if s is not None}
    if not subscription_ids <= by_id.keys():
        return desks
    return [desk for name, desk in by_id.items() if name in subscription_ids]
