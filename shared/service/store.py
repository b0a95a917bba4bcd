"""Tickets in and out of a desk's partition."""

from __future__ import annotations

import asyncio
import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from shared.domain import events as ev
from shared.domain.board import Board, board_after
from shared.domain.desk import Desk
from shared.domain.effects import Outbox
from shared.domain.errors import Conflict, NotFound, Unavailable, Unknown
from shared.domain.evolve import evolve
from shared.domain.past import type_of
from shared.domain.people import Actor
from shared.domain.policy import ClockName
from shared.domain.reporting import facts
from shared.domain.rules.timing import next_due, warns_at
from shared.domain.searching import words_of
from shared.domain.sla import Clock, clocks
from shared.domain.ticket import Ticket
from shared.ports import Delete, Insert, Put, Replace, Rows, Write
from shared.service import layout as ly
from shared.service.outgoing import outgoing

# How long one delivery may take before the sweep gives the row to another.
CLAIM = dt.timedelta(seconds=60)
MOST_ROWS = 8  # of a submission's commit: what storage takes grows with each
FIRST_LOOK = dt.timedelta(minutes=1)  # into a thread that was just started


@dataclass(frozen=True)
class Plan:
    """A commit to be made: the ticket after it, its new events, and the rows to write."""

    ticket: Ticket
    new: tuple[ev.Recorded, ...]
    commit: str
    writes: tuple[Write, ...]
    outbox: Outbox | None
    row: ly.TicketRow
    board: Board


def fitted(made: Plan, beside: int) -> Plan:
    """The same in at most MOST_ROWS with `beside` others: the index rows of people that are too
    many wait in the outbox row for its first settling, the requester's own last of all."""
    people = [w for w in made.writes if w.key.startswith("requester|")]
    excess = len(made.writes) + beside - MOST_ROWS
    if excess <= 0 or made.outbox is None:
        return made
    left = [w.key for w in people[-excess:]]
    outbox = made.outbox.model_copy(update={"pointers": tuple(left)})
    row = Insert(*ly.outbox_row(outbox))
    writes = (row if w.key == row.key else w for w in made.writes if w.key not in left)
    return replace(made, writes=tuple(writes), outbox=outbox)


async def load(rows: Rows, desk: str, number: str) -> ly.Loaded:
    """The ticket with its whole history and its readers, in one range read."""
    return await _load(rows, desk, number, *ly.ticket_range(number))


async def load_from(rows: Rows, desk: str, number: str, seq: int) -> ly.Loaded:
    """The ticket with its history from that event on."""
    return await _load(rows, desk, number, ly.event_key(number, seq), ly.ticket_range(number)[1])


async def _load(rows: Rows, desk: str, number: str, low: str, high: str) -> ly.Loaded:
    found = await rows.scan(desk, low, high)
    state = next((r for r in found if r.key == ly.state_key(number)), None)
    if state is None:
        raise NotFound(f"there is no ticket {number}")
    kinds = {key: key.split("|")[2] for key in (r.key for r in found)}
    events = [ly.EventRow.model_validate_json(r.body) for r in found if kinds[r.key] == "event"]
    seen = [ly.Seen.model_validate_json(r.body) for r in found if kinds[r.key] == "seen"]
    return ly.Loaded(
        row=ly.TicketRow.model_validate_json(state.body),
        etag=state.etag,
        history=ly.recorded_of(events),
        seen=tuple(seen),
    )


async def load_board(rows: Rows, desk: str) -> tuple[Board, str]:
    """The desk's board and its etag ('' before anything stood on it)."""
    row = await rows.get(desk, ly.BOARD)
    return (Board.model_validate_json(row.body), row.etag) if row else (Board(), "")


def plan(
    desk: Desk,
    loaded: ly.Loaded | None,
    events: Sequence[ev.Event],
    actor: Actor,
    now: dt.datetime,
    *,
    digest: bool = False,
) -> Plan:
    """Everything that one command's events write. Pure but for the commit's fresh name.

    `digest`: escalations wait beside the ticket to be told together with others.
    """
    before = loaded.ticket if loaded else None
    row = ly.EventRow(
        commit=uuid.uuid4().hex,
        first=(before.version if before else 0) + 1,
        at=now,
        by=ev.By.actor(actor),
        events=tuple(events),
    )
    new = tuple(row.recorded())
    ticket = before
    for recorded in new:
        ticket = evolve(ticket, recorded)
    if ticket is None:
        raise ValueError("a commit needs at least one event")
    owed = outgoing(desk, loaded, ticket, new, CLAIM, digest=digest)
    ticket_row, index_writes = indexed(desk, loaded, ticket, now, owed.threads)
    board = _board(desk, loaded, ticket, new)
    writes = [
        Insert(ly.event_key(ticket.number, row.first), ly.body(row)),
        *index_writes,
        *item_keys(new, ticket.number),
        *_threads(new, ticket),
        *owed.rows,
        *fact_writes(desk, before, ticket),
        *_board_writes(loaded, board),
    ]
    return Plan(ticket, new, row.commit, tuple(writes), owed.outbox, ticket_row, board)


def item_keys(new: tuple[ev.Recorded, ...], number: str) -> list[Write]:
    """Lets a backlog tool's hook find the ticket of an item, by each name that it ever had."""
    row = ly.body(ly.KeyRow(number=number))
    linked = [r.event for r in new if isinstance(r.event, ev.ItemLinked)]
    moved = [r.event for r in new if isinstance(r.event, ev.ItemChanged) and r.event.moved_to]
    names = [*((i.system, i.id) for i in linked), *((i.system, i.moved_to) for i in moved)]
    return [Put(ly.idempotency_key("item", f"{tool}:{item}"), row) for tool, item in names]


def _threads(new: tuple[ev.Recorded, ...], ticket: Ticket) -> list[Write]:
    """A thread in the chat tool is listened to from its start on."""
    place = {"number": ticket.number, "channel": ticket.triage.channel}
    started = ((r.at, r.event.thread) for r in new if isinstance(r.event, ev.ThreadPosted))
    return [
        Put(*ly.listen_row(at + FIRST_LOOK, ly.Listening(**place, thread=thread, last=at)))
        for at, thread in started
    ]


def fact_writes(desk: Desk, before: Ticket | None, ticket: Ticket) -> list[Write]:
    """What reports count of the ticket, where it changed; an opening costs no row."""
    # Under other rules the rows that are there were counted otherwise.
    known = facts(desk, before) if before and before.policy == ticket.policy else {}
    return [
        Put(ly.fact_key(month, ticket.number), ly.body(fact))
        for month, fact in facts(desk, ticket).items()
        if known.get(month) != fact
    ]


def _board(
    desk: Desk, loaded: ly.Loaded | None, ticket: Ticket, new: tuple[ev.Recorded, ...]
) -> Board:
    state = type_of(desk, ticket).state(ticket.state)
    before = loaded.board if loaded else Board()
    return board_after(before, ticket.number, new, state)


def _board_writes(loaded: ly.Loaded | None, board: Board) -> list[Write]:
    if loaded is None or board == loaded.board:
        return []
    if loaded.board_etag:
        return [Replace(ly.BOARD, ly.body(board), loaded.board_etag)]
    return [Insert(ly.BOARD, ly.body(board))]


def indexed(
    desk: Desk,
    loaded: ly.Loaded | None,
    ticket: Ticket,
    now: dt.datetime,
    threads: dict[str, str] | None = None,
) -> tuple[ly.TicketRow, list[Write]]:
    """The ticket's row and the index rows that move with it."""
    old = loaded.row if loaded else None
    running = clocks(desk, ticket, now)
    due_at = next_due(desk, ticket, now, running)
    index = _index_key(desk, ticket, running)
    due = ly.due_key(due_at, ticket.number) if due_at else ""
    row = ly.TicketRow(ticket=ticket, index=index, due=due, threads=threads or {})
    state = ly.state_key(ticket.number)
    set_row = Put if loaded else Insert  # a new ticket's rows are nobody's yet
    writes: list[Write] = [
        Replace(state, ly.body(row), loaded.etag) if loaded else Insert(state, ly.body(row)),
        set_row(index, ly.body(summary(desk, ticket, running))),
    ]
    if old and old.index != index:
        writes.append(Delete(old.index))
    if due and (old is None or old.due != due):
        writes.append(set_row(due, ly.numbered(ticket.number)))
    if old and old.due and old.due != due:
        writes.append(Delete(old.due))
    if loaded is None:
        people = [p.email for p in (ticket.requester, ticket.submitted_by) if p]
        writes.extend(
            Insert(
                ly.requester_key(email, ticket.created_at, ticket.number),
                ly.numbered(ticket.number),
            )
            for email in dict.fromkeys(people)
        )
    return row, writes


def _index_key(desk: Desk, ticket: Ticket, running: tuple[Clock, ...]) -> str:
    if type_of(desk, ticket).state(ticket.state).has_ended:
        return ly.closed_key(ticket.facts.ended[-1].start, ticket.number)
    if ticket.merged_into:  # its work goes on elsewhere
        return ly.closed_key(ticket.updated_at, ticket.number)
    dues = (clock.due_at for clock in running if clock.is_open)
    soonest = min((due for due in dues if due is not None), default=None)
    return ly.open_key(ly.stamp(soonest) if soonest else "paused", ticket.number)


def summary(desk: Desk, ticket: Ticket, running: tuple[Clock, ...]) -> ly.Summary:
    """What lists show of the ticket."""
    open_dues = {c.clock: c.due_at for c in running if c.is_open}
    due = min((due for due in open_dues.values() if due), default=None)
    soonest = next((c for c in running if c.is_open and c.due_at == due), None) if due else None
    return ly.Summary(
        number=ticket.number,
        title=ticket.title,
        type=ticket.type,
        state=ticket.state,
        severity=ticket.severity,
        environment=ticket.environment,
        requester=ticket.requester,
        assignee=ticket.assignee,
        source=ticket.source,
        created_at=ticket.created_at,
        updated_at=ticket.updated_at,
        due=due,
        due_clock=soonest.clock.value if soonest else "",
        warns_at=warns_at(desk, ticket, soonest) if soonest else None,
        first_response_due=open_dues.get(ClockName.FIRST_RESPONSE),
        resolution_due=open_dues.get(ClockName.RESOLUTION),
        paused=type_of(desk, ticket).state(ticket.state).pauses_clock,
        asked=ticket.triage.asked_at is not None,
        decision=ticket.triage.decision or "",
        merged_into=ticket.merged_into or "",
        mirror=ticket.mirror.id if ticket.mirror else "",
        client_waits=bool(ticket.facts.first_response_at and ticket.facts.client_wrote_at),
        words=words_of(ticket),
        version=ticket.version,
        policy=ticket.policy,
    )


async def commit(rows: Rows, desk: str, made: Plan, more: Sequence[Write] = ()) -> list[str]:
    """Writes the plan with `more`; the etags of `more`, in order ('' where not known any more).

    A lost answer is settled by reading our own event row back; if it is not there, the very same
    rows are written again, so that a commit that lands late meets itself and not a second ticket.
    Raises Conflict when somebody was faster, Unavailable when nobody can tell.
    """
    writes = [*made.writes, *more]
    in_doubt = False
    for pause in (0.0, 0.3, 1.0):
        await asyncio.sleep(pause)
        try:
            etags = await rows.commit(desk, writes)
        except Unknown:
            in_doubt = True
            if await _is_there(rows, desk, made):
                return ["" for _ in more]
        except Conflict:
            if in_doubt and await _is_there(rows, desk, made):
                return ["" for _ in more]
            raise
        else:
            return etags[len(made.writes) :]
    raise Unavailable("storage did not answer; try again", retry_after=2)


async def _is_there(rows: Rows, desk: str, made: Plan) -> bool:
    row = await rows.get(desk, ly.event_key(made.ticket.number, made.new[0].seq))
    return row is not None and ly.EventRow.model_validate_json(row.body).commit == made.commit
