"""Two tickets about the same thing become one."""

from __future__ import annotations

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.errors import FlowForbids, Invalid
from shared.domain.people import Role
from shared.domain.rules.case import Case, Events
from shared.domain.rules.moving import needs_no_change_under_way


def merge(case: Case, command: cm.Merge) -> Events:
    """The ticket goes on as another one: answers to it belong there from now on."""
    case.needs_role(Role.LEAD, Role.STAFF, what="merging")
    if command.into == case.ticket.number:
        raise Invalid.of("into", "a ticket cannot be merged into itself")
    if case.ticket.merged_into:
        raise FlowForbids(f"{case.ticket.number} has been merged into {case.ticket.merged_into}")
    needs_no_change_under_way(case)
    if case.state.board is not None:
        raise FlowForbids("take the ticket off the third-line board before merging it")
    return [
        ev.Merged(into=command.into),
        ev.Linked(to=command.into, link_kind="merged_into"),
        ev.Noted(text=f"Merged into {command.into}", automatic=True),
    ]
