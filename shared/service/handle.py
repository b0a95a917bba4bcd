"""A command on a ticket: load, decide, commit, ring."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import logging
import random
from dataclasses import dataclass, replace

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.effects import Outbox
from shared.domain.errors import Conflict, NotFound, Rejected, Stale, Unavailable
from shared.domain.evolve import evolve
from shared.domain.flow import Column
from shared.domain.past import lost, type_of
from shared.domain.people import Actor
from shared.domain.rules import decide
from shared.domain.rules.case import Case
from shared.ports import Insert, Write
from shared.service import layout as ly
from shared.service import store
from shared.service.deps import Deps

log = logging.getLogger(__name__)
ATTEMPTS = 12
_BOARD_COMMANDS = (cm.AcceptForSprint, cm.Rank, cm.PullNext, cm.MarkDeployed, cm.ItemReported)
_ON_BOARD = (Column.READY, Column.IN_PROGRESS)
_RINGING: set[asyncio.Task[None]] = set()  # the loop itself keeps no task from being collected


@dataclass(frozen=True)
class Order:
    """Commands for one ticket, decided one after the other and committed together."""

    number: str
    commands: tuple[cm.Command, ...]
    actor: Actor
    version: int | None = None  # of the ticket that the person saw
    more: tuple[Write, ...] = ()  # rows that belong into the same transaction
    keys: tuple[tuple[str, str], ...] = ()  # idempotency keys (kind, text) to be inserted
    digest: bool = False  # escalations are told together with those of other tickets


async def handle(deps: Deps, order: Order, loaded: ly.Loaded | None = None) -> ly.Loaded:
    """The ticket after the commands. Decides again when somebody else was faster.

    Three storage calls: one range read (none when `loaded` is given and still true), one
    transaction, one ring. Raises a Refused, or Unavailable after too many conflicts.
    """
    desk = deps.desk_of(order.number)
    now = deps.clock.now()
    for attempt in range(ATTEMPTS):
        if loaded is None:
            loaded = await load(deps, desk, order)
        if order.version is not None and loaded.ticket.version != order.version:
            raise Stale(
                f"{order.number} is at version {loaded.ticket.version} now; look at it again"
            )
        made = _decided(desk, loaded, order, now)
        if made is None:
            if order.more:
                await deps.rows.commit(desk.id, order.more)
            return loaded
        try:
            await store.commit(deps.rows, desk.id, made, [*order.more, *_keys(order)])
        except Conflict as error:
            _not_ours_to_repeat(order, error)
            loaded = None
            await asyncio.sleep(random.uniform(0, 0.02 * 2 ** min(attempt, 5)))  # noqa: S311
            continue
        await ring(deps, made.outbox)
        return after(loaded, made)
    raise Unavailable(f"{order.number} changes too quickly just now; try again", retry_after=1)


def _keys(order: Order) -> list[Write]:
    return [
        Insert(ly.idempotency_key(kind, text), ly.body(ly.KeyRow(number=order.number)))
        for kind, text in order.keys
    ]


def _not_ours_to_repeat(order: Order, error: Conflict) -> None:
    """Raises when deciding again cannot help: the request was done before, or a row that had to
    go with it (a delivery's) is somebody else's by now."""
    if error.key in {ly.idempotency_key(kind, text) for kind, text in order.keys}:
        raise AlreadyDone(order.number) from error
    if error.key in {write.key for write in order.more}:
        raise error


class AlreadyDone(Exception):  # not a failure
    """The same request was committed before."""


async def load(deps: Deps, desk: Desk, order: Order) -> ly.Loaded:
    """The ticket, and the board where the commands or its state call for it."""
    try:
        loaded = await store.load(deps.rows, desk.id, order.number)
    except NotFound:
        if await archived(deps, desk, order.number) is not None:
            raise NotFound(f"{order.number} is archived; open a new ticket and link it") from None
        raise
    state = type_of(desk, loaded.ticket).state(loaded.ticket.state)
    wants_board = any(isinstance(c, _BOARD_COMMANDS) for c in order.commands)
    may_stand_there = state.board in _ON_BOARD or lost(desk, loaded.ticket)
    if desk.third_line is None or not (wants_board or may_stand_there):
        return loaded
    board, etag = await store.load_board(deps.rows, desk.id)
    return replace(loaded, board=board, board_etag=etag)


async def archived(deps: Deps, desk: Desk, number: str) -> ly.Loaded | None:
    """The ticket from the archive, if it is there."""
    try:
        found = await store.load(deps.archive, f"{desk.id}|{number}", number)
    except NotFound:
        return None
    return replace(found, live=False)


def _decided(desk: Desk, loaded: ly.Loaded, order: Order, now: dt.datetime) -> store.Plan | None:
    """The commit that the commands call for; None when they change nothing."""
    events: list[ev.Event] = []
    ticket = loaded.ticket
    by = ev.By.actor(order.actor)
    for command in order.commands:
        case = Case(desk, ticket, order.actor, now, loaded.board)
        for event in decide(case, command):
            events.append(event)
            seq = ticket.version + 1
            ticket = evolve(ticket, ev.Recorded(seq=seq, at=now, by=by, event=event))
    if not events:
        return None
    return store.plan(desk, loaded, events, order.actor, now, digest=order.digest)


def after(loaded: ly.Loaded | None, made: store.Plan) -> ly.Loaded:
    """The ticket as the commit left it. Its etag is not known any more."""
    return ly.Loaded(
        row=made.row,
        etag="",
        history=(*(loaded.history if loaded else ()), *made.new),
        seen=loaded.seen if loaded else (),
        board=made.board,
    )


async def ring(deps: Deps, outbox: Outbox | None, delay: dt.timedelta = dt.timedelta()) -> None:
    """Wakes the worker. A bell that does not ring costs a minute: the sweep looks anyway, so that
    no failure of the queue undoes what is committed."""
    if outbox is None:
        return
    key = ly.outbox_key(outbox.due, outbox.number, outbox.seq)
    try:
        await deps.bell.ring(message(outbox.desk, key, outbox.claim), delay=delay)
    except (Unavailable, Rejected) as error:
        log.warning("bell did not ring: %s", error, extra={"ticket": outbox.number})


def ring_meanwhile(deps: Deps, outbox: Outbox | None) -> None:
    """The same while the caller goes on: the commit is what counts, and its answer need not wait.

    Should the process end before, it costs a minute as above.
    """
    # An eager task has sent its message before the next line runs.
    task = asyncio.eager_task_factory(asyncio.get_running_loop(), ring(deps, outbox))
    _RINGING.add(task)
    task.add_done_callback(_RINGING.discard)


def message(desk: str, key: str, claim: str) -> str:
    """What the queue carries: ids only. No member may be named id or ...Time (the host's own)."""
    return json.dumps({"desk": desk, "row": key, "claim": claim})
