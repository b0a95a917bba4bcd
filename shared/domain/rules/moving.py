"""State, type, severity, environment, assignee."""

from __future__ import annotations

from collections.abc import Container

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.desk import RequestType
from shared.domain.errors import FlowForbids, Forbidden, Invalid
from shared.domain.flow import Column, Move, Need, State
from shared.domain.rules.case import Case, Events, entering, role_names
from shared.domain.ticket import ChangeState
from shared.domain.words import say

_HALF_WAY = frozenset({ChangeState.DRAFT, ChangeState.VERIFIED, ChangeState.APPROVED})
_BOARD_BY_MOVE = (None, Column.TRIAGE)  # the board's other columns are entered over the board only


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
    case.needs_flow()
    from_here = [m for m in case.type.moves_from(case.ticket.state) if m.to == command.to]
    allowed = tuple(m.to for m in allowed_moves(case))
    if not any(command.to in kind.by_id for kind in case.desk.request_types):
        known = f"{command.to!r} is no state of {case.type_name}"
        raise Invalid.of("to", f"{known}; use {_or(allowed)}")
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
    if state.board not in _BOARD_BY_MOVE:
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
        raise Invalid.of("assignee", f"{command.assignee} is no member of {case.desk_name}")
    if command.assignee == case.ticket.assignee:
        return []
    return [ev.Assigned(assignee=command.assignee)]


def set_type(case: Case, command: cm.SetType) -> Events:
    """Another type: history and clocks stay; the state is the new flow's nearest.

    A state of the same id stays; else the new flow's first state of the same category; else its
    initial state. No change of type leads past a guard: only states count that this person could
    bring the ticket to in the new flow (`open_states`). A ticket that has ended, has a data change
    under way, or stands on the third-line board keeps its type; one whose type or state the desk
    has lost leaves the board.
    """
    case.needs_staff()
    case.needs_unmerged()
    case.known("type", command.type, case.desk.types)
    if command.type == case.ticket.type and not case.lost:
        return []
    if case.state.has_ended:
        raise FlowForbids("a ticket that has ended keeps its type")
    if case.board.has(case.ticket.number) and not case.lost:
        raise FlowForbids("take the ticket off the third-line board before changing its type")
    needs_no_change_under_way(case)
    new = case.desk.types[command.type]
    state = nearest_state(case.state, new, open_states(case, new))
    return [
        ev.TypeSet(
            frm=case.ticket.type,
            to=command.type,
            state_from=case.ticket.state,
            state_to=state.id,
            why=_why(case.state, new, state),
            **entering(state),
        )
    ]


def open_states(case: Case, new: RequestType) -> frozenset[str]:
    """The ids of that flow's states which are behind no guard for this person and ticket.

    They are reached from the initial state by moves of the person's roles whose needs are met, and
    by what follows a triage decision that was made.
    """
    decision = case.ticket.triage.decision
    steps = [
        *((m.from_, m.to) for m in new.moves if _may(case, m)),
        *((a.from_, a.to) for a in new.auto if decision and a.on.value == decision.value),
    ]
    found = {new.initial_state}
    while more := {
        to
        for from_, to in steps
        if to not in found
        and (from_ == "*" or not found.isdisjoint(from_))
        and new.state(to).board in _BOARD_BY_MOVE
    }:
        found |= more
    return frozenset(found)


def _may(case: Case, move: Move) -> bool:
    return case.actor.has_role(move.roles) and not unmet(case, move.needs)


def nearest_state(old: State, new: RequestType, among: Container[str]) -> State:
    """Which of those states a ticket in `old` goes to when its type changes; never the board."""
    if old.id in among and old.id in new.by_id and new.by_id[old.id].board is None:
        return new.by_id[old.id]
    if old.id == "new" or old.category.value == "new":
        return new.state(new.initial_state)
    same = (s for s in new.states if s.category is old.category and s.board is None)
    return next((s for s in same if s.id in among), new.state(new.initial_state))


def _why(old: State, new: RequestType, state: State) -> str:
    unguarded = nearest_state(old, new, new.by_id)
    if state.id != unguarded.id:
        return f"a step before “{say(unguarded.name, 'en')}” has not been taken"
    if old.id == state.id:
        return "both flows have this state"
    if old.category is state.category:
        return f"the new flow's first state for what is {state.category.value}"
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
