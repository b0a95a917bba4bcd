"""What a refused move or decision says: names that people know; ids stand beside the sentence."""

from __future__ import annotations

import re

import pytest

from shared.domain import commands as cm
from shared.domain.errors import FlowForbids, Forbidden, Refused
from shared.domain.people import Role
from shared.domain.rules import decide
from shared.domain.rules.case import Case
from shared.domain.ticket import Opinion
from tests.domain.rules.test_flow_table import actor, ready_ticket
from tests.domain.rules.world import DESKS, START

MYTC = DESKS["mytc"]


def refused(kind: str, state: str, command: cm.Command, role: Role = Role.LEAD) -> Refused:
    ticket = ready_ticket(MYTC, kind, state)
    with pytest.raises(Refused) as caught:
        decide(Case(MYTC, ticket, actor(role), START), command)
    return caught.value


def test_a_move_that_the_flow_lacks_is_refused_with_the_states_names_and_their_ids_apart() -> None:
    error = refused("production_issue", "waiting_for_client", cm.Move(command="move", to="closed"))
    said = "from “Waiting for client” it can go to “In Planning” or “In Progress”"
    assert str(error) == said
    assert isinstance(error, FlowForbids)
    assert error.allowed == ("in_planning", "in_progress")


def test_a_move_of_other_roles_names_the_state_and_the_roles() -> None:
    move = cm.Move(command="move", to="in_backlog")
    error = refused("production_issue", "in_progress", move, Role.STAFF)
    assert isinstance(error, Forbidden)
    said = "the move to “In Backlog” takes one of these roles: lead, product owner, scrum master"
    assert str(error) == said


def test_a_decision_that_does_not_fit_names_decision_type_and_state() -> None:
    decision = cm.Decide(command="decide", decision=Opinion.NOT_OUR_PROBLEM, reason="No.")
    error = refused("question", "resolved", decision)
    assert not re.search(r"[a-z]_[a-z]", str(error))
    assert "“not our problem” is no decision for a “Question” that is “" in str(error)
