"""What the backlog tool owes to a command's events: items, their states, order and comments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.domain import effects as ef
from shared.domain import events as ev
from shared.domain.desk import Backlog, Desk
from shared.domain.flow import Column
from shared.domain.people import Role
from shared.domain.ticket import Opinion, Ticket


def items_owed(
    desk: Desk, ticket: Ticket, happened: Sequence[ev.Recorded]
) -> tuple[ef.Effect, ...]:
    """The effects in the backlog tool, each item before what waits for it."""
    backlog = desk.backlog
    if backlog is None:
        return ()
    found = [e for recorded in happened for e in _of_event(desk, backlog, ticket, recorded)]
    return tuple(_tasks_after_their_parent(found))


def _of_event(
    desk: Desk, backlog: Backlog, ticket: Ticket, recorded: ev.Recorded
) -> Iterator[ef.Effect]:
    event = recorded.event
    if isinstance(event, ev.Opened) and _is_mirrored(desk, ticket):
        yield ef.ItemOwed(seq=recorded.seq)
    elif isinstance(event, ev.Decided):
        yield from _decided_items(desk, ticket, recorded, event)
    elif isinstance(event, ev.BoardMoved):
        yield from _board_item(desk, ticket, recorded, event)
    elif isinstance(event, ev.Replied) and _is_for_item(ticket, event):
        yield ef.CommentOwed(seq=recorded.seq, text=event.text)
    elif isinstance(event, ev.Moved):
        yield from _moved_items(desk, backlog, ticket, recorded, event)


def _moved_items(
    desk: Desk, backlog: Backlog, ticket: Ticket, recorded: ev.Recorded, event: ev.Moved
) -> Iterator[ef.Effect]:
    """The mirror follows; an item goes back when a person takes the ticket off the developer."""
    name = backlog.mirror.states.get(event.to) if backlog.mirror and ticket.mirror else None
    if name is not None:
        yield ef.ItemMoveOwed(seq=recorded.seq, to_state=name)
    was, item = desk.types[ticket.type].by_id.get(event.frm), ticket.backlog_item
    is_taken_back = was is not None and was.board is Column.IN_PROGRESS and not event.cause
    if is_taken_back and item is not None and backlog.waiting_state:
        yield ef.ItemMoveOwed(seq=recorded.seq, item=item.id, to_state=backlog.waiting_state)


def _tasks_after_their_parent(found: list[ef.Effect]) -> list[ef.Effect]:
    """A task is created below the backlog item of the same decision, so after it."""
    parents = [
        index
        for index, effect in enumerate(found)
        if isinstance(effect, ef.ItemOwed) and effect.plan and effect.plan.kind != "task"
    ]
    if not parents:
        return found
    return [
        effect.model_copy(update={"after": parents[0]})
        if isinstance(effect, ef.ItemOwed) and effect.plan and effect.plan.kind == "task"
        else effect
        for effect in found
    ]


def _is_for_item(ticket: Ticket, event: ev.Replied) -> bool:
    """What the desk says is told there too, unless it was written there."""
    return ticket.discussed_in is not None and not event.by_client and not event.via


def _is_mirrored(desk: Desk, ticket: Ticket) -> bool:
    mirror = desk.backlog.mirror if desk.backlog else None
    return mirror is not None and (not mirror.types or ticket.type in mirror.types)


def _decided_items(
    desk: Desk, ticket: Ticket, recorded: ev.Recorded, event: ev.Decided
) -> Iterator[ef.Effect]:
    for plan in event.work_items:
        yield ef.ItemOwed(seq=recorded.seq, plan=plan, urgency=event.urgency)
    if event.decision is Opinion.PROCEED and ticket.mirror:
        leads = desk.members_with(Role.LEAD)
        yield ef.CommentOwed(
            seq=recorded.seq, text=desk.proceed_text, mention=leads[0].email if leads else ""
        )


def _board_item(
    desk: Desk, ticket: Ticket, recorded: ev.Recorded, event: ev.BoardMoved
) -> Iterator[ef.Effect]:
    """Whom the product owner accepts has an item; it is ranked and pulled as the ticket is."""
    seq, item = recorded.seq, ticket.backlog_item
    kind = desk.types[ticket.type].item_kind or "bug"
    plan = ev.PlannedItem(kind=kind, title=ticket.title)
    if event.action == "accepted":
        if item is None:
            yield ef.ItemOwed(seq=seq, plan=plan, once="third_line")
        yield ef.RankOwed(seq=seq, after=0 if item is None else None)
    elif event.action == "ranked":
        yield ef.RankOwed(seq=seq)
    elif event.action == "pulled" and item is not None:
        yield ef.ItemMoveOwed(seq=seq, item=item.id, into_sprint=True)
    elif event.action == "pulled":  # it was accepted a moment ago
        yield ef.ItemOwed(seq=seq, plan=plan, started=True, once="third_line")
