"""What somebody's own command did, in one sentence for their page."""

from __future__ import annotations

from collections.abc import Sequence

from functions.console_history import in_words, person, state_name
from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.ticket import Ticket


def done(desk: Desk, ticket: Ticket, made: Sequence[ev.Recorded], clients: Sequence[str]) -> str:
    """`Moved to In Planning`; '' when nothing changed.

    `made`: what the command brought about, itself first. `clients`: who gets replies by mail.
    """
    if not made:
        return ""
    event, me = made[0].event, made[0].by.email
    match event:
        case ev.Replied():
            words = f"Reply sent to {', '.join(clients)}" if clients else "Reply added"
        case ev.Noted():
            words = "Work note added"
        case ev.Opined():
            words = "Opinion given"
        case ev.Moved():
            words = f"Moved to {state_name(desk, ticket.type, event.to)}"
        case ev.Assigned():
            whom = person(desk, event.assignee) if event.assignee else "nobody"
            words = f"Assigned to {'you' if event.assignee == me else whom}"
        case ev.BoardMoved():
            words = _boarded(ticket.number, event)
        case _:
            words = f"You {in_words(desk, event, ticket.type)}"
    return words


def _boarded(number: str, event: ev.BoardMoved) -> str:
    """With the number: the board shows many tickets."""
    said = {
        "accepted": "accepted, last in Ready for sprint",
        "ranked": f"now at place {(event.position or 0) + 1} of Ready for sprint",
        "pulled": f"pulled into sprint {event.sprint}, assigned to you",
        "deployed": "deployed to development; the slot is free",
    }
    return f"{number}: {said[event.action]}"
