"""The flows as people may use them: every move of every type by every role, on both desks."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
import yaml

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain import ticket as tk
from shared.domain.desk import Desk
from shared.domain.errors import FlowForbids, Forbidden, Refused
from shared.domain.people import Actor, ActorKind, Role
from shared.domain.rules import decide
from shared.domain.rules.available import available
from shared.domain.rules.case import Case
from tests.domain.rules.world import DESKS, ROOT, START, World

ON_BOARD = ("ready", "in_progress", "deployed")  # columns that no plain move leads to
RAW: dict[str, dict[str, Any]] = {
    name: yaml.safe_load((ROOT / "desks" / name / "desk.yaml").read_text("utf-8")) for name in DESKS
}
TYPES = [(name, kind["id"]) for name, desk in RAW.items() for kind in desk["request_types"]]


def raw_type(desk: str, kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(t for t in RAW[desk]["request_types"] if t["id"] == kind)
    return found


def actor(role: Role) -> Actor:
    return Actor(kind=ActorKind.STAFF, email="one@desk.example", roles=frozenset({role}))


def ready_ticket(desk: Desk, kind: str, state: str) -> tk.Ticket:
    """A ticket in that state for which every need of a move is met."""
    world = World(desk)
    ticket = world.tickets[world.open(kind)]
    done = tk.Triage(decision=tk.Opinion.PROCEED)
    met = {"state": state, "resolution_noted": True, "assignee": "one@desk.example", "triage": done}
    return ticket.model_copy(update=met)


def moves_of(raw: dict[str, Any], frm: str, to: str) -> set[str]:
    """The roles that the file gives that move, read without the engine's own models."""
    found = (m for m in raw["moves"] if frm in m["from"] and m["to"] == to)
    return {role for move in found for role in move["roles"]}


@pytest.mark.parametrize(("desk_id", "kind"), TYPES)
def test_a_move_is_possible_exactly_for_the_roles_that_the_desk_file_gives_it(
    desk_id: str, kind: str
) -> None:
    desk, raw = DESKS[desk_id], raw_type(desk_id, kind)
    columns = {s["id"]: s.get("board") for s in raw["states"]}
    for frm in columns:
        ticket = ready_ticket(desk, kind, frm)
        for to, column in columns.items():
            roles = set() if column in ON_BOARD else moves_of(raw, frm, to)
            for role in Role:
                may = bool(roles) and (role.value in roles or role is Role.ADMIN)
                assert moves(desk, ticket, role, to) == may, f"{role} {frm} -> {to}"


def moves(desk: Desk, ticket: tk.Ticket, role: Role, to: str) -> bool:
    """Whether the engine lets that role make the move."""
    try:
        events = decide(Case(desk, ticket, actor(role), START), cm.Move(command="move", to=to))
    except (FlowForbids, Forbidden):
        return False
    moved = [event for event in events if isinstance(event, ev.Moved)]
    return [(m.frm, m.to) for m in moved] == [(ticket.state, to)]


@pytest.mark.parametrize(("desk_id", "kind"), TYPES)
def test_nobody_without_a_role_on_the_desk_moves_anything(desk_id: str, kind: str) -> None:
    desk = DESKS[desk_id]
    strangers = [
        Actor(kind=ActorKind.STAFF, email="x@else.example"),
        Actor(kind=ActorKind.CLIENT, email="casey@client.example", roles=frozenset({Role.LEAD})),
    ]
    for state in desk.types[kind].states:
        ticket = ready_ticket(desk, kind, state.id)
        for stranger in strangers:
            for move in desk.types[kind].moves_from(state.id):
                with pytest.raises(Forbidden):
                    decide(Case(desk, ticket, stranger, START), cm.Move(command="move", to=move.to))
            assert available(Case(desk, ticket, stranger, START)) == ()


NEEDS = [
    ("mytc", "production_issue", "in_planning", "in_progress", {"triage": tk.Triage()}, "triage"),
    ("mytc", "access_request", "in_progress", "resolved", {"assignee": None}, "assign"),
    ("door", "service_request", "in_progress", "resolved", {"resolution_noted": False}, "steps"),
    ("door", "bug", "fix_released", "resolved", {"resolution_noted": False}, "steps"),
    ("door", "email_request", "new", "closed", {"resolution_noted": False}, "steps"),
]


@pytest.mark.parametrize(("desk_id", "kind", "frm", "to", "missing", "said"), NEEDS)
def test_a_move_whose_need_is_not_met_is_refused_and_says_what_to_do(
    desk_id: str, kind: str, frm: str, to: str, missing: dict[str, Any], said: str
) -> None:
    desk = DESKS[desk_id]
    ticket = ready_ticket(desk, kind, frm)
    assert moves(desk, ticket, Role.LEAD, to)
    without = ticket.model_copy(update=missing)
    with pytest.raises(FlowForbids, match=said):
        decide(Case(desk, without, actor(Role.LEAD), START), cm.Move(command="move", to=to))


def test_an_email_request_cannot_be_resolved_at_all() -> None:
    states = {s["id"] for s in raw_type("door", "email_request")["states"]}
    assert "resolved" not in states


def test_what_is_offered_is_accepted_and_what_is_not_is_refused() -> None:
    """`available` and the rules agree for the commands that need nothing but themselves."""
    plain: dict[str, cm.Command] = {
        "ask_team": cm.AskTeam(command="ask_team"),
        "opine": cm.Opine(command="opine", opinion=tk.Opinion.PROCEED),
        "note": cm.Note(command="note", text="x"),
        "reply": cm.Reply(command="reply", text="x"),
        "accept_for_sprint": cm.AcceptForSprint(command="accept_for_sprint"),
        "pull_next": cm.PullNext(command="pull_next"),
        "mark_deployed": cm.MarkDeployed(command="mark_deployed"),
        "refresh_preprod": cm.RefreshPreprod(command="refresh_preprod"),
    }
    for desk_id, kind in TYPES:
        desk = DESKS[desk_id]
        for state in desk.types[kind].states:
            ticket = ready_ticket(desk, kind, state.id).model_copy(update={"triage": tk.Triage()})
            for role in Role:
                case = Case(desk, ticket, actor(role), START)
                offered = available(case)
                for name, command in plain.items():
                    where = f"{name} by {role} in {desk_id}/{kind}/{state.id}"
                    assert accepted(case, command) == (name in offered), where


def accepted(case: Case, command: cm.Command) -> bool:
    try:
        decide(case, command)
    except Refused:
        return False
    return True


WINDOW = dt.timedelta(days=14)


@pytest.mark.parametrize(
    ("late", "reopens"),
    [(dt.timedelta(), True), (WINDOW, True), (WINDOW + dt.timedelta(seconds=1), False)],
)
def test_a_clients_answer_reopens_within_the_window_and_not_a_second_later(
    late: dt.timedelta, reopens: bool
) -> None:
    desk = DESKS["mytc"]
    ticket = ready_ticket(desk, "question", "resolved")
    ended = ticket.facts.model_copy(update={"ended": (tk.Span(start=START),)})
    ticket = ticket.model_copy(update={"facts": ended})
    client = Actor(kind=ActorKind.CLIENT, email="casey@client.example")
    case = Case(desk, ticket, client, START + late)
    assert accepted(case, cm.Reply(command="reply", text="Still broken")) == reopens
