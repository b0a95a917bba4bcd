"""The team is asked, gives its opinions, and somebody decides."""

from __future__ import annotations

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.errors import FlowForbids, Invalid
from shared.domain.flow import Trigger
from shared.domain.people import Role
from shared.domain.rules.case import Case, Events, can_follow, follow
from shared.domain.rules.moving import needs_no_change_under_way
from shared.domain.ticket import Opinion, Ticket
from shared.domain.words import say

_TRIGGERS = {
    Opinion.NOT_OUR_PROBLEM: Trigger.NOT_OUR_PROBLEM,
    Opinion.BUG_OR_FEATURE: Trigger.BUG_OR_FEATURE,
    Opinion.PROCEED: Trigger.PROCEED,
}


def ask_team(case: Case, command: cm.AskTeam) -> Events:
    """Starts the urgent thread in the team's channel; once more after reopening, if need be."""
    case.needs_role(Role.LEAD, Role.SCRUM_MASTER, Role.STAFF, what="asking the team")
    case.needs_open()
    if case.desk.team_channel is None:
        raise FlowForbids(f"{case.desk_name} has no team channel; name one in the desk's file")
    if case.ticket.triage.decision is not None:
        raise FlowForbids("the triage has been decided")
    text = command.message or case.desk.ask_team_text.replace("{number}", case.ticket.number)
    text = text.replace("{name}", case.actor.name.split()[0] if case.actor.name else "")
    return [ev.TeamAsked(message=text, channel=case.desk.team_channel)]


def opine(case: Case, command: cm.Opine) -> Events:
    """A member's opinion, until the decision."""
    case.needs_staff()
    case.needs_open()
    if case.ticket.triage.decision is not None:
        raise FlowForbids("the triage has been decided; write a work note instead")
    return [ev.Opined(opinion=command.opinion, comment=command.comment)]


def decide_triage(case: Case, command: cm.Decide) -> Events:
    """The lead or scrum master decides, or whom the desk names; the flow says where that leads."""
    case.needs_role(*case.desk.roles_that_decide, what="deciding the triage")
    if not is_undecided(case.ticket):
        raise FlowForbids("the triage has been decided already")
    _check(case, command)
    case.needs_flow()
    trigger = _TRIGGERS[command.decision]
    if not can_follow(case, trigger):
        kind, state = say(case.type.name, "en"), say(case.state.name, "en")
        decision = command.decision.value.replace("_", " ")
        raise FlowForbids(f"“{decision}” is no decision for a “{kind}” that is “{state}”")
    moved = follow(case, trigger)
    if any(isinstance(event, ev.Moved) and event.ended for event in moved):
        needs_no_change_under_way(case)
    decided = ev.Decided(
        decision=command.decision,
        reason=command.reason,
        urgency=command.urgency,
        work_items=_planned(case, command),
    )
    told = _told(case, command)
    return [decided, *told, *moved]


def is_undecided(ticket: Ticket) -> bool:
    """Whether a decision is open: none was made, or the ticket was taken back since."""
    decided_at = ticket.triage.decided_at
    return decided_at is None or ticket.facts.state_since > decided_at


def _check(case: Case, command: cm.Decide) -> None:
    proceeds = command.decision is Opinion.PROCEED
    if proceeds and command.urgency is None:
        raise Invalid.of("urgency", "choose urgent, or handle during the sprint")
    if not proceeds and command.urgency is not None:
        raise Invalid.of("urgency", "only for the decision proceed")
    if command.work_items and not proceeds:
        raise Invalid.of("work_items", "only for the decision proceed")
    if command.work_items and case.desk.backlog is None:
        raise Invalid.of("work_items", f"{case.desk_name} has no backlog")


def _planned(case: Case, command: cm.Decide) -> tuple[ev.PlannedItem, ...]:
    """What goes into the backlog: as asked, else one item of the type's kind if there is none."""
    if command.decision is Opinion.NOT_OUR_PROBLEM or case.desk.backlog is None:
        return ()
    if command.work_items:
        return command.work_items
    if any(not item.mirror for item in case.ticket.work_items):
        return ()  # decided again: what is there goes on
    if command.decision is Opinion.PROCEED:
        return (ev.PlannedItem(kind="pbi", title=case.ticket.title),)
    kind = case.type.item_kind if case.type.item_kind in ("bug", "feature") else "bug"
    return (ev.PlannedItem(kind=kind or "bug", title=case.ticket.title),)


def _told(case: Case, command: cm.Decide) -> Events:
    """The client is told why it is not ours: the reason is a public reply."""
    if command.decision is Opinion.NOT_OUR_PROBLEM:
        return [ev.Replied(text=command.reason)]
    return []
