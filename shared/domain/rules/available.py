"""What a person may do with a ticket now: what the page offers and the API lists."""

from __future__ import annotations

from collections.abc import Callable

from shared.domain.flow import Category, Trigger
from shared.domain.people import Role
from shared.domain.rules.case import Case, can_follow
from shared.domain.rules.moving import allowed_moves
from shared.domain.rules.triage import is_undecided
from shared.domain.ticket import ChangeState

_WRITERS = frozenset({Role.STAFF, Role.LEAD, Role.DEVELOPER})
_ASKERS = frozenset({Role.LEAD, Role.SCRUM_MASTER, Role.STAFF})


def _is_open(case: Case) -> bool:
    return case.state.category is not Category.CLOSED and case.ticket.merged_into is None


def _may_decide(case: Case) -> bool:
    triggers = (Trigger.NOT_OUR_PROBLEM, Trigger.BUG_OR_FEATURE, Trigger.PROCEED)
    return (
        case.actor.has_role(frozenset(case.desk.roles_that_decide))
        and is_undecided(case.ticket)
        and any(can_follow(case, trigger) for trigger in triggers)
    )


def _changes(case: Case, *states: ChangeState) -> bool:
    writes = case.actor.has_role(_WRITERS) and not case.state.has_ended
    return writes and any(c.state in states for c in case.ticket.changes)


def _drafts(case: Case) -> bool:
    writes = case.actor.has_role(_WRITERS) and not case.state.has_ended
    return writes and case.type.data_changes


def _rejects(case: Case) -> bool:
    has_one = any(c.state in _OPEN_CHANGES for c in case.ticket.changes)
    return has_one and case.actor.has_role(_WRITERS) and _is_open(case)


def _second(case: Case, state: ChangeState) -> bool:
    checks = case.actor.has_role(_WRITERS) and not case.state.has_ended
    me = case.actor.email
    return checks and any(c.state is state and me not in c.writers for c in case.ticket.changes)


def _ranks(case: Case) -> bool:
    line = case.desk.third_line
    return line is not None and case.actor.has_role(line.roles_that_rank)


def _pulls(case: Case) -> bool:
    line = case.desk.third_line
    if line is None or case.board.slot or case.board.ready[:1] != (case.ticket.number,):
        return False
    sprint = line.rota.sprint_of(case.desk.today(case.now))
    return line.rota.developer_of(sprint) == case.actor.email


def _frees(case: Case) -> bool:
    slot = case.board.slot
    return slot is not None and slot.number == case.ticket.number


_ASKS = (ChangeState.DRAFT, ChangeState.VERIFIED)
_OPEN_CHANGES = (ChangeState.DRAFT, ChangeState.VERIFIED, ChangeState.APPROVED)
_TESTS: dict[str, Callable[[Case], bool]] = {
    "reply": _is_open,
    "note": lambda case: True,
    "move": lambda case: bool(allowed_moves(case)),
    "assign": _is_open,
    "set_type": lambda case: (
        not case.state.has_ended
        and case.ticket.merged_into is None
        and (bool(case.lost) or not case.board.has(case.ticket.number))
        and not any(c.state in _OPEN_CHANGES for c in case.ticket.changes)
    ),
    "set_severity": _is_open,
    "set_environment": _is_open,
    "watch": lambda case: True,
    "unwatch": lambda case: bool(case.ticket.watchers),
    "seen": lambda case: True,
    "ask_team": lambda case: (
        bool(case.desk.team_channel)
        and _is_open(case)
        and case.ticket.triage.decision is None
        and case.actor.has_role(_ASKERS)
    ),
    "opine": lambda case: _is_open(case) and case.ticket.triage.decision is None,
    "decide": _may_decide,
    "link": lambda case: True,
    "merge": lambda case: (
        case.ticket.merged_into is None
        and case.state.board is None
        and not any(c.state in _OPEN_CHANGES for c in case.ticket.changes)
        and case.actor.has_role(frozenset({Role.LEAD, Role.STAFF}))
    ),
    "draft_change": _drafts,
    "edit_change": lambda case: (
        _drafts(case) and _changes(case, *_OPEN_CHANGES, ChangeState.REJECTED)
    ),
    "verify_change": lambda case: _changes(case, *_ASKS),
    "approve_change": lambda case: _second(case, ChangeState.VERIFIED),
    "reject_change": _rejects,
    "apply_change": lambda case: _changes(case, ChangeState.APPROVED),
    "refresh_preprod": lambda case: case.desk.preprod_build is not None and _drafts(case),
    "accept_for_sprint": lambda case: _ranks(case) and can_follow(case, Trigger.ACCEPTED),
    "rank": lambda case: _ranks(case) and case.ticket.number in case.board.ready,
    "pull_next": _pulls,
    "mark_deployed": _frees,
}


def available(case: Case) -> tuple[str, ...]:
    """The names of the commands that this person may give now; none for anybody but members."""
    if not (case.actor.is_staff and case.actor.roles):
        return ()
    return tuple(name for name, test in _TESTS.items() if test(case))
