"""What clients and staff do with a ticket, beyond one plain command."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from shared.domain import commands as cm
from shared.domain.errors import FlowForbids, Invalid, NotFound, Stale
from shared.domain.people import SYSTEM, Actor, ActorKind, Person
from shared.domain.rules import decide
from shared.domain.rules.case import Case
from shared.ports import Put
from shared.service import files, reads
from shared.service import layout as ly
from shared.service.deps import Deps
from shared.service.files import Upload
from shared.service.handle import Order, handle, load
from shared.service.opening import Request, open_request


async def staff_command(
    deps: Deps,
    number: str,
    command: cm.StaffCommand,
    actor: Actor,
    *,
    uploads: Sequence[Upload] = (),
    version: int | None = None,
) -> ly.Loaded:
    """A member's command with its files. Raises a Refused."""
    if isinstance(command, cm.Seen):
        return await mark_seen(deps, number, actor)
    if isinstance(command, cm.Merge):
        return await merge(deps, number, command, actor, version)
    if isinstance(command, cm.LinkTicket):
        return await link(deps, number, command, actor, version)
    if uploads:
        if not isinstance(command, cm.Reply | cm.Note):
            raise Invalid.of("attachments", "only a reply or a note carries files")
        public = isinstance(command, cm.Reply)
        stored = await files.store(deps.blobs, uploads, public=public)
        command = command.model_copy(update={"attachments": stored})
    return await handle(deps, Order(number, (command,), actor, version))


async def _other(deps: Deps, field: str, number: str) -> ly.Loaded:
    """The ticket that a command names. Raises Invalid for that field when there is none."""
    try:
        return await reads.find(deps, number)
    except NotFound as error:
        raise Invalid.of(field, f"there is no ticket {number}") from error


async def link(
    deps: Deps, number: str, command: cm.LinkTicket, actor: Actor, version: int | None = None
) -> ly.Loaded:
    """Either ticket leads to the other; one of a desk that is not one's own stays as it is."""
    other = await _other(deps, "to", command.to)
    linked = await handle(deps, Order(number, (command,), actor, version))
    if actor.email in deps.desk_of(command.to).member_by_email:
        await _link_back(deps, other, number, command.kind)
    return linked


async def _link_back(deps: Deps, other: ly.Loaded, number: str, kind: str) -> None:
    """The link's other end; a ticket in the archive stays as it is."""
    if other.live:
        back = cm.LinkedFrom(number=number, kind=kind)
        await handle(deps, Order(other.ticket.number, (back,), SYSTEM))


async def merge(
    deps: Deps, number: str, command: cm.Merge, actor: Actor, version: int | None = None
) -> ly.Loaded:
    """The ticket goes on as another live one of its desk, whose conversation its clients join.

    The other ticket takes them in first: a crash in between leaves clients who can read along,
    not a ticket whose answers nobody sees; the command, given again, finishes it.
    """
    desk = deps.desk_of(number)
    into = await _other(deps, "into", command.into)
    if into.ticket.desk != desk.id:
        raise Invalid.of("into", f"{command.into} is another desk's; link it instead")
    if into.ticket.merged_into:
        goes_on = into.ticket.merged_into
        raise Invalid.of("into", f"{command.into} was itself merged into {goes_on}; name that one")
    if not into.live:
        raise Invalid.of("into", f"{command.into} is archived; link it instead")
    loaded = await load(deps, desk, Order(number, (command,), actor))
    if version is not None and loaded.ticket.version != version:
        raise Stale(f"{number} is at version {loaded.ticket.version} now; look at it again")
    decide(Case(desk, loaded.ticket, actor, deps.clock.now(), loaded.board), command)  # or refuse
    clients = tuple(sorted(loaded.ticket.participants - desk.member_by_email.keys()))
    taken = cm.TakeOver(number=number, clients=clients)
    await handle(deps, Order(command.into, (taken,), SYSTEM))
    return await handle(deps, Order(number, (command,), actor, version))


async def mark_seen(deps: Deps, number: str, actor: Actor) -> ly.Loaded:
    """Records that a member has read the ticket: beside the history, the last write wins."""
    loaded = await reads.find(deps, number)
    if not loaded.live:
        return loaded
    desk = deps.desk_of(number)
    seen = ly.Seen(email=actor.email, at=deps.clock.now())
    await deps.rows.commit(desk.id, [Put(ly.seen_key(number, actor.email), ly.body(seen))])
    others = tuple(s for s in loaded.seen if s.email != actor.email)
    return replace(loaded, seen=(*others, seen))


async def client_reply(
    deps: Deps,
    number: str,
    reply: cm.Reply,
    actor: Actor,
    *,
    keys: tuple[tuple[str, str], ...] = (),
    subject: str = "",
) -> ly.Loaded:
    """A client's answer. After the desk's window, or on an archived ticket, it becomes a new one.

    `reply` has its attachments stored already. Merged tickets pass answers on. `subject`: what the
    client wrote above it, '' for nothing; a new ticket has it as its title.
    """
    desk = deps.desk_of(number)
    try:
        loaded = await reads.find(deps, number)
        if loaded.ticket.merged_into:
            into = loaded.ticket.merged_into
            return await client_reply(deps, into, reply, actor, keys=keys, subject=subject)
        order = Order(number, (reply,), actor, keys=keys)
        return await handle(deps, order, loaded if loaded.live else None)
    except (FlowForbids, NotFound):
        loaded = await reads.find(deps, number)
    old = loaded.ticket
    command = cm.Open(
        title=_title(old.title, subject),
        description=reply.text,
        type=old.type,
        environment=old.environment,
        severity=old.claimed_severity,
        requester=old.requester if old.requester.email == actor.email else _person(actor),
        language=old.language,
        attachments=reply.attachments,
        source="mail" if reply.message_id else "portal",
        message_id=reply.message_id,
        raw=reply.raw,
        links=((number, "follows"),),
    )
    client = Actor(kind=ActorKind.CLIENT, email=actor.email, name=actor.name)
    opened = await open_request(deps, desk, Request(command, client, keys))
    await _link_back(deps, loaded, opened.loaded.ticket.number, "follows")
    return opened.loaded


def _title(old: str, subject: str) -> str:
    """The subject, unless it only repeats the old title, as mail programs and our notices do."""
    repeats = re.search(rf"(?i)(?<!\w){re.escape(old)}(?!\w)", subject)
    return old if repeats or not subject else subject


def _person(actor: Actor) -> Person:
    return Person(email=actor.email, name=actor.name)
