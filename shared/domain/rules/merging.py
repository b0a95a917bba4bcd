"""Two tickets about the same thing become one."""

from __future__ import annotations

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.errors import FlowForbids, Invalid
from shared.domain.flow import Trigger
from shared.domain.people import Role
from shared.domain.rules.case import Case, Events, follow
from shared.domain.rules.moving import needs_no_change_under_way
from shared.domain.ticket import Ticket


def merge(case: Case, command: cm.Merge) -> Events:
    """The ticket goes on as another one: answers to it belong there from now on.

    It ends where its flow leads a merged ticket, so that its clocks stop; a flow that says nothing
    about merging leaves its state as it is.
    """
    case.needs_role(Role.LEAD, Role.STAFF, what="merging")
    if command.into == case.ticket.number:
        raise Invalid.of("into", "a ticket cannot be merged into itself")
    if case.ticket.merged_into:
        raise FlowForbids(f"{case.ticket.number} has been merged into {case.ticket.merged_into}")
    if _is_crossed(case.ticket, command.into):
        raise FlowForbids(f"{command.into} is being merged into {case.ticket.number} just now")
    needs_no_change_under_way(case)
    if case.state.board is not None:
        raise FlowForbids("take the ticket off the third-line board before merging it")
    return [
        ev.Merged(into=command.into),
        *follow(case, Trigger.MERGED),
        ev.Linked(to=command.into, link_kind="merged_into"),
        ev.Noted(text=f"Merged into {command.into}", automatic=True),
    ]


def _is_crossed(ticket: Ticket, into: str) -> bool:
    """Whether the other is being merged into this one meanwhile: of the two, the later one goes."""
    return ticket.has_link(into, "merged_from") and _place(ticket.number) < _place(into)


def _place(number: str) -> int:
    return int(number.rpartition("-")[2])


def take_over(case: Case, command: cm.TakeOver) -> Events:
    """Another ticket goes on as this one: its clients take part here from now on."""
    if case.ticket.has_link(command.number, "merged_from"):
        return []
    here = {*case.ticket.participants, *case.desk.member_by_email}
    fresh = [email for email in command.clients if email not in here]
    joined = f"; {', '.join(fresh)} can read and answer here now" if fresh else ""
    return [
        ev.Linked(to=command.number, link_kind="merged_from"),
        *(ev.Watched(email=email) for email in dict.fromkeys(fresh)),
        ev.Noted(text=f"{command.number} was merged into this ticket{joined}.", automatic=True),
    ]
