"""The stories that the shipped desks were written for, played over their own definitions."""

import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from shared.config import load_desks
from shared.domain import commands as cm
from shared.domain import effects as ef
from shared.domain import events as ev
from shared.domain.board import Board, board_after
from shared.domain.desk import Desk
from shared.domain.errors import FlowForbids, Refused
from shared.domain.evolve import replay
from shared.domain.notices import owed
from shared.domain.people import SYSTEM, Actor, ActorKind, Person
from shared.domain.rules import decide
from shared.domain.rules.case import Case
from shared.domain.rules.moving import nearest_state
from shared.domain.rules.opening import open_ticket
from shared.domain.ticket import Ticket

DESKS = load_desks(Path(__file__).resolve().parents[2] / "desks")
CLIENT = Person(email="alex@client.example", name="Alex")
START = dt.datetime(2026, 3, 11, 14, 0, tzinfo=dt.UTC)
STAFF: TypeAdapter[cm.StaffCommand] = TypeAdapter(cm.StaffCommand)


@dataclass(frozen=True)
class Told:
    """A mail: which notice, to whom."""

    notice: str
    to: str


@dataclass
class Story:
    """One ticket on a desk; each step is a command an hour later."""

    desk: Desk
    history: tuple[ev.Recorded, ...] = ()
    board: Board = field(default_factory=Board)
    effects: tuple[ef.Effect, ...] = ()

    @property
    def ticket(self) -> Ticket:
        return replay(self.history)

    @property
    def told(self) -> set[Told]:
        """The mails of the latest step."""
        return {Told(e.notice, e.to.email) for e in self.effects if isinstance(e, ef.MailOwed)}

    def by(self, email: str, command: str, **values: object) -> None:
        """A member gives a command."""
        member = self.desk.member_by_email[email]
        actor = Actor(kind=ActorKind.STAFF, email=email, name=member.name, roles=member.roles)
        self.do(actor, STAFF.validate_python({"command": command, **values}))

    def client_answers(self) -> None:
        actor = Actor(kind=ActorKind.CLIENT, email=CLIENT.email, name=CLIENT.name)
        self.do(actor, cm.Reply(command="reply", text="It still happens."))

    def do(self, actor: Actor, command: cm.Command) -> None:
        now = START + dt.timedelta(hours=len(self.history))
        case = Case(self.desk, self.ticket, actor, now, self.board)
        self.happen(actor, now, decide(case, command))

    def happen(self, actor: Actor, now: dt.datetime, events: list[ev.Event]) -> None:
        before = self.ticket if self.history else None
        by = ev.By(kind=actor.kind, email=actor.email, name=actor.name)
        fresh = tuple(
            ev.Recorded(seq=len(self.history) + n, at=now, by=by, event=event)
            for n, event in enumerate(events, 1)
        )
        self.history += fresh
        state = self.desk.types[self.ticket.type].state(self.ticket.state)
        self.board = board_after(self.board, self.ticket.number, fresh, state)
        self.effects = owed(self.desk, before, self.ticket, fresh)


def _begin(desk_id: str, type_id: str) -> Story:
    desk = DESKS[desk_id]
    command = cm.Open(
        title="It fails", description="Error 500", type=type_id,
        environment="production", severity="high", requester=CLIENT,
    )  # fmt: skip
    story = Story(desk)
    actor = Actor(kind=ActorKind.CLIENT, email=CLIENT.email, name=CLIENT.name)
    story.happen(actor, START, open_ticket(desk, f"{desk.prefix}-1", command))
    return story


HOLLY, MARIA, SAM = "holly@mytc.example", "maria.lopez@mytc.example", "sam.okafor@mytc.example"
NORA, TOM = "nora.lindqvist@doorfunds.example", "tom.becker@doorfunds.example"
GRACE = "grace.odell@doorfunds.example"


def test_a_production_issue_is_confirmed_planned_triaged_and_proceeds() -> None:
    story = _begin("mytc", "production_issue")
    assert story.told == {Told("request_received", CLIENT.email), Told("new_request", HOLLY)}

    story.by(HOLLY, "move", to="in_planning")
    story.by(HOLLY, "reply", text="we will triage this request @alex@client.example")
    assert story.told == {Told("public_update", CLIENT.email)}

    story.by(HOLLY, "ask_team")
    (chat,) = [e for e in story.effects if isinstance(e, ef.ChatOwed)]
    assert (chat.occasion, chat.channel) == ("team_asked", "support")

    story.by(SAM, "opine", opinion="proceed")
    story.by(MARIA, "decide", decision="proceed", reason="It is ours.", urgency="urgent")
    assert story.ticket.state == "in_progress"
    assert story.told == {Told("proceed", HOLLY)}

    story.by(SAM, "move", to="resolved")
    assert story.told == {Told("resolved", CLIENT.email)}
    story.client_answers()
    assert story.ticket.state == "in_planning"
    assert story.told == {Told("reopened_staff", HOLLY)}


def test_the_question_to_the_team_is_the_one_of_the_working_agreement() -> None:
    story = _begin("mytc", "production_issue")
    story.by(HOLLY, "ask_team")

    asked = story.history[-1].event

    assert isinstance(asked, ev.TeamAsked)
    assert asked.message == (
        "Urgent: can someone please have a look at the Production Support ticket # MYTC-1 and let "
        "me know what we should do with this one. Thanks, Holly"
    )


def test_a_production_issue_cannot_be_worked_before_the_triage() -> None:
    story = _begin("mytc", "production_issue")
    story.by(HOLLY, "move", to="in_planning")

    with pytest.raises(FlowForbids, match="decide the triage"):
        story.by(HOLLY, "move", to="in_progress")


@pytest.mark.parametrize("type_id", [t.id for t in DESKS["mytc"].request_types])
def test_what_is_not_our_problem_closes_with_one_mail_that_says_why(type_id: str) -> None:
    story = _begin("mytc", type_id)

    story.by(HOLLY, "decide", decision="not_our_problem", reason="Your network blocks us.")

    assert story.ticket.state == "closed"
    assert story.told == {Told("not_our_problem", CLIENT.email)}


def test_a_bug_of_the_mytc_desk_waits_in_the_backlog_and_follows_its_item() -> None:
    story = _begin("mytc", "production_issue")
    story.by(HOLLY, "decide", decision="bug_or_feature", reason="A defect.")
    assert story.ticket.state == "in_backlog"
    assert story.told == {Told("in_backlog", CLIENT.email)}

    item = {"system": "azure_devops", "id": "7"}
    story.do(SYSTEM, cm.ItemCreated(**item, item_kind="Bug", url="https://devops.example/7"))
    story.do(SYSTEM, cm.ItemReported(**item, state="Done"))

    assert story.ticket.state == "resolved"
    assert Told("resolved", CLIENT.email) in story.told


def test_an_email_request_is_classified_and_goes_on_in_its_new_flow() -> None:
    story = _begin("door", "email_request")
    with pytest.raises(Refused):
        story.by(TOM, "move", to="resolved")

    story.by(TOM, "set_type", type="information_request")
    with pytest.raises(FlowForbids, match="work note"):
        story.by(TOM, "move", to="resolved")
    story.by(TOM, "note", text="Explained the export by hand.")
    story.by(TOM, "move", to="resolved")

    assert story.told == {Told("resolved", CLIENT.email)}


def test_a_bug_goes_over_the_third_line_board_and_back_to_support() -> None:
    story = _begin("door", "bug")
    rota = story.desk.third_line.rota if story.desk.third_line else None
    assert rota is not None
    developer = rota.developer_of(rota.sprint_of(START.date()))

    story.by(TOM, "move", to="third_line_triage")
    story.by(GRACE, "accept_for_sprint")
    assert story.ticket.state == "ready_for_sprint"
    story.by(developer, "pull_next")
    assert story.ticket.state == "in_development"
    story.by(developer, "mark_deployed")
    assert story.ticket.state == "deployed_to_dev"
    assert story.board.slot is None
    story.by(NORA, "move", to="fix_released")
    story.by(TOM, "note", text="Checked on preprod.")
    story.by(TOM, "move", to="resolved")

    assert story.told == {Told("resolved", CLIENT.email)}


def test_a_feature_request_goes_to_product_and_is_planned() -> None:
    story = _begin("door", "feature_request")
    story.by(TOM, "move", to="with_product")

    story.by(GRACE, "decide", decision="bug_or_feature", reason="Worth it.")

    assert story.ticket.state == "planned"
    assert story.told == {Told("planned", CLIENT.email)}


@pytest.mark.parametrize("desk", DESKS.values(), ids=DESKS.keys())
def test_a_change_of_type_never_puts_a_ticket_onto_the_board(desk: Desk) -> None:
    for old in desk.request_types:
        for new in desk.request_types:
            for state in old.states:
                if not state.has_ended:
                    assert nearest_state(state, new, new.by_id).board is None


@pytest.mark.parametrize("desk", DESKS.values(), ids=DESKS.keys())
def test_a_client_who_answers_ends_the_waiting(desk: Desk) -> None:
    for kind in desk.request_types:
        story = _begin(desk.id, kind.id)
        moved = ev.Moved(frm=kind.initial_state, to="waiting_for_client", pauses=True)
        story.happen(SYSTEM, START, [moved])

        story.client_answers()

        assert not kind.state(story.ticket.state).pauses_clock


def test_nobody_hears_of_what_they_did_themselves() -> None:
    story = _begin("mytc", "question")
    story.by(SAM, "assign", assignee=SAM)
    assert story.told == set()

    story.by(HOLLY, "note", text="@sam please look")
    assert story.told == {Told("mentioned", SAM)}
