"""What the team answers in a ticket's thread comes back as work notes.

One row a thread says when it is looked at next, so a look costs what is said lately and never what
the desk holds. A channel that is reached by a workflow's webhook has no threads, hence no rows.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

from shared.domain import commands as cm
from shared.domain.desk import Desk
from shared.domain.errors import Conflict, NotFound, Rejected, Unavailable, Unknown
from shared.domain.past import type_of
from shared.domain.people import SYSTEM, Actor, ActorKind
from shared.ports import ChatReply, Delete, Insert, Replace, Row, Write
from shared.render.wording import moment
from shared.service import layout as ly
from shared.service.abilities import Threaded
from shared.service.deps import Deps
from shared.service.handle import Order, handle
from shared.service.perform import chat_place

log = logging.getLogger(__name__)
MOST = 20  # threads that are looked into at a time; Graph allows one read a second and channel
QUIET = dt.timedelta(days=7)  # then nobody is listening any more
ENDED = dt.timedelta(hours=6)  # how often an ended ticket is looked at: it may be reopened
FAILED = dt.timedelta(minutes=5)
HEARD = 200  # as many replies as the chat tool tells


@dataclass(frozen=True)
class _Look:
    """One thread whose turn it is."""

    deps: Deps
    desk: Desk
    row: Row
    listening: ly.Listening


async def listen(deps: Deps, desk_id: str) -> int:
    """Looks into the threads whose turn it is; how many answers were noted.

    When the chat tool is away, the threads after the first one wait for the next sweep.
    """
    now, heard = deps.clock.now(), 0
    rows = await deps.rows.scan(desk_id, "listen|", f"listen|{ly.stamp(now)}{ly.END}", limit=MOST)
    for row in rows:
        look = _Look(deps, deps.desk(desk_id), row, ly.Listening.model_validate_json(row.body))
        try:
            heard += await _look(look)
        except (Conflict, Unknown):
            log.warning("another look was faster", extra={"ticket": look.listening.number})
        except Unavailable:
            log.warning("a thread could not be read", extra={"ticket": look.listening.number})
            break
    return heard


async def _look(look: _Look) -> int:
    number = look.listening.number
    state = await look.deps.rows.get(look.desk.id, ly.state_key(number))
    chat, channels = look.deps.outside.chat, {c.id: c for c in look.desk.channels}
    channel, quiet = channels.get(look.listening.channel), _quiet(look)
    if state is None or channel is None or quiet > QUIET or not isinstance(chat, Threaded):
        await _stop(look)
        return 0
    ticket = ly.TicketRow.model_validate_json(state.body).ticket
    if type_of(look.desk, ticket).state(ticket.state).has_ended or ticket.merged_into:
        await _next(look, ENDED)
        return 0
    try:
        replies = await chat.replies(chat_place(channel), look.listening.thread)
    except (Rejected, NotFound):
        log.warning("a thread is gone", extra={"ticket": number})
        await _stop(look)
        return 0
    except Unavailable as error:
        await _next(look, max(FAILED, dt.timedelta(seconds=error.retry_after or 0)))
        raise
    fresh = [reply for reply in replies if reply.id not in look.listening.heard]
    for reply in fresh:
        look = await _note(look, reply)
    await _next(look, _pause(_quiet(look)))
    return len(fresh)


def _quiet(look: _Look) -> dt.timedelta:
    """For how long nothing was said."""
    return look.deps.clock.now() - look.listening.last


def _pause(quiet: dt.timedelta) -> dt.timedelta:
    """Until the next look: the longer nothing was said, the longer."""
    if quiet < dt.timedelta(hours=1):
        return dt.timedelta(minutes=1)
    return dt.timedelta(minutes=5 if quiet < dt.timedelta(days=1) else 30)


async def _note(look: _Look, reply: ChatReply) -> _Look:
    """The reply becomes a work note in the transaction that remembers it, so exactly once."""
    listening = look.listening.model_copy(
        update={
            "heard": (*look.listening.heard, reply.id)[-HEARD:],
            "last": max(look.listening.last, reply.at),
        }
    )
    said_at = moment(reply.at, look.desk.timezone)
    text = f"{reply.by_name or 'Somebody'} in Teams, {said_at}:\n\n{reply.text}".rstrip()
    known = Replace(look.row.key, ly.body(listening), look.row.etag)
    command = cm.ThreadAnswered(text=text)
    order = Order(listening.number, (command,), _actor(look.desk, reply), more=(known,))
    await handle(look.deps, order)
    row = await look.deps.rows.get(look.desk.id, look.row.key)
    if row is None:
        raise Conflict(look.row.key, exists=False)
    return _Look(look.deps, look.desk, row, listening)


def _actor(desk: Desk, reply: ChatReply) -> Actor:
    """The member with that id in Entra ID, else the tool itself."""
    for member in desk.people:
        if reply.by_id and member.aad_id == reply.by_id:
            return Actor(
                kind=ActorKind.STAFF, email=member.email, name=member.name, roles=member.roles
            )
    return SYSTEM.model_copy(update={"email": "teams", "name": reply.by_name or "Teams"})


async def _next(look: _Look, pause: dt.timedelta) -> None:
    key, text = ly.listen_row(look.deps.clock.now() + pause, look.listening)
    moved: list[Write] = [Delete(look.row.key, look.row.etag), Insert(key, text)]
    await look.deps.rows.commit(look.desk.id, moved)


async def _stop(look: _Look) -> None:
    await look.deps.rows.commit(look.desk.id, [Delete(look.row.key, look.row.etag)])
