"""A link to one's own requests, by mail. It belongs to no ticket, so it goes past the outbox.

Whoever asks is answered before anybody looks whether the address is known: neither what the answer
says nor how long it takes tells. The queue's worker looks, and mails.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import secrets
from dataclasses import dataclass

from shared.domain.desk import Desk
from shared.domain.errors import Conflict, NotFound, Rejected
from shared.domain.words import Language
from shared.ports import Insert, Replace
from shared.render.my_link import my_link_mail
from shared.service import layout as ly
from shared.service import reads
from shared.service.deps import Deps
from shared.service.mail_room import MailRoom

log = logging.getLogger(__name__)
EVERY = dt.timedelta(minutes=5)


@dataclass(frozen=True)
class Ask:
    """Somebody asked for the link. `person`: the digest of their address; `key`: of this ask."""

    person: str
    language: Language
    key: str


async def ask_for_link(room: MailRoom, email: str, language: Language) -> None:
    """Leaves it to the worker, whoever it is. Raises Unavailable when the queue is away."""
    ask = {"person": ly.digest(email), "language": language, "key": secrets.token_hex(12)}
    await room.bell.ring(json.dumps({"my_link": ask}))


async def mail_link(room: MailRoom, ask: Ask, *, again: bool) -> None:
    """Mails the link when some desk knows the person, every five minutes at most.

    A stranger's address leaves nothing behind. `again`: the message was taken up before. Raises
    Unavailable or Unknown when the mail could not be sent: the same ask may be tried again.
    """
    deps = room.deps
    known = await _known(deps, ask.person)
    if known is None:
        return
    desk, email = known
    if not await _claim(deps, desk, email, ask.key):
        return
    key = f"my-link.{ask.key}"
    spoken = ask.language if ask.language in desk.languages else desk.languages[0]
    mail = my_link_mail(desk, room.links, email, spoken, deps.clock.now(), key)
    try:
        await deps.outside.mailer(desk.mail.outgoing).send(mail, key, again=again)
    except Rejected:
        log.warning("link to own requests refused by the mail service", extra={"desk": desk.id})


async def _known(deps: Deps, person: str) -> tuple[Desk, str] | None:
    """The first desk with a request of that person, and the address as the request has it."""
    desks = list(deps.desks.values())
    prefix = f"requester|{person}"
    found = await asyncio.gather(
        *(deps.rows.scan(d.id, f"{prefix}|", f"{prefix}{ly.END}", limit=1) for d in desks)
    )
    for desk, rows in zip(desks, found, strict=True):
        for row in rows:
            if email := await _address(deps, row.key.rpartition("|")[2], person):
                return desk, email
    return None


async def _address(deps: Deps, number: str, person: str) -> str:
    try:
        ticket = (await reads.find(deps, number)).ticket
    except NotFound:
        return ""
    people = (ticket.requester, ticket.submitted_by)
    return next((p.email for p in people if p and ly.digest(p.email) == person), "")


async def _claim(deps: Deps, desk: Desk, email: str, ask: str) -> bool:
    """Whether this ask may send now; not when another one did lately."""
    key, now = ly.idempotency_key("my_link", email), deps.clock.now()
    body = ly.body(ly.KeyRow(number=ask, body=now.isoformat()))
    row = await deps.rows.get(desk.id, key)
    write: Insert | Replace = Insert(key, body)
    if row is not None:
        held = ly.KeyRow.model_validate_json(row.body)
        if held.number == ask:
            return True  # its earlier try came to no end
        if now - dt.datetime.fromisoformat(held.body) < EVERY:
            return False
        write = Replace(key, body, row.etag)
    try:
        await deps.rows.commit(desk.id, [write])
    except Conflict:
        return False  # another ask of this moment sends it
    return True
