"""The third-line board: accepted and ranked by the product owner, pulled one at a time."""

from __future__ import annotations

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.desk import ThirdLine
from shared.domain.errors import FlowForbids, Invalid
from shared.domain.flow import Trigger
from shared.domain.people import Role
from shared.domain.rules.case import Case, Events, can_follow, follow


def _third_line(case: Case) -> ThirdLine:
    if case.desk.third_line is None:
        raise FlowForbids(f"{case.desk_name} has no third-line board")
    return case.desk.third_line


def _ranks(case: Case) -> None:
    roles = _third_line(case).roles_that_rank
    case.needs_role(*sorted(roles), what="ordering the third-line board")


def accept_for_sprint(case: Case, command: cm.AcceptForSprint) -> Events:
    """Assessed: at the end of Ready for sprint."""
    del command
    _ranks(case)
    case.needs_flow()
    if not can_follow(case, Trigger.ACCEPTED):
        raise FlowForbids(f"{case.ticket.number} is not in Triage")
    if case.ticket.merged_into:
        raise FlowForbids(f"{case.ticket.number} goes on as {case.ticket.merged_into}")
    return [ev.BoardMoved(action="accepted"), *follow(case, Trigger.ACCEPTED)]


def rank(case: Case, command: cm.Rank) -> Events:
    """Another place in the order."""
    _ranks(case)
    number = case.ticket.number
    if number not in case.board.ready:
        raise FlowForbids(f"{number} is not in Ready for sprint")
    others = [n for n in case.board.ready if n != number]
    named = {"before": command.before, "after": command.after}
    places = {}
    for field, neighbour in named.items():
        if neighbour is not None and neighbour not in others:
            raise Invalid.of(field, f"{neighbour} is not in Ready for sprint")
        if neighbour is not None:
            places[field] = others.index(neighbour) + (field == "after")
    if not places:
        raise Invalid.of("before", "name a neighbour: before, after, or both")
    if len(set(places.values())) > 1:
        raise Invalid.of("before", f"{command.after} and {command.before} are no neighbours")
    position = next(iter(places.values()))
    return [ev.BoardMoved(action="ranked", position=position)]


def pull_next(case: Case, command: cm.PullNext) -> Events:
    """The sprint's developer takes the first ticket, when the slot is free."""
    del command
    rota = _third_line(case).rota
    case.needs_role(Role.DEVELOPER, what="pulling from the third-line board")
    case.needs_flow()
    sprint = rota.sprint_of(case.desk.today(case.now))
    developer = rota.developer_of(sprint)
    if case.actor.email != developer:
        member = case.desk.member_by_email.get(developer)
        raise FlowForbids(f"sprint {sprint} is {member.name if member else developer}'s")
    if case.board.slot is not None:
        raise FlowForbids(f"{case.board.slot.number} is in progress; deploy it first")
    if case.board.ready[:1] != (case.ticket.number,):
        first = case.board.ready[0] if case.board.ready else "nothing"
        raise FlowForbids(f"the first in Ready for sprint is {first}")
    pulled = ev.BoardMoved(action="pulled", developer=developer, sprint=sprint)
    return [pulled, ev.Assigned(assignee=developer), *follow(case, Trigger.PULLED)]


def mark_deployed(case: Case, command: cm.MarkDeployed) -> Events:
    """On the development environment, by the word of its developer, product owner or lead."""
    del command
    _third_line(case)
    case.needs_staff()
    if not has_slot(case):
        raise FlowForbids(f"{case.ticket.number} is not in progress on the third-line board")
    if case.board.slot and case.actor.email != case.board.slot.developer:
        case.needs_role(Role.LEAD, Role.PRODUCT_OWNER, what="freeing another person's slot")
    return deployed(case)


def has_slot(case: Case) -> bool:
    """Whether the ticket is the one in progress."""
    return case.board.slot is not None and case.board.slot.number == case.ticket.number


def deployed(case: Case) -> Events:
    """The slot is free."""
    return [ev.BoardMoved(action="deployed"), *follow(case, Trigger.DEPLOYED)]
