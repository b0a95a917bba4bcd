"""What a refused move or decision says: names that people know; ids stand beside the sentence."""

from __future__ import annotations

import re

import pytest

from shared.domain import commands as cm
from shared.domain.errors import FlowForbids, Forbidden, Refused
from shared.domain.people import Actor, ActorKind, Role
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


def refused_on(desk: str, kind: str, command: cm.Command, by: Actor) -> str:
    """Why a new ticket of that desk does not take the command."""
    ticket = ready_ticket(DESKS[desk], kind, "new")
    with pytest.raises(Refused) as caught:
        decide(Case(DESKS[desk], ticket, by, START), command)
    return str(caught.value)


DRAFT = cm.DraftChange(
    command="draft_change", title="x", target="x", dialect="tsql", script="x", rollback="x",
    expected_rows=1,
)  # fmt: skip
LEAD = actor(Role.LEAD)
OUTSIDER = Actor(kind=ActorKind.STAFF, email="nora@else.example")
STRANGER = cm.Assign(command="assign", assignee="nora@else.example")
RANK, NOTE = cm.Rank(command="rank", before="MYTC-2"), cm.Note(command="note", text="x")
FOREIGN = cm.Move(command="move", to="nowhere")


@pytest.mark.parametrize(
    ("command", "by", "words"),
    [
        (NOTE, OUTSIDER, "only members of myTC Account may do that"),
        (STRANGER, LEAD, "assignee: nora@else.example is no member of myTC Account"),
        (RANK, LEAD, "myTC Account has no third-line board"),
        (DRAFT, LEAD, "tickets of type “Production support issue” take no data change"),
        (FOREIGN, LEAD, "to: 'nowhere' is no state of “Production support issue”; use"),
    ],
    ids=lambda value: getattr(value, "command", ""),
)
def test_a_refusal_calls_desk_and_type_by_their_names(
    command: cm.Command, by: Actor, words: str
) -> None:
    assert words in refused_on("mytc", "production_issue", command, by)
