"""A new request becomes a ticket, once per key."""

from __future__ import annotations

import asyncio
import json
import logging
import random
from dataclasses import dataclass

from shared.domain import commands as cm
from shared.domain.desk import Desk
from shared.domain.errors import Conflict, Invalid, NotFound, Unavailable
from shared.domain.people import SYSTEM, Actor
from shared.domain.rules.opening import check, open_ticket
from shared.ports import Insert, Write
from shared.service import layout as ly
from shared.service import reads, store
from shared.service.deps import Deps
from shared.service.handle import (
    ATTEMPTS,
    AlreadyDone,
    Order,
    after,
    handle,
    ring,
    ring_meanwhile,
)
from shared.service.numbers import Taken

log = logging.getLogger(__name__)
# Keys under which the very same request comes again, or none.
_STRICT = {
    "header": ("Idempotency-Key", "this key was used for another request"),
    "form": ("responseId", "this response is a request already, and had other answers then"),
}


@dataclass(frozen=True)
class Request:
    """A request with its idempotency keys (kind, text). `fingerprint` tells another body."""

    command: cm.Open
    actor: Actor
    keys: tuple[tuple[str, str], ...] = ()
    fingerprint: str = ""


@dataclass(frozen=True)
class Opened:
    """The ticket that the request made, now or earlier."""

    loaded: ly.Loaded
    is_new: bool


async def open_request(deps: Deps, desk: Desk, request: Request, *, waits: bool = True) -> Opened:
    """Two storage calls when calm: one transaction, one ring, which only who `waits` waits for.

    The same key again gives the same ticket. Raises Invalid for bad fields and for a known key
    with another body, Unavailable after too many conflicts.
    """
    check(desk, request.command)  # bad input costs no number
    for attempt in range(ATTEMPTS):
        opened = await _attempt(deps, desk, request, waits=waits)
        if opened is not None:
            return opened
        await asyncio.sleep(random.uniform(0, 0.01 * 2 ** min(attempt, 5)))  # noqa: S311
    raise Unavailable("the desk is very busy just now; try again", retry_after=2)


async def _attempt(deps: Deps, desk: Desk, request: Request, *, waits: bool) -> Opened | None:
    """One try under a number of its own; None when that number, or the counter, was taken."""
    taken = await deps.numbers.take(desk.id, deps.clock.now())
    etag, unused = None, False
    try:
        made = _made(deps, desk, request, taken)
        more = [*_keys(request, made.ticket.number), *([taken.write] if taken.write else [])]
        made = store.fitted(made, len(more))
        try:
            etags = await store.commit(deps.rows, desk.id, made, more)
        except Conflict as error:
            unused = error.key.startswith("key|")  # refused as a whole, and not for its number
            return await _known(deps, desk, request, error)
        etag = etags[-1] if taken.write else ""
    finally:
        deps.numbers.settle(desk.id, taken, etag, unused=unused)
    if waits:
        await ring(deps, made.outbox)
    else:
        ring_meanwhile(deps, made.outbox)
    return Opened(after(None, made), is_new=True)


def _made(deps: Deps, desk: Desk, request: Request, taken: Taken) -> store.Plan:
    now = deps.clock.now()
    number = f"{desk.prefix}-{taken.number}"
    events = open_ticket(desk, number, request.command)
    return store.plan(desk, None, events, request.actor, now)


def _keys(request: Request, number: str) -> list[Write]:
    row = ly.body(ly.KeyRow(number=number, body=request.fingerprint))
    return [Insert(ly.idempotency_key(kind, text), row) for kind, text in request.keys]


async def _known(deps: Deps, desk: Desk, request: Request, error: Conflict) -> Opened | None:
    """The ticket that one of the keys made before, if that is what stood in the way."""
    if not error.key.startswith("key|"):
        return None
    for kind, text in request.keys:
        row = await deps.rows.get(desk.id, ly.idempotency_key(kind, text))
        if row is None:
            continue
        found = ly.KeyRow(**json.loads(row.body))
        if found.body != request.fingerprint:
            if kind in _STRICT:
                raise Invalid.of(*_STRICT[kind])
            await _keep_words(deps, found.number, request)
        return Opened(await reads.find(deps, found.number), is_new=False)
    return None


async def _keep_words(deps: Deps, number: str, request: Request) -> None:
    """The same matter was sent again in other words: staff read them on its ticket, once."""
    said = request.command
    files = ", ".join(file.name for file in said.attachments)
    text = (
        f"Sent again under the same reference by {said.requester.name or 'somebody'}"
        f" <{said.requester.email}>: {said.title}\n\n{said.description}"
        + (f"\n\nFiles that came with it: {files}" if files else "")
    )
    remark, keys = cm.Remark(text=text), (("remark", f"{number}:{request.fingerprint}"),)
    try:
        await handle(deps, Order(number, (remark,), SYSTEM, keys=keys))
    except (AlreadyDone, NotFound) as error:
        log.info("words of a repeated reference not noted: %s", error)
