"""Tells a desk's leads that something lies in quarantine: by one mail each, once an hour at most.

What is put aside leaves a row behind; a timer turns it into the right to send, in one transaction,
and that is marked as done when all the mails are out. In between it is tried again: the mail
service tells by the mails' keys which of them have left.
"""

from __future__ import annotations

import datetime as dt
import logging

from shared.domain.desk import Desk, Member
from shared.domain.errors import Conflict, Rejected, Unavailable, Unknown
from shared.domain.people import Frozen, Role
from shared.ports import Delete, Insert, Replace, Row
from shared.render.quarantine_mail import quarantine_mail
from shared.service import layout as ly
from shared.service import quarantine
from shared.service.mail_room import MailRoom

log = logging.getLogger(__name__)
EVERY = dt.timedelta(hours=1)
PATIENCE = dt.timedelta(minutes=5)  # then whoever was sending is taken for dead
COUNTED = 50  # rows hold what came in: "50+" says enough


class Told(Frozen):
    """The leads' last mails: when they began to go, and how much waited then."""

    at: dt.datetime
    waiting: int
    is_sent: bool = False


async def tell_leads(room: MailRoom, desk: Desk) -> None:
    """Mails the leads what there is to tell; one call when there is nothing.

    Mails that the service does not take now go with a later call.
    """
    deps, now = room.deps, room.deps.clock.now()
    rows = {row.key: row for row in await deps.rows.scan(desk.id, *ly.LEADS)}
    held, news = rows.get(ly.LEADS_TOLD), rows.get(ly.LEADS_UNTOLD)
    last = Told.model_validate_json(held.body) if held else None
    try:
        if held and last and not last.is_sent:
            if now - last.at >= PATIENCE:
                await _send(room, desk, last, held.etag, again=True)
        elif news and (last is None or now - last.at >= EVERY):
            await _begin(room, desk, held, news)
    except Conflict:
        return  # another timer tells them, or more came in this moment: the next one does
    except (Unavailable, Unknown) as error:
        extra = {"desk": desk.id, "failure": type(error).__name__}
        log.warning("leads were not told of the quarantine yet", extra=extra)


async def _begin(room: MailRoom, desk: Desk, held: Row | None, news: Row) -> None:
    """Takes the right to send, and sends; nothing when everything was dealt with meanwhile."""
    deps = room.deps
    waiting = len(await quarantine.entries(deps, desk, COUNTED + 1))
    if not waiting:
        await deps.rows.commit(desk.id, [Delete(news.key, news.etag)])
        return
    told = Told(at=deps.clock.now(), waiting=waiting)
    body = ly.body(told)
    mark = Replace(held.key, body, held.etag) if held else Insert(ly.LEADS_TOLD, body)
    etags = await deps.rows.commit(desk.id, [mark, Delete(news.key, news.etag)])
    await _send(room, desk, told, etags[0], again=False)


async def _send(room: MailRoom, desk: Desk, told: Told, etag: str, *, again: bool) -> None:
    mailer = room.deps.outside.mailer(desk.mail.outgoing)
    for lead in _leads(desk):
        key = f"quarantine.{desk.id}.{ly.stamp(told.at)}.{ly.digest(lead.email)[:12]}"
        count = min(told.waiting, COUNTED)
        mail = quarantine_mail(desk, room.links, lead, count, key, more=told.waiting > COUNTED)
        try:
            await mailer.send(mail, key, again=again)
        except Rejected:
            log.warning("a lead's mail refused by the mail service", extra={"desk": desk.id})
    sent = ly.body(told.model_copy(update={"is_sent": True}))
    await room.deps.rows.commit(desk.id, [Replace(ly.LEADS_TOLD, sent, etag)])


def _leads(desk: Desk) -> tuple[Member, ...]:
    """The desk's leads, else its administrators."""
    return desk.members_with(Role.LEAD) or desk.members_with(Role.ADMIN)
