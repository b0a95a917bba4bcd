"""A change of type leads past no approval and no decision, whatever it is combined with."""

from __future__ import annotations

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain import ticket as tk
from shared.domain.errors import Refused
from shared.domain.people import Actor, ActorKind, Role
from shared.domain.rules import decide
from shared.domain.rules.case import Case
from tests.domain.rules.world import DESKS, START, World

STAFF, LEAD, OWNER, DEVELOPER = Role.STAFF, Role.LEAD, Role.PRODUCT_OWNER, Role.DEVELOPER
DECIDED = tk.Triage(decision=tk.Opinion.PROCEED)
PUT_OFF = tk.Triage(decision=tk.Opinion.BUG_OR_FEATURE)


def case_of(desk_id: str, kind: str, state: str, *roles: Role, triage: tk.Triage) -> Case:
    """A ticket of that type in that state before a member with those roles."""
    world = World(DESKS[desk_id])
    ticket = world.tickets[world.open(kind)]
    ticket = ticket.model_copy(update={"state": state, "triage": triage})
    actor = Actor(kind=ActorKind.STAFF, email="one@desk.example", roles=frozenset(roles))
    return Case(world.desk, ticket, actor, START)


def retyped(case: Case, kind: str) -> ev.TypeSet:
    [event] = decide(case, cm.SetType(command="set_type", type=kind))
    assert isinstance(event, ev.TypeSet)
    return event


LIVE, TEST, WAITS = "production_issue", "non_production_issue", "waiting_for_client"

# desk, role, decision; type and state before; type and state after
KEPT = (
    ("mytc", STAFF, None, LIVE, "in_planning", "question", "in_planning"),
    ("mytc", STAFF, None, LIVE, WAITS, "question", WAITS),
    ("mytc", STAFF, None, "question", "in_progress", TEST, "in_progress"),
    ("mytc", STAFF, DECIDED, TEST, "in_progress", LIVE, "in_progress"),
    ("mytc", STAFF, PUT_OFF, LIVE, "in_backlog", TEST, "in_backlog"),
    ("mytc", LEAD, None, "question", "in_progress", "access_request", "in_progress"),
    ("mytc", OWNER, PUT_OFF, LIVE, "in_backlog", "enhancement", "in_backlog"),
    ("door", STAFF, None, "email_request", WAITS, "bug", WAITS),
    ("door", STAFF, None, "service_request", "in_progress", "information_request", "in_progress"),
    ("door", STAFF, None, "bug", "in_analysis", "feature_request", "with_product"),
)  # fmt: skip
HELD = (
    ("mytc", STAFF, None, "question", "in_progress", "access_request", "in_approval"),
    ("mytc", STAFF, DECIDED, "question", "in_progress", "access_request", "in_approval"),
    ("mytc", STAFF, None, TEST, "in_progress", LIVE, "in_planning"),
    ("mytc", LEAD, None, TEST, "in_backlog", LIVE, "in_planning"),
    ("mytc", STAFF, None, "question", "in_planning", "enhancement", "new"),
    ("mytc", STAFF, None, "question", WAITS, "enhancement", "new"),
    ("mytc", DEVELOPER, None, "question", "in_progress", TEST, "new"),
)
type Row = tuple[str, Role, tk.Triage | None, str, str, str, str]


@pytest.mark.parametrize("row", [*KEPT, *HELD])
def test_a_type_change_leads_to_the_nearest_state_before_any_guard_not_passed(row: Row) -> None:
    desk_id, role, triage, kind, state, new, expected = row
    case = case_of(desk_id, kind, state, role, triage=triage or tk.Triage())

    assert retyped(case, new).state_to == expected


@pytest.mark.parametrize("row", HELD)
def test_the_history_says_which_step_held_the_ticket_back(row: Row) -> None:
    desk_id, role, triage, kind, state, new, _ = row
    case = case_of(desk_id, kind, state, role, triage=triage or tk.Triage())

    why = retyped(case, new).why

    assert why.startswith("a step before “")
    assert why.endswith("” has not been taken")


@functools.cache
def by_moves_alone(desk_id: str, kind: str, roles: frozenset[Role]) -> frozenset[str]:
    """Where these roles bring a new ticket of that type that keeps its type."""
    flow = DESKS[desk_id].types[kind]
    found, left = {flow.initial_state}, [flow.initial_state]
    while left:
        here = left.pop()
        for state in flow.states:
            if state.id not in found:
                case = case_of(desk_id, kind, here, *roles, triage=tk.Triage())
                try:
                    decide(case, cm.Move(command="move", to=state.id))
                except Refused:
                    continue
                found.add(state.id)
                left.append(state.id)
    return frozenset(found)


@pytest.mark.parametrize("desk_id", DESKS)
@given(
    roles=st.frozensets(st.sampled_from(Role), min_size=1, max_size=2),
    steps=st.lists(st.tuples(st.booleans(), st.integers(0, 30)), min_size=1, max_size=12),
)
@settings(max_examples=150, deadline=None)
def test_no_moves_and_type_changes_bring_a_ticket_where_moves_alone_would_not(
    desk_id: str, roles: frozenset[Role], steps: list[tuple[bool, int]]
) -> None:
    world = World(DESKS[desk_id])
    kinds = world.desk.request_types
    number = world.open(kinds[steps[0][1] % len(kinds)].id)
    actor = Actor(kind=ActorKind.STAFF, email="one@desk.example", roles=roles)
    for types, pick in steps:
        ticket = world.tickets[number]
        ends = {s.id for s in world.desk.types[ticket.type].states if s.has_ended}
        nexts = [m.to for m in world.desk.types[ticket.type].moves_from(ticket.state)]
        goes_on = [
            to for to in nexts if to not in ends
        ] or nexts  # plays that end early tell little
        command: cm.Command = (
            cm.SetType(command="set_type", type=kinds[pick % len(kinds)].id)
            if types
            else cm.Move(command="move", to=goes_on[pick % len(goes_on)])
        )
        world.give(number, command, actor)
        ticket = world.tickets[number]
        assert ticket.state in by_moves_alone(desk_id, ticket.type, roles)
