"""What holds after any commands by anybody, in any order, on both desks that ship."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.board import Board
from shared.domain.desk import Desk
from shared.domain.evolve import replay
from shared.domain.flow import Column, Trigger
from shared.domain.people import SYSTEM
from shared.domain.ticket import Change
from tests.domain.rules.world import BOARD, CHANGES, DESKS, STEPS, Commit, Step, chance_steps, play

each_desk = pytest.mark.parametrize("desk_id", DESKS)
plays = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
deep = settings(plays, max_examples=60)


@each_desk
@given(steps=STEPS)
@plays
def test_replaying_the_history_rebuilds_the_ticket(desk_id: str, steps: list[Step]) -> None:
    world = play(DESKS[desk_id], steps)
    for number, ticket in world.tickets.items():
        stored = [recorded.model_dump_json() for recorded in world.histories[number]]
        history = [ev.Recorded.model_validate_json(text) for text in stored]
        assert replay(history) == ticket


@each_desk
@given(steps=STEPS)
@plays
def test_every_state_belongs_to_the_flow_and_every_move_is_one_of_its_own(
    desk_id: str, steps: list[Step]
) -> None:
    desk = DESKS[desk_id]
    world = play(desk, steps)
    for commit in world.commits:
        assert commit.ticket.state in desk.types[commit.ticket.type].by_id
        kind = commit.before.type if commit.before else commit.ticket.type
        for recorded in commit.new:
            event = recorded.event
            if isinstance(event, ev.TypeSet):
                kind = event.to
            if isinstance(event, ev.Moved):
                assert _is_of_the_flow(desk, kind, event, commit)


def _is_of_the_flow(desk: Desk, kind: str, event: ev.Moved, commit: Commit) -> bool:
    flow = desk.types[kind]
    if event.cause:
        return flow.follow(Trigger(event.cause), event.frm) == event.to
    return any(
        move.to == event.to and event.frm in move.from_ and commit.actor.has_role(move.roles)
        for move in flow.moves
    )


@given(steps=STEPS)
@deep
def test_the_board_agrees_with_the_states_and_its_slot_holds_one_ticket(
    steps: list[Step],
) -> None:
    desk = DESKS["door"]
    world = play(desk, steps, BOARD)
    states = {n: desk.types[t.type].state(t.state).board for n, t in world.tickets.items()}
    ready = [n for n, column in states.items() if column is Column.READY]
    working = [n for n, column in states.items() if column is Column.IN_PROGRESS]
    assert sorted(world.board.ready) == sorted(ready)
    assert len(working) <= 1
    assert working == ([world.board.slot.number] if world.board.slot else [])


@given(steps=STEPS)
@plays
def test_only_the_developer_of_the_sprint_pulls_and_only_the_first_one(
    steps: list[Step],
) -> None:
    desk = DESKS["door"]
    board = Board()
    for commit in play(desk, steps, BOARD).commits:
        if isinstance(commit.command, cm.PullNext) and desk.third_line:
            rota = desk.third_line.rota
            at = commit.new[0].at.date()
            assert commit.actor.email == rota.developer_of(rota.sprint_of(at))
            assert (board.ready[:1], board.slot) == ((commit.number,), None)
        board = commit.board


@given(steps=STEPS)
@deep
def test_no_change_is_applied_that_a_second_person_did_not_approve_after_a_good_run(
    steps: list[Step],
) -> None:
    desk = DESKS["door"]
    world = play(desk, steps, CHANGES)
    for history in world.histories.values():
        _check_changes(desk, history)


def _check_changes(desk: Desk, history: list[ev.Recorded]) -> None:
    """An oracle of its own: walks the history and forgets all at each draft."""
    drafts: dict[str, Change] = {}
    writers: dict[str, set[str]] = {}
    good: dict[str, bool] = {}
    approved: dict[str, str] = {}
    for recorded in history:
        event, who = recorded.event, recorded.by.email
        if isinstance(event, ev.ChangeDrafted):
            drafts[event.change.id] = event.change
            good[event.change.id] = False
            approved.pop(event.change.id, None)
            writers.setdefault(event.change.id, set()).add(who)
        elif isinstance(event, ev.ChangeVerified):
            run = event.verification
            assert not desk.environment_by_id[run.environment].production
            good[event.change] = run.outcome == "as_expected"
        elif isinstance(event, ev.ChangeApproved):
            assert good[event.change]
            assert who not in writers[event.change]
            assert event.approval.script_sha256 == drafts[event.change].script_sha256
            approved[event.change] = event.approval.script_sha256
        elif isinstance(event, ev.ChangeRejected):
            approved.pop(event.change, None)
        elif isinstance(event, ev.ChangeApplied):
            assert approved.pop(event.change) == drafts[event.change].script_sha256


@each_desk
@given(steps=STEPS)
@plays
def test_the_clock_says_everything_once_however_often_it_looks(
    desk_id: str, steps: list[Step]
) -> None:
    world = play(DESKS[desk_id], steps)
    for number in world.tickets:
        world.give(number, cm.TimePassed(), SYSTEM)
        assert world.give(number, cm.TimePassed(), SYSTEM) == []
    for history in world.histories.values():
        said = [r.event for r in history if isinstance(r.event, ev.Escalated)]
        once = [(event.fired, event.due_at) for event in said]  # a target that moved counts anew
        assert len(once) == len(set(once))


@each_desk
@given(steps=STEPS)
@plays
def test_nobody_but_members_and_docket_itself_changes_anything_but_the_clients_own_words(
    desk_id: str, steps: list[Step]
) -> None:
    desk = DESKS[desk_id]
    members = {member.email for member in desk.people}
    for commit in play(desk, steps).commits:
        if commit.actor.email in members or commit.actor == SYSTEM or commit.before is None:
            continue
        kinds = {type(r.event) for r in commit.new if not getattr(r.event, "cause", "")}
        assert kinds <= {ev.Replied, ev.Unwatched}
        assert commit.actor.email != "nobody@else.example"


@each_desk
@given(steps=STEPS)
@plays
def test_a_person_gets_one_mail_a_command_for_each_matter(desk_id: str, steps: list[Step]) -> None:
    for commit in play(DESKS[desk_id], steps).commits:
        about = {r.seq: r.event for r in commit.new}
        mails = [
            (e.to.email, e.audience, _matter(about[e.seq]))
            for e in commit.effects
            if e.kind == "mail"
        ]
        assert len(mails) == len(set(mails))


def _matter(event: ev.Event) -> str:
    if not isinstance(event, ev.Escalated):
        return ""
    return "reading" if event.step == "unread" else "clock"


def test_the_plays_reach_every_kind_of_event() -> None:
    """Guards the tests above: plays that are always refused would prove nothing."""
    found: set[str] = set()
    for seed in range(60):
        for desk in DESKS.values():
            for history in play(desk, chance_steps(seed, 40)).histories.values():
                found.update(recorded.event.kind for recorded in history)
    every = {event.model_fields["kind"].default for event in _event_types()}
    assert every - found <= {"policy_applied"}  # the desk does not change here


def _event_types() -> list[type[ev.PublicEvent | ev.InternalEvent]]:
    return [*ev.PublicEvent.__subclasses__(), *ev.InternalEvent.__subclasses__()]
