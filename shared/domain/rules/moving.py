"""State, type, severity, environment, assignee."""

from __future__ import annotations

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.desk import RequestType
from shared.domain.errors import FlowForbids, Forbidden, Invalid
from shared.domain.flow import Column, Move, Need, State
from shared.domain.rules.case import Case, Events, entering, role_names
from shared.domain.ticket import ChangeState
from shared.domain.words import say

_HALF_WAY = frozenset({ChangeState.DRAFT, ChangeState.VERIFIED, ChangeState.APPROVED})


def needs_no_change_under_way(case: Case) -> None:
    """Raises FlowForbids while a data change is half way."""
    if any(change.state in _HALF_WAY for change in case.ticket.changes):
        raise FlowForbids("finish or reject the data change that is under way first")


def unmet(case: Case, needs: frozenset[Need]) -> list[str]:
    """What is still missing before a move with these needs, in words."""
    ticket = case.ticket
    missing = {
        Need.RESOLUTION_NOTE: (not ticket.resolution_noted, "write the steps in a work note"),
        Need.CHANGES_DONE: (
            any(c.state in _HALF_WAY for c in ticket.changes),
            "finish or reject the data change that is under way",
        ),
        Need.ASSIGNEE: (ticket.assignee is None, "assign the ticket"),
        Need.DECISION: (ticket.triage.decision is None, "decide the triage"),
    }
    return [missing[need][1] for need in sorted(needs) if missing[need][0]]


def allowed_moves(case: Case) -> tuple[Move, ...]:
    """The moves that this person may make now, needs met or not."""
    if not case.actor.is_staff or case.ticket.merged_into:
        return ()
    moves = case.type.moves_from(case.ticket.state)
    return tuple(move for move in moves if case.actor.has_role(move.roles))


def move(case: Case, command: cm.Move) -> Events:
    """A move of the flow, by one of its roles, with its needs met."""
    case.needs_staff()
    case.needs_unmerged()
    from_here = [m for m in case.type.moves_from(case.ticket.state) if m.to == command.to]
    allowed = tuple(m.to for m in allowed_moves(case))
    if not any(command.to in kind.by_id for kind in case.desk.request_types):
        raise Invalid.of("to", f"{command.to!r} is no state of {case.type.id}; use {_or(allowed)}")
    if not from_here:
        names = tuple(_name(case, to) for to in allowed)
        raise FlowForbids(
            f"from {_name(case, case.ticket.state)} it can go to {_or(names)}", allowed
        )
    name = _name(case, command.to)
    mine = [m for m in from_here if case.actor.has_role(m.roles)]
    if not mine:
        roles = {role for m in from_here for role in m.roles}
        raise Forbidden(f"the move to {name} takes one of these roles: {role_names(roles)}")
    missing = min((unmet(case, m.needs) for m in mine), key=len)
    if missing:
        others = tuple(to for to in allowed if to != command.to)
        raise FlowForbids(f"before the move to {name}: {'; '.join(missing)}", others)
    state = case.type.state(command.to)
    if state.board not in (None, Column.TRIAGE):
        raise FlowForbids(f"{name} is reached over the third-line board only", allowed)
    return [ev.Moved(frm=case.ticket.state, to=command.to, **entering(state))]


def _name(case: Case, state: str) -> str:
    """A state as people know it; callers of the API get ids beside the sentence."""
    return f"“{say(case.type.state(state).name, 'en')}”"


def _or(names: tuple[str, ...]) -> str:
    return " or ".join(names) if names else "no state for you"


def assign(case: Case, command: cm.Assign) -> Events:
    """To a member of the desk, or to nobody."""
    case.needs_staff()
    case.needs_open()
    if command.assignee is not None and command.assignee not in case.desk.member_by_email:
        raise Invalid.of("assignee", f"{command.assignee} is no member of {case.desk.id}")
    if command.assignee == case.ticket.assignee:
        return []
    return [ev.Assigned(assignee=command.assignee)]


def set_type(case: Case, command: cm.SetType) -> Events:
    """Another type: history and clocks stay; the state is the new flow's nearest.

    A state of the same id stays; else the new flow's first state of the same category; else its
    initial state. A ticket that has ended, has a data change under way, or stands on the
    third-line board keeps its type.
    """
    case.needs_staff()
    case.needs_unmerged()
    case.known("type", command.type, case.desk.types)
    if command.type == case.ticket.type:
        return []
    if case.state.has_ended:
        raise FlowForbids("a ticket that has ended keeps its type")
    if case.board.has(case.ticket.number):
        raise FlowForbids("take the ticket off the third-line board before changing its type")
    needs_no_change_under_way(case)
    new = case.desk.types[command.type]
    state = nearest_state(case.state, new)
    return [
        ev.TypeSet(
            frm=case.ticket.type,
            to=command.type,
            state_from=case.ticket.state,
            state_to=state.id,
            why=_why(case.state, state),
            **entering(state),
        )
    ]


def nearest_state(old: State, new: RequestType) -> State:
    """Where a ticket in that state goes when its type changes; never onto the board."""
    if old.id in new.by_id and new.by_id[old.id].board is None:
        return new.by_id[old.id]
    if old.id == "new" or old.category.value == "new":
        return new.state(new.initial_state)
    same = (s for s in new.states if s.category is old.category and s.board is None)
    return next(same, new.state(new.initial_state))


def _why(old: State, new: State) -> str:
    if old.id == new.id:
        return "both flows have this state"
    if old.category is new.category:
        return f"the new flow's first state for what is {new.category.value}"
    return "where the new flow begins"


def set_severity(case: Case, command: cm.SetSeverity) -> Events:
    """Another severity; the environment's cap still counts."""
    case.needs_staff()
    case.needs_open()
    case.known("severity", command.severity, case.desk.severity_by_id)
    counts = case.desk.effective_severity(command.severity, case.ticket.environment)
    if (command.severity, counts) == (case.ticket.claimed_severity, case.ticket.severity):
        return []
    return [
        ev.SeveritySet(
            claimed=command.severity,
            severity=counts,
            frm=case.ticket.severity,
            reason=command.reason,
        )
    ]


def set_environment(case: Case, command: cm.SetEnvironment) -> Events:
    """Another environment; the severity is capped anew from what was claimed."""
    case.needs_staff()
    case.needs_open()
    case.known("environment", command.environment, case.desk.environment_by_id)
    if command.environment == case.ticket.environment:
        return []
    counts = case.desk.effective_severity(case.ticket.claimed_severity, command.environment)
    return [
        ev.EnvironmentSet(
            environment=command.environment, frm=case.ticket.environment, severity=counts
        )
    ]
