"""What the backlog tool owes to a command's events: items, their states, order and comments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from shared.domain import effects as ef
from shared.domain import events as ev
from shared.domain.desk import Backlog, Desk
from shared.domain.flow import Column
from shared.domain.past import type_of
from shared.domain.people import Role
from shared.domain.ticket import Opinion, Ticket

GONE = "gone"  # the state of an item that its tool does not know any more


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
    elif isinstance(event, ev.ItemLinked):
        yield from _missed(desk, ticket, recorded, event)
    elif isinstance(event, ev.ItemChanged) and event.put_back:
        yield ef.ItemMoveOwed(seq=recorded.seq, item=event.id)
    elif isinstance(event, ev.Decided):
        yield from _decided_items(desk, ticket, recorded, event)
    elif isinstance(event, ev.BoardMoved):
        yield from _board_item(desk, ticket, recorded, event)
    elif isinstance(event, ev.Replied) and _is_for_item(ticket, event):
        yield ef.CommentOwed(seq=recorded.seq, text=event.text)
    yield from item_moves(desk, backlog, ticket, recorded)


def item_moves(
    desk: Desk, backlog: Backlog, ticket: Ticket, recorded: ev.Recorded
) -> Iterator[ef.ItemMoveOwed]:
    """Where an event wants the ticket's items, as far as they exist.

    Both what a commit owes and, over the whole history, where an item belongs in the end.
    """
    event, seq = recorded.event, recorded.seq
    names = backlog.mirror.states if backlog.mirror else {}
    if ticket.mirror and (name := names.get(_entered(event))):
        yield ef.ItemMoveOwed(seq=seq, item=ticket.mirror.id, to_state=name)
    item = ticket.backlog_item
    if item is None:
        return
    if isinstance(event, ev.BoardMoved) and event.action == "pulled":
        yield ef.ItemMoveOwed(seq=seq, item=item.id, into_sprint=True)
    elif isinstance(event, ev.Moved) and backlog.waiting_state and _goes_back(desk, ticket, event):
        yield ef.ItemMoveOwed(seq=seq, item=item.id, to_state=backlog.waiting_state)


def _entered(event: ev.Event) -> str:
    """The state that the event brings the ticket to, '' for most events."""
    if isinstance(event, ev.Opened):
        return event.state
    if isinstance(event, ev.Moved):
        return event.to
    return event.state_to if isinstance(event, ev.TypeSet) else ""


def _goes_back(desk: Desk, ticket: Ticket, event: ev.Moved) -> bool:
    """A person takes the ticket off the developer, or brings it (back) to third line."""
    flow = type_of(desk, ticket).by_id
    was, now = flow.get(event.frm), flow.get(event.to)
    off_developer = was is not None and was.board is Column.IN_PROGRESS
    return not event.cause and (off_developer or (now is not None and now.board is Column.TRIAGE))


def _missed(
    desk: Desk, ticket: Ticket, recorded: ev.Recorded, event: ev.ItemLinked
) -> Iterator[ef.Effect]:
    """What happened to the ticket before its item existed, now that it does.

    Of two items that are made side by side neither is created with a link to the other: whichever
    the ticket hears of last catches up on it.
    """
    seq, flow = recorded.seq, type_of(desk, ticket)
    unrelated = set(related_items(ticket, event.id)).difference(event.related)
    if event.mirror:
        has_moved = bool(ticket.facts.spent) or ticket.state != flow.initial_state
        if has_moved or unrelated:
            yield ef.ItemMoveOwed(seq=seq, item=event.id)
        if ticket.triage.decision is Opinion.PROCEED:
            yield _will_proceed(desk, seq)
        return
    is_followed = ticket.backlog_item is not None and ticket.backlog_item.id == event.id
    column = flow.state(ticket.state).board if is_followed else None
    if column is Column.READY:
        yield ef.RankOwed(seq=seq)
    if column is Column.IN_PROGRESS or unrelated:
        yield ef.ItemMoveOwed(seq=seq, item=event.id)


def related_items(ticket: Ticket, item: str) -> tuple[str, ...]:
    """The items that the tool links with this one: the mirror with all others and they with it.

    Tasks stand aside, since they hang below theirs, and so do items that are gone.
    """
    others = [i for i in ticket.work_items if not i.mirror and i.kind != "task"]
    mirror = ticket.mirror
    if mirror is None:
        return ()
    found = [mirror] if any(i.id == item for i in others) else others if item == mirror.id else []
    return tuple(i.id for i in found if i.state != GONE)


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
        yield _will_proceed(desk, recorded.seq)


def _will_proceed(desk: Desk, seq: int) -> ef.CommentOwed:
    leads = desk.members_with(Role.LEAD)
    return ef.CommentOwed(seq=seq, text=desk.proceed_text, mention=leads[0].email if leads else "")


def _board_item(
    desk: Desk, ticket: Ticket, recorded: ev.Recorded, event: ev.BoardMoved
) -> Iterator[ef.Effect]:
    """Whom the product owner accepts has an item, which is ranked as the ticket is.

    Only the first acceptance makes it; whatever happens before it exists waits for its link.
    """
    if event.action not in ("accepted", "ranked"):
        return
    if ticket.backlog_item is not None:
        yield ef.RankOwed(seq=recorded.seq)
    elif event.action == "accepted" and not _was_accepted_before(desk, ticket):
        kind = type_of(desk, ticket).item_kind or "bug"
        plan = ev.PlannedItem(kind=kind, title=ticket.title)
        yield ef.ItemOwed(seq=recorded.seq, plan=plan, once="third_line")


def _was_accepted_before(desk: Desk, ticket: Ticket) -> bool:
    flow = type_of(desk, ticket).by_id
    return any(flow[s].board is Column.READY for s in ticket.facts.spent if s in flow)
