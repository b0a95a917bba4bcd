"""A link to one's own requests, by mail. It belongs to no ticket, so it goes past the outbox."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import secrets

from shared.domain.desk import Desk
from shared.domain.errors import Conflict, DocketError, Rejected, Unavailable, Unknown
from shared.domain.words import Language
from shared.ports import Delete, Insert, Replace
from shared.render.links import Links
from shared.render.my_link import my_link_mail
from shared.service import layout as ly
from shared.service.deps import Deps

log = logging.getLogger(__name__)
EVERY = dt.timedelta(minutes=5)


async def mail_link(deps: Deps, links: Links, email: str, language: Language) -> None:
    """Mails the link when some desk knows the person, every five minutes at most.

    The page says the same either way; only how long it takes, and an error while the mail service
    is away, could tell. A stranger's address costs one look per desk and leaves nothing behind.
    Raises Unavailable when the mail could not be sent: another try may then.
    """
    desk = await _desk_that_knows(deps, email)
    if desk is None:
        return
    claimed = await _claim(deps, desk, email)
    if claimed is None:
        return
    now = deps.clock.now()
    key = f"my-link.{secrets.token_hex(12)}"
    spoken = language if language in desk.languages else desk.languages[0]
    mail = my_link_mail(desk, links, email, spoken, now, key)
    try:
        await deps.outside.mailer(desk.mail.outgoing).send(mail, key, again=False)
    except Rejected:
        log.warning("link to own requests refused by the mail service", extra={"desk": desk.id})
    except (Unavailable, Unknown) as error:
        await _release(deps, desk, claimed)
        raise Unavailable("the mail could not be sent; try again in a moment") from error


async def _desk_that_knows(deps: Deps, email: str) -> Desk | None:
    """The first desk with a request of that person."""
    prefix = f"requester|{ly.digest(email)}"
    desks = list(deps.desks.values())
    found = await asyncio.gather(
        *(deps.rows.scan(d.id, f"{prefix}|", f"{prefix}{ly.END}", limit=1) for d in desks)
    )
    return next((desk for desk, rows in zip(desks, found, strict=True) if rows), None)


async def _claim(deps: Deps, desk: Desk, email: str) -> tuple[str, str] | None:
    """The right to send now: key and etag of the row that says so; None when one went lately."""
    key, now = ly.idempotency_key("my_link", email), deps.clock.now()
    body = ly.body(ly.KeyRow(number="", body=now.isoformat()))
    row = await deps.rows.get(desk.id, key)
    write: Insert | Replace = Insert(key, body)
    if row is not None:
        sent_at = dt.datetime.fromisoformat(ly.KeyRow.model_validate_json(row.body).body)
        if now - sent_at < EVERY:
            return None
        write = Replace(key, body, row.etag)
    try:
        etags = await deps.rows.commit(desk.id, [write])
    except Conflict:
        return None  # another request of this moment sends it
    return key, etags[0]


async def _release(deps: Deps, desk: Desk, claimed: tuple[str, str]) -> None:
    try:
        await deps.rows.commit(desk.id, [Delete(*claimed)])
    except DocketError:
        return  # at worst the next mail has to wait its five minutes
