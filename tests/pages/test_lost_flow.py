"""Tickets whose request type or state was taken out of the desk's file."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from shared.context import use_app
from shared.domain.desk import Desk, RequestType
from shared.domain.errors import FlowForbids
from shared.render.links import Pass
from shared.service import reads, store
from shared.service.archive import archive
from shared.service.sweep import sweep_due
from tests.operations.journey import without_type
from tests.pages.console_stage import GRACE, HOLLY, JANE, RUI, TOM, Stage

TYPE, STATE = "the type", "the state"
LOST = pytest.mark.parametrize("lost", [TYPE, STATE])


def without_state(desk: Desk, type_id: str, state_id: str) -> Desk:
    """The desk after that state was taken out of the type's flow."""
    kind = desk.types[type_id]
    fields = {name: getattr(kind, name) for name in RequestType.model_fields}
    fields["states"] = tuple(s for s in kind.states if s.id != state_id)
    fields["moves"] = tuple(m for m in kind.moves if state_id not in (*m.from_, m.to))
    fields["auto"] = tuple(a for a in kind.auto if state_id not in (*a.from_, a.to))
    changed = RequestType.model_validate(fields)
    types = tuple(changed if t.id == type_id else t for t in desk.request_types)
    return Desk.model_construct(**{**dict(desk), "request_types": types})


def lose(stage: Stage, desk_id: str, type_id: str, state: str = "") -> None:
    """The desk's file is edited, and the app restarted."""
    desk = stage.app.deps.desks[desk_id]
    changed = without_state(desk, type_id, state) if state else without_type(desk, type_id)
    desks = {**stage.app.deps.desks, desk_id: changed}
    stage.app.app = replace(stage.app.app, deps=replace(stage.app.deps, desks=desks))
    use_app(stage.app.app)


async def in_planning(stage: Stage, lost: str) -> str:
    """A ticket that was answered and is in planning, of which something is lost then."""
    number = await stage.opened()
    await stage.give(number, HOLLY, "reply", text="We look into it.")
    await stage.give(number, HOLLY, "move", to="in_planning")
    lose(stage, "mytc", "production_issue", "in_planning" if lost == STATE else "")
    return number


@LOST
async def test_every_page_and_answer_that_shows_the_ticket_still_comes(
    stage: Stage, lost: str
) -> None:
    number = await in_planning(stage, lost)
    token = stage.app.app.links.token(Pass(JANE, number), stage.app.clock.now())
    mine = stage.app.app.links.token(Pass(JANE, ""), stage.app.clock.now())
    for url in (
        "/desk/mytc", "/desk/mytc?view=all&sort=severity", f"/desk/mytc/tickets/{number}",
        f"/desk/mytc/tickets/{number}/live", "/desk/mytc/flows", "/desk/mytc/reports",
        "/desk/mytc/undelivered", f"/api/tickets/{number}", "/api/desks/mytc/tickets",
    ):  # fmt: skip
        page = await stage.as_(HOLLY).get(url)
        assert page.status == 200, (url, page.text)
    for url in (f"/r/{token}", f"/my/{mine}"):
        page = await stage.as_("").get(url)
        assert page.status == 200, (url, page.text)
        assert number in page.text


@LOST
async def test_what_the_ticket_owes_is_delivered(stage: Stage, lost: str) -> None:
    number = await in_planning(stage, lost)
    await stage.client_says(number)
    await stage.give(number, HOLLY, "reply", text="Thank you.")
    await stage.app.deliver_all()
    assert await reads.undelivered(stage.app.deps, stage.app.deps.desks["mytc"]) == []
    assert any("Thank you." in mail.text for mail in stage.app.vendors.mail.sent.values())


@LOST
async def test_the_clock_looks_at_the_ticket_and_escalates(stage: Stage, lost: str) -> None:
    number = await in_planning(stage, lost)
    stage.app.clock.advance(days=2)
    await sweep_due(stage.app.deps, "mytc")
    assert (await stage.ticket(number)).facts.fired


async def test_a_move_is_refused_with_the_mend(stage: Stage) -> None:
    number = await in_planning(stage, TYPE)
    with pytest.raises(FlowForbids, match="request type production_issue is no longer part of"):
        await stage.give(number, HOLLY, "move", to="resolved")
    with pytest.raises(FlowForbids, match=r"this desk; set another type$"):
        await stage.give(number, HOLLY, "move", to="resolved")
    offered = json.loads((await stage.as_(HOLLY).get(f"/api/tickets/{number}")).body)["commands"]
    assert "set_type" in offered
    assert "move" not in offered


@LOST
async def test_another_type_brings_the_ticket_back_into_a_flow(stage: Stage, lost: str) -> None:
    number = await in_planning(stage, lost)
    ticket = await stage.give(number, HOLLY, "set_type", type="question")
    kind = stage.app.deps.desks["mytc"].types["question"]
    assert ticket.type == "question"
    assert ticket.state in kind.by_id
    await stage.app.deliver_all()
    assert kind.moves_from(ticket.state)


async def test_the_same_type_takes_back_a_ticket_whose_state_it_lost(stage: Stage) -> None:
    number = await in_planning(stage, STATE)
    ticket = await stage.give(number, HOLLY, "set_type", type="production_issue")
    assert ticket.state in stage.app.deps.desks["mytc"].types["production_issue"].by_id


async def test_a_resolved_ticket_of_a_lost_type_is_archived(stage: Stage) -> None:
    number = await stage.opened()
    await stage.give(number, HOLLY, "note", text="Restarted it.")
    await stage.give(number, HOLLY, "move", to="in_planning")
    await stage.give(number, HOLLY, "move", to="resolved")
    lose(stage, "mytc", "production_issue")
    stage.app.clock.advance(days=60)
    assert await archive(stage.app.deps, stage.app.deps.desks["mytc"]) == 1
    assert (await reads.find(stage.app.deps, number)).live is False


async def test_another_type_takes_the_ticket_off_the_board(stage: Stage) -> None:
    number = await stage.opened("door", title="Totals are wrong")
    for state in ("in_analysis", "third_line_triage"):
        await stage.give(number, TOM, "move", to=state)
    await stage.give(number, GRACE, "accept_for_sprint")
    lose(stage, "door", "bug")
    assert (await stage.as_(GRACE).get("/desk/door/board")).status == 200
    with pytest.raises(FlowForbids, match="request type bug is no longer part of this desk"):
        await stage.give(number, RUI, "pull_next")
    await stage.give(number, TOM, "set_type", type="service_request")
    board, _ = await store.load_board(stage.app.rows, "door")
    assert board.ready == ()
