"""A desk played by random people: what is asked, who asks, and what came of it.

Plays come as lists of small numbers; each is read against the tickets as they stand, so that most
commands mean something.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import strategies as st

from shared.config import load_desks
from shared.domain import commands as cm
from shared.domain import effects as ef
from shared.domain import events as ev
from shared.domain.board import Board, board_after
from shared.domain.desk import Desk
from shared.domain.errors import Refused
from shared.domain.evolve import evolve
from shared.domain.flow import Column
from shared.domain.notices import owed
from shared.domain.people import SYSTEM, Actor, ActorKind
from shared.domain.rules import decide
from shared.domain.rules.available import available
from shared.domain.rules.case import Case
from shared.domain.rules.opening import open_ticket
from shared.domain.ticket import Opinion, Ticket, Urgency

MARK = "zqxinternal"  # stands in every text that no client may read
START = dt.datetime(2026, 11, 23, 15, 0, tzinfo=dt.UTC)
TICKETS = 3
REQUESTER = "casey@client.example"
ROOT = Path(__file__).resolve().parents[3]


def marked(desk: Desk) -> Desk:
    """The desk with members whose names carry the mark: no client may read them either."""
    people = tuple(m.model_copy(update={"name": f"{MARK} {m.name}"}) for m in desk.people)
    return desk.model_copy(update={"people": people})


DESKS = {name: marked(desk) for name, desk in load_desks(ROOT / "desks").items()}


@dataclass(frozen=True)
class Step:
    """One thing that happens: numbers that choose ticket, person, command and its fields."""

    ticket: int
    person: int
    kind: int
    one: int
    two: int
    minutes: int


def chance_steps(seed: int, length: int) -> list[Step]:
    """The first so many steps of a play that the seed makes up: evenly spread, so plays go deep."""
    chance = random.Random(seed)  # noqa: S311  # the seed tells all
    return [_step(chance) for _ in range(length)]


def _step(chance: random.Random) -> Step:
    ticket, person, kind, one, two = (chance.randrange(n) for n in (TICKETS, 32, 36, 32, 32))
    return Step(ticket, person, kind, one, two, chance.choice([0, 0, 1, 1, 30, 120, 600, 12000]))


# Lists of numbers as hypothesis draws them stay near zero and refuse most; a failing play still
# shrinks to its shortest beginning.
STEPS = st.builds(chance_steps, st.integers(0, 2**32 - 1), st.integers(1, 40).map(lambda n: 41 - n))


@dataclass
class Commit:
    """What one accepted command did."""

    number: str
    before: Ticket | None
    ticket: Ticket
    actor: Actor
    command: cm.Command
    new: tuple[ev.Recorded, ...]
    effects: tuple[ef.Effect, ...]
    board: Board


@dataclass
class World:
    """The desk's tickets, histories and board as pure values."""

    desk: Desk
    now: dt.datetime = START
    board: Board = field(default_factory=Board)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    histories: dict[str, list[ev.Recorded]] = field(default_factory=dict)
    commits: list[Commit] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def case(self, number: str, actor: Actor) -> Case:
        return Case(self.desk, self.tickets[number], actor, self.now, self.board)

    def open(self, kind: str) -> str:
        """A new ticket of that type."""
        number = f"{self.desk.prefix}-{len(self.tickets) + 1}"
        environment, severity = self.desk.environments[0].id, self.desk.severities[0].id
        command = cm.Open.model_validate(
            {"title": "Sign-in", "description": "It fails", "type": kind, "severity": severity,
             "environment": environment, "requester": {"email": REQUESTER, "name": "Casey"}}
        )  # fmt: skip
        actor = Actor(kind=ActorKind.CLIENT, email=REQUESTER, name="Casey")
        self._record(number, open_ticket(self.desk, number, command), actor, command)
        return number

    def give(self, number: str, command: cm.Command, actor: Actor) -> list[ev.Event]:
        """Carries the command out; what is refused changes nothing and is remembered."""
        try:
            events = decide(self.case(number, actor), command)
        except Refused as error:
            self.refused.append(error)
            return []
        if events:
            self._record(number, events, actor, command)
        return events

    def _record(
        self, number: str, events: Sequence[ev.Event], actor: Actor, command: cm.Command
    ) -> None:
        before = self.tickets.get(number)
        history = self.histories.setdefault(number, [])
        by = ev.By(kind=actor.kind, email=actor.email, name=actor.name)
        first = len(history) + 1
        new = tuple(
            ev.Recorded(seq=first + i, at=self.now, by=by, event=e) for i, e in enumerate(events)
        )
        ticket = before
        for recorded in new:
            ticket = evolve(ticket, recorded)
        assert ticket is not None
        history.extend(new)
        self.tickets[number] = ticket
        state = self.desk.types[ticket.type].state(ticket.state)
        self.board = board_after(self.board, number, new, state)
        effects = owed(self.desk, before, ticket, new)
        self.commits.append(
            Commit(number, before, ticket, actor, command, new, effects, self.board)
        )


def people(desk: Desk) -> list[Actor]:
    """Everybody who may knock: the members, the client, a stranger, Docket itself."""
    members = [
        Actor(kind=ActorKind.STAFF, email=m.email, name=m.name, roles=m.roles) for m in desk.people
    ]
    client = Actor(kind=ActorKind.CLIENT, email=REQUESTER, name="Casey")
    stranger = Actor(kind=ActorKind.STAFF, email="nobody@else.example", name="Nobody")
    return [*members, *members, client, client, stranger, SYSTEM]


def _pick[T](among: Sequence[T], number: int) -> T:
    return among[number % len(among)]


def play(desk: Desk, steps: Sequence[Step], theme: tuple[Maker, ...] = ()) -> World:
    """The desk after these steps on three new tickets; without a theme the first step says it."""
    world = World(desk)
    kinds = [t.id for t in desk.request_types]
    likely = [k for k in kinds if desk.types[k].third_line or desk.types[k].needs_triage]
    changing = [k for k in kinds if desk.types[k].data_changes and k not in likely]
    for wanted in (*likely, *likely, *changing, *kinds)[:TICKETS]:
        world.open(wanted)
    makers = theme or _pick(THEMES, steps[0].one)
    for step in steps:
        _take(world, makers, step)
    return world


def _take(world: World, makers: Sequence[Maker], step: Step) -> None:
    world.now += dt.timedelta(minutes=step.minutes)
    number = _pick(list(world.tickets), step.ticket)
    make = _pick(makers, step.kind)
    if makers is CHANGES and not world.tickets[number].changes:
        make = _draft
    command = make(world, number, step)
    world.give(number, command, _actor(world, number, command, step))


def _actor(world: World, number: str, command: cm.Command, step: Step) -> Actor:
    """Docket for what it does itself; else mostly somebody who may, so that plays go deep."""
    name = getattr(command, "command", "")
    if not name:
        reported = isinstance(command, cm.ItemReported) and step.person % 2
        return (
            _pick(people(world.desk)[: len(world.desk.people)], step.person) if reported else SYSTEM
        )
    everybody = people(world.desk)
    if step.two % 4 == 0:  # anybody, the author of a change among them
        return _pick(everybody, step.person)
    turned = [_pick(everybody, step.person + i) for i in range(len(world.desk.people))]
    may = (a for a in turned if name in available(world.case(number, a)))
    return next(may, turned[0])


def _move(world: World, number: str, step: Step) -> cm.Command:
    flow = world.desk.types[world.tickets[number].type]
    likely = [m.to for m in flow.moves_from(world.tickets[number].state)]
    every = [s.id for s in flow.states]
    return cm.Move(command="move", to=_pick(likely + likely + every, step.one))


def _hand_over(world: World, number: str, step: Step) -> cm.Command:
    """To third line, where the type knows it."""
    flow = world.desk.types[world.tickets[number].type]
    triage = [s.id for s in flow.states if s.board is Column.TRIAGE]
    return cm.Move(command="move", to=triage[0]) if triage else _move(world, number, step)


def _reply(world: World, number: str, step: Step) -> cm.Command:
    return cm.Reply(command="reply", text=f"public words {step.one} @casey@client.example")


def _note(world: World, number: str, step: Step) -> cm.Command:
    return cm.Note(command="note", text=f"{MARK} @{_pick(world.desk.people, step.one).email}")


def _assign(world: World, number: str, step: Step) -> cm.Command:
    everyone = [None, *(m.email for m in world.desk.people)]
    return cm.Assign(command="assign", assignee=_pick(everyone, step.one))


def _set_type(world: World, number: str, step: Step) -> cm.Command:
    return cm.SetType(command="set_type", type=_pick(world.desk.request_types, step.one).id)


def _set_severity(world: World, number: str, step: Step) -> cm.Command:
    severity = _pick(world.desk.severities, step.one).id
    return cm.SetSeverity(command="set_severity", severity=severity, reason=MARK)


def _set_environment(world: World, number: str, step: Step) -> cm.Command:
    where = _pick(world.desk.environments, step.one).id
    return cm.SetEnvironment(command="set_environment", environment=where)


def _watch(world: World, number: str, step: Step) -> cm.Command:
    email = _pick(["boss@client.example", *(m.email for m in world.desk.people)], step.one)
    if step.two % 2 == 0:
        known = world.tickets[number].watchers or (email,)
        return cm.Unwatch(command="unwatch", email=_pick(known, step.one))
    return cm.Watch(command="watch", email=email)


def _ask_team(world: World, number: str, step: Step) -> cm.Command:
    return cm.AskTeam(command="ask_team", message=MARK if step.one % 2 else "")


def _opine(world: World, number: str, step: Step) -> cm.Command:
    return cm.Opine(command="opine", opinion=_pick(list(Opinion), step.one), comment=MARK)


def _decide(world: World, number: str, step: Step) -> cm.Command:
    decision = _pick(list(Opinion), step.one)
    proceeds = decision is Opinion.PROCEED
    items = (ev.PlannedItem(kind="pbi", title=MARK), ev.PlannedItem(kind="task", title=MARK))
    # The reason of "not our problem" is what the client is told; others are the desk's own.
    return cm.Decide(
        command="decide",
        decision=decision,
        reason="words for the client" if decision is Opinion.NOT_OUR_PROBLEM else MARK,
        urgency=_pick(list(Urgency), step.two) if proceeds else None,
        work_items=items if proceeds and step.two % 3 == 0 else (),
    )


def _link(world: World, number: str, step: Step) -> cm.Command:
    other = _pick(list(world.tickets), step.one)
    if step.two % 3 == 0:
        return cm.Merge(command="merge", into=other)
    return cm.LinkTicket(command="link", to=other, kind=MARK)


def _script(step: Step) -> dict[str, object]:
    table = f"{MARK}_{step.one % 2}"
    return {
        "title": MARK,
        "target": MARK,
        "dialect": "tsql",
        "script": f"UPDATE {table} SET a = 1 WHERE id = 5 AND b = {step.two % 4}",  # noqa: S608  # never run
        "rollback": f"UPDATE {table} SET a = 0 WHERE id = 5 AND b = 1",  # noqa: S608
        "expected_rows": 1,
        "lint_override_reason": MARK if step.two % 2 else "",
    }


def _draft(world: World, number: str, step: Step) -> cm.Command:
    if len(world.tickets[number].changes) > 1:  # few changes go further than many
        return _apply(world, number, step)
    return cm.DraftChange.model_validate({"command": "draft_change", **_script(step)})


def _edit(world: World, number: str, step: Step) -> cm.Command:
    return cm.EditChange.model_validate(
        {"command": "edit_change", "change": _change(world, number, step), **_script(step)}
    )


def _change(world: World, number: str, step: Step) -> str:
    return _pick([c.id for c in world.tickets[number].changes] or ["C1"], step.one)


def _sha(world: World, number: str, step: Step) -> str:
    """Mostly the right one of the change that `_change` names."""
    known = [c.script_sha256 for c in world.tickets[number].changes] or ["1" * 64]
    return "0" * 64 if step.two % 8 == 7 else _pick(known, step.one)


def _verify(world: World, number: str, step: Step) -> cm.Command:
    return cm.VerifyChange(
        command="verify_change",
        change=_change(world, number, step),
        environment=_pick(world.desk.environments, step.two).id,
        rows=1,
        outcome="not_as_expected" if step.two % 5 == 4 else "as_expected",
        note=MARK,
    )


def _approve(world: World, number: str, step: Step) -> cm.Command:
    change, sha = _change(world, number, step), _sha(world, number, step)
    return cm.ApproveChange(command="approve_change", change=change, script_sha256=sha)


def _reject(world: World, number: str, step: Step) -> cm.Command:
    change = _change(world, number, step)
    return cm.RejectChange(command="reject_change", change=change, reason=MARK)


def _apply(world: World, number: str, step: Step) -> cm.Command:
    change, sha = _change(world, number, step), _sha(world, number, step)
    return cm.ApplyChange(
        command="apply_change", change=change, script_sha256=sha, rows=1, note=MARK
    )


def _refresh(world: World, number: str, step: Step) -> cm.Command:
    if step.one % 2:
        return cm.RefreshPreprod(command="refresh_preprod")
    return cm.BuildReported(job=MARK, build=3, result="SUCCESS", url=f"https://b.example/{MARK}")


def _accept(world: World, number: str, step: Step) -> cm.Command:
    return cm.AcceptForSprint(command="accept_for_sprint")


def _rank(world: World, number: str, step: Step) -> cm.Command:
    other = _pick(list(world.tickets), step.one)
    if step.two % 2:
        return cm.Rank(command="rank", before=other)
    return cm.Rank(command="rank", after=other)


def _pull(world: World, number: str, step: Step) -> cm.Command:
    return cm.PullNext(command="pull_next")


def _deployed(world: World, number: str, step: Step) -> cm.Command:
    return cm.MarkDeployed(command="mark_deployed")


def _time(world: World, number: str, step: Step) -> cm.Command:
    return cm.TimePassed(seen=frozenset(m.email for m in world.desk.people[: step.one % 4]))


def _created(world: World, number: str, step: Step) -> cm.Command:
    mirrors = world.desk.backlog is not None and world.desk.backlog.mirror is not None
    return cm.ItemCreated(
        system=world.desk.backlog.system if world.desk.backlog else "jira",
        id=f"{number}.{step.one % 3}",
        item_kind="bug",
        url=f"https://items.example/{MARK}",
        title=MARK,
        mirror=mirrors and step.one % 3 == 0,
    )


def _reported(world: World, number: str, step: Step) -> cm.Command:
    backlog = world.desk.backlog
    known = (*backlog.done_states, *backlog.deployed_states, "In Planning") if backlog else ("",)
    items = [i.id for i in world.tickets[number].work_items] or ["1"]
    is_public = step.two % 4 == 0
    return cm.ItemReported(
        system=backlog.system if backlog else "jira",
        id=_pick(items, step.one),
        state=_pick(known, step.two),
        text="public words" if is_public else MARK,
        by=MARK,
        public=is_public,
    )


def _failed(world: World, number: str, step: Step) -> cm.Command:
    return cm.DeliveryFailed(text=MARK)


def _thread(world: World, number: str, step: Step) -> cm.Command:
    return cm.ThreadStarted(thread=f"{MARK}{step.one % 2}")


type Maker = Callable[[World, str, Step], cm.Command]

EVERYTHING: tuple[Maker, ...] = (
    _move, _move, _move, _move, _reply, _note, _assign, _set_type, _set_severity,
    _set_environment, _watch, _watch, _ask_team, _opine, _decide, _decide, _link, _draft, _edit,
    _verify, _approve, _reject, _apply, _refresh, _accept, _rank, _pull, _deployed, _time, _time,
    _created, _created, _reported, _reported, _failed, _thread,
)  # fmt: skip
CHANGES: tuple[Maker, ...] = (
    _draft, _edit, _verify, _verify, _verify, _verify, _approve, _approve, _approve, _approve,
    _apply, _apply, _reject, _set_type,
)  # fmt: skip
BOARD: tuple[Maker, ...] = (
    _hand_over, _hand_over, _accept, _accept, _rank, _rank, _pull, _pull, _deployed, _created,
    _reported, _move,
)  # fmt: skip
# What a play is about; most say something of everything.
THEMES: tuple[tuple[Maker, ...], ...] = (EVERYTHING, EVERYTHING, CHANGES, BOARD)
