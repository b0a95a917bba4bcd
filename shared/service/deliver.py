"""Delivers what a commit owes: all effects of one command side by side, each once.

The outbox row carries a claim. The bell's message holds the first claim from the commit on, so a
calm delivery needs no write to begin with; the sweep, or a message that comes again, takes a new
claim first. An effect that was claimed before is looked for at its vendor before it is done.
What is to be tried again soon has no claim, and a bell that rings for it then: a sweep may be up
to a minute later. Every effect ends before the claim does: one that hangs counts as a failed try,
so that what the others brought is written in any case.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared import telemetry
from shared.domain import commands as cm
from shared.domain import effects as ef
from shared.domain.desk import Desk
from shared.domain.errors import Conflict, NotFound, NotYet, Rejected, Unavailable, Unknown
from shared.domain.people import SYSTEM
from shared.ports import Delete, Put, Row, Write
from shared.service import layout as ly
from shared.service import observe, store
from shared.service.deps import Deps
from shared.service.handle import Order, archived, handle, ring
from shared.service.perform import Continues, Job, Told, perform

log = logging.getLogger(__name__)
GIVE_UP = dt.timedelta(hours=24)
FIRST_PAUSE = 30.0
LONGEST_PAUSE = 3600.0
# What the effects of one delivery may take; no vendor call may wait for longer.
PATIENCE = dt.timedelta(seconds=45)
# The rest of the claim, in which they are settled: nobody else begins meanwhile.
SETTLING = store.CLAIM - PATIENCE
LEAST = dt.timedelta(seconds=15)  # with less left of a claim a delivery takes a new one
SOON = dt.timedelta(minutes=2)  # beyond that, the sweep's minute does not matter


@dataclass(frozen=True)
class Outcome:
    """What became of one effect, and what the ticket must know of it."""

    effect: ef.Effect
    commands: tuple[cm.Command, ...] = ()


async def deliver(
    deps: Deps,
    desk_id: str,
    key: str,
    claim: str,
    *,
    again: bool,
    patience: dt.timedelta = PATIENCE,
) -> None:
    """Delivers the row if the claim still holds. `again`: the message was taken up before.

    `patience`: what the effects may take, unless the claim leaves them less. Raises Unavailable
    only when storage is away; vendors' failures stay in the row.
    """
    desk = deps.desk(desk_id)
    number, seq = ly.outbox_place(key)
    row, loaded = await asyncio.gather(
        deps.rows.get(desk.id, key), _ticket(deps, desk, number, seq)
    )
    if row is None:
        return
    box = ef.Outbox.model_validate_json(row.body)
    if box.claim != claim or (not claim and deps.clock.now() < box.due):
        return
    if again or not claim or _left(box, deps.clock.now()) < LEAST:
        claimed = await take(deps, row)
        if claimed is None:
            return
        row, box = claimed
    with telemetry.traced(box.trace):
        if loaded is None:
            await _bury(deps, row, box)
        else:
            await _deliver(deps, row, box, loaded, min(patience, _left(box, deps.clock.now())))


async def _ticket(deps: Deps, desk: Desk, number: str, seq: int) -> ly.Loaded | None:
    """What the effects tell of: of an archived ticket, tried again by hand, the archive's copy."""
    try:
        return await store.load_from(deps.rows, desk.id, number, seq)
    except NotFound:
        return await archived(deps, desk, number)


def _left(box: ef.Outbox, now: dt.datetime) -> dt.timedelta:
    """How long the claim leaves to the effects."""
    return box.due - SETTLING - now


async def take(deps: Deps, row: Row) -> tuple[Row, ef.Outbox] | None:
    """A new claim on the row for the next minute; None when somebody else was faster."""
    box = ef.Outbox.model_validate_json(row.body)
    box = box.model_copy(
        update={
            "claim": uuid.uuid4().hex,
            "attempt": box.attempt + 1,
            "due": deps.clock.now() + store.CLAIM,
            "effects": _perhaps_tried(box, deps.clock.now()),
        }
    )
    try:
        etags = await deps.rows.commit(box.desk, ly.outbox_moved(row, box))
    except (Conflict, Unknown):
        return None
    return Row(*ly.outbox_row(box), etags[-1]), box


def _perhaps_tried(box: ef.Outbox, now: dt.datetime) -> tuple[ef.Effect, ...]:
    """The effects, when the claim before was never settled: its delivery may have got anywhere."""
    if not box.claim:
        return box.effects
    at = min(now, box.due)
    return tuple(
        effect.model_copy(update={"tried_at": at}) if _is_due(effect, at) else effect
        for effect in box.effects
    )


def _is_due(effect: ef.Effect, now: dt.datetime) -> bool:
    return effect.status == "due" and (effect.not_before is None or effect.not_before <= now)


async def _deliver(
    deps: Deps, row: Row, box: ef.Outbox, loaded: ly.Loaded, patience: dt.timedelta
) -> None:
    desk, now = deps.desk(box.desk), deps.clock.now()
    jobs = [
        Job(deps, desk, loaded, box, index, again=box.attempt > 1 or effect.tries > 0)
        for index, effect in enumerate(box.effects)
    ]
    outcomes = await _side_by_side(box, jobs, now, patience)
    dead = [o.effect for o in outcomes if o.effect.status == "dead"]
    newly_dead = len(dead) > sum(e.status == "dead" for e in box.effects)
    commands = list(dict.fromkeys(c for o in outcomes for c in o.commands))  # each told once
    if newly_dead:
        commands.append(cm.DeliveryFailed(text=_undelivered(desk, dead)))
        log.error("effect given up", extra={"ticket": box.number})
    after = _after(box, [o.effect for o in outcomes])
    pointers = [Put(key, ly.numbered(box.number)) for key in box.pointers]
    more = (*_settled(row, after), *pointers)
    order = Order(box.number, tuple(commands), SYSTEM, more=more)
    if not await _settle(deps, box, order, loaded if loaded.live else None):
        return
    pause = after.due - deps.clock.now()
    if _has_due(after) and pause < SOON:
        await ring(deps, after, pause)


async def _bury(deps: Deps, row: Row, box: ef.Outbox) -> None:
    """Nothing can be told of a ticket that is nowhere: the effects are given up, for all to see."""
    log.error("effects of a ticket that is nowhere", extra={"ticket": box.number})
    reason = f"there is no ticket {box.number}"
    effects = [_failed(e, reason, status="dead") if e.status == "due" else e for e in box.effects]
    more = tuple(_settled(row, _after(box, effects)))
    await _settle(deps, box, Order(box.number, (), SYSTEM, more=more), None)


async def _settle(deps: Deps, box: ef.Outbox, order: Order, loaded: ly.Loaded | None) -> bool:
    """Whether the row was still ours. Without a live ticket there is none to tell of it."""
    try:
        if loaded is None:
            await deps.rows.commit(box.desk, order.more)
        else:
            await handle(deps, order, loaded)
    except Conflict:
        log.warning("another delivery settled the row", extra={"ticket": box.number})
        return False
    return True


def _after(box: ef.Outbox, effects: Sequence[ef.Effect]) -> ef.Outbox:
    """The row as this delivery leaves it: nobody's, and due when its next effect is."""
    due = min((e.not_before or box.due for e in effects if e.status == "due"), default=box.due)
    updates = {"effects": tuple(effects), "claim": "", "due": due, "pointers": ()}
    return box.model_copy(update=updates)


def _has_due(box: ef.Outbox) -> bool:
    return any(e.status == "due" for e in box.effects)


def _settled(row: Row, box: ef.Outbox) -> list[Write]:
    """The row goes; what is still due waits under its next time, what is dead is kept to see."""
    if _has_due(box):
        return ly.outbox_moved(row, box)
    writes: list[Write] = [Delete(row.key, row.etag)]
    if any(e.status == "dead" for e in box.effects):
        writes.append(Put(ly.dead_key(box.number, box.seq), ly.body(box)))
    return writes


async def _side_by_side(
    box: ef.Outbox, jobs: Sequence[Job], now: dt.datetime, patience: dt.timedelta
) -> list[Outcome]:
    """Tries all that is due at once, for `patience` at most; outcomes in the effects' order.

    An effect that waits for another begins after it. What fails, or has not ended in time, stays
    due with a later `not_before`, or is dead. The end is counted by the loop's time, since the
    clock's may be set while an effect is at work.
    """
    deadline = asyncio.get_running_loop().time() + patience.total_seconds()
    running: dict[int, asyncio.Task[Outcome]] = {}
    async with asyncio.TaskGroup() as group:
        # What waits for nothing first: a task may have been planned before the item it is below.
        for index, effect in sorted(enumerate(box.effects), key=lambda e: e[1].after is not None):
            first = running.get(effect.after) if effect.after is not None else None
            running[index] = group.create_task(_one(jobs[index], first, now, deadline))
    return [running[index].result() for index in range(len(box.effects))]


async def _one(
    job: Job, first: asyncio.Task[Outcome] | None, now: dt.datetime, deadline: float
) -> Outcome:
    effect = job.box.effects[job.index]
    if not _is_due(effect, now):
        return Outcome(effect)
    if first is not None:
        until = effect.wait_until
        before = await _awaited(first, until, now)
        if before and before.effect.status == "due" and (until is None or now < until):
            later = until or before.effect.not_before
            return Outcome(effect.model_copy(update={"not_before": later}))
        job = replace(job, told=before.commands if before else ())
    outcome = await _try(job, effect, deadline)
    opened_at, ended = job.ticket.created_at, job.deps.clock.now()
    observe.effect_tried(job.box, effect, outcome.effect, opened_at, ended)
    return outcome


async def _awaited(
    first: asyncio.Task[Outcome], until: dt.datetime | None, now: dt.datetime
) -> Outcome | None:
    """What became of the effect that is waited for; None when it is still at work at that time."""
    patience = max((until - now).total_seconds(), 0) if until else None
    await asyncio.wait({first}, timeout=patience)
    return first.result() if first.done() else None


async def _try(job: Job, effect: ef.Effect, deadline: float) -> Outcome:
    try:
        commands = await _performed(job, effect, deadline)
    except Continues as more:
        return Outcome(more.effect, more.commands)
    except Rejected as error:
        return Outcome(_failed(effect, str(error), status="dead"))
    except Unavailable as error:
        return Outcome(_later(job, effect, error))
    except Exception as error:  # a mistake in one template must not stop the others
        log.exception("effect failed", extra={"ticket": job.box.number, "effect": effect.kind})
        return Outcome(
            _later(job, effect, Unavailable(f"a mistake of ours: {type(error).__name__}"))
        )
    return Outcome(effect.model_copy(update={"status": "done", "error": ""}), commands)


def _later(job: Job, effect: ef.Effect, error: Unavailable) -> ef.Effect:
    """The effect, to be tried again after a pause; given up when that has gone on for a day."""
    now = job.deps.clock.now()
    if now - job.box.committed_at >= GIVE_UP and not isinstance(error, NotYet):
        return _failed(effect, str(error), status="dead")
    pause = max(error.retry_after or 0.0, pause_after(effect.tries))
    later = now + dt.timedelta(seconds=pause)
    tried = effect.tried_at if isinstance(error, NotYet) else now
    return _failed(effect, str(error), status="due", not_before=later, tried_at=tried)


async def _performed(job: Job, effect: ef.Effect, deadline: float) -> Told:
    try:
        async with asyncio.timeout_at(deadline):
            return await perform(job, effect)
    except TimeoutError as error:
        raise Unavailable("it did not come to an end in time") from error


def pause_after(tries: int) -> float:
    """Seconds until the next try: doubling, jittered by a quarter, an hour at most."""
    pause: float = min(FIRST_PAUSE * 2**tries, LONGEST_PAUSE)
    return pause * random.uniform(0.75, 1.25)  # noqa: S311


def _failed(effect: ef.Effect, error: str, **updates: object) -> ef.Effect:
    return effect.model_copy(update={"tries": effect.tries + 1, "error": error[:500], **updates})


def _undelivered(desk: Desk, dead: Sequence[ef.Effect]) -> str:
    what = "; ".join(ef.in_words(desk, effect) for effect in dead)
    return f"Not delivered: {what}. See the undelivered list; it can be tried again there."
