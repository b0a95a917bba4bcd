"""Four eyes over the service: what is refused, what is written down, who may."""

from __future__ import annotations

import datetime as dt

import pytest

from shared.domain import events as ev
from shared.domain.errors import FlowForbids, Forbidden, Invalid, Refused
from shared.domain.ticket import Change
from shared.service import reads
from shared.service.sweep import sweep_outbox
from tests.pages.console_stage import GRACE, LENA, NORA, TOM, Stage
from tests.support.app import memory_app

AMELIE = "amelie.durand@doorfunds.example"
GOOD = "UPDATE funds SET share_class = 'B' WHERE id = 88 AND share_class = 'A'"
WIDE = "UPDATE funds SET share_class = 'B' WHERE id = 88"
BACK = "UPDATE funds SET share_class = 'A' WHERE id = 88 AND share_class = 'B'"
RUN = {"change": "C1", "environment": "preprod", "rows": 1, "outcome": "as_expected"}


class Changes(Stage):
    """The door desk with a service request that is being worked."""

    def __init__(self) -> None:
        super().__init__(memory_app())
        self.number = ""

    async def begin(self, type: str = "service_request") -> None:  # noqa: A002
        self.number = await self.opened("door", type=type)
        to = "in_analysis" if type == "bug" else "in_progress"
        await self.give(self.number, TOM, "move", to=to)

    async def do(self, by: str, command: str, **fields: object) -> Change:
        ticket = await self.give(self.number, by, command, **fields)
        return ticket.changes[-1]

    async def draft(self, by: str = TOM, script: str = GOOD, reason: str = "") -> Change:
        return await self.do(by, "draft_change", **written(script, reason))

    async def verified(self) -> Change:
        await self.draft()
        return await self.do(TOM, "verify_change", **RUN)

    async def approved(self) -> Change:
        change = await self.verified()
        return await self.do(AMELIE, "approve_change", change="C1", script_sha256=sha(change))

    async def notes(self) -> list[str]:
        history = (await reads.find(self.app.deps, self.number)).history
        return [r.event.text for r in history if isinstance(r.event, ev.Noted)]


def written(script: str = GOOD, reason: str = "") -> dict[str, object]:
    return {
        "title": "Share class", "target": "door_prod.funds", "dialect": "tsql", "script": script,
        "rollback": BACK, "expected_rows": 1, "lint_override_reason": reason,
    }  # fmt: skip


def sha(change: Change) -> str:
    return change.script_sha256


@pytest.fixture
async def changes() -> Changes:
    made = Changes()
    await made.begin()
    return made


async def test_each_step_of_a_change_writes_itself_down(changes: Changes) -> None:
    change = await changes.approved()
    await changes.do(
        TOM, "apply_change", change="C1", script_sha256=sha(change), rows=2, note="at 9"
    )
    drafted, run, approved, applied = await changes.notes()
    assert drafted == "Data change C1 drafted: Share class (target door_prod.funds)"
    assert "C1 ran on preprod: 1 row (1 expected), had the desired effect" in run
    assert f"C1 approved by {AMELIE} (script {sha(change)})" in approved
    assert "2 rows, 1 expected (NOT AS EXPECTED)" in applied
    assert f"Second person: {AMELIE}. at 9" in applied


@pytest.mark.parametrize("environment", ["production", "uat", "test", "development"])
async def test_the_run_before_production_is_made_on_support_or_preprod(
    changes: Changes, environment: str
) -> None:
    await changes.draft()
    with pytest.raises(Invalid, match="Preprod or Support"):
        await changes.do(TOM, "verify_change", **RUN | {"environment": environment})


async def test_a_run_on_support_counts(changes: Changes) -> None:
    await changes.draft()
    change = await changes.do(TOM, "verify_change", **RUN | {"environment": "support"})
    assert change.state == "verified"


async def test_a_later_run_that_went_wrong_takes_the_approval_away(changes: Changes) -> None:
    change = await changes.verified()
    await changes.do(TOM, "verify_change", **RUN | {"outcome": "not_as_expected"})
    with pytest.raises(FlowForbids, match="good run"):
        await changes.do(AMELIE, "approve_change", change="C1", script_sha256=sha(change))


async def test_whoever_wrote_some_of_it_is_not_the_second_person(changes: Changes) -> None:
    await changes.draft(by=TOM)
    change = await changes.do(AMELIE, "edit_change", change="C1", **written())
    assert change.author == AMELIE
    await changes.do(TOM, "verify_change", **RUN)
    for writer in (TOM, AMELIE):
        with pytest.raises(Forbidden, match="four eyes"):
            await changes.do(writer, "approve_change", change="C1", script_sha256=sha(change))
    approved = await changes.do(NORA, "approve_change", change="C1", script_sha256=sha(change))
    assert approved.approval is not None
    assert approved.approval.by == NORA


async def test_a_developer_may_be_the_second_person_and_product_may_not(changes: Changes) -> None:
    change = await changes.verified()
    with pytest.raises(Forbidden):
        await changes.do(GRACE, "approve_change", change="C1", script_sha256=sha(change))
    approved = await changes.do(LENA, "approve_change", change="C1", script_sha256=sha(change))
    assert approved.state == "approved"


async def test_a_finding_stops_the_run_until_its_author_answers_for_it(changes: Changes) -> None:
    change = await changes.draft(script=WIDE)
    assert [f.code for f in change.findings] == ["few_predicates"]
    with pytest.raises(FlowForbids, match="few_predicates"):
        await changes.do(TOM, "verify_change", **RUN)
    await changes.do(TOM, "edit_change", change="C1", **written(WIDE, "The id is unique"))
    change = await changes.do(TOM, "verify_change", **RUN)
    with pytest.raises(Invalid, match="accept"):
        await changes.do(
            AMELIE, "approve_change", change="C1", script_sha256=sha(change), accept_findings=False
        )
    await changes.do(AMELIE, "approve_change", change="C1", script_sha256=sha(change))
    told = await changes.notes()
    assert "Found: few_predicates; to be mended" in told[0]
    assert "Found: few_predicates; overridden: The id is unique" in told[1]
    assert "Found: few_predicates; accepted, overridden with the reason" in told[-1]


@pytest.mark.parametrize(
    "script",
    ["TRUNCATE TABLE funds", "DROP TABLE funds", "UPDATE funds SETT a = (1", f"{GOOD}; DROP x"],
)
@pytest.mark.parametrize("field", ["script", "rollback"])
async def test_what_is_refused_outright_is_not_even_a_draft(
    changes: Changes, script: str, field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        await changes.do(TOM, "draft_change", **written(reason="please") | {field: script})
    assert refused.value.errors[0].field == field
    assert (await changes.ticket(changes.number)).changes == ()


async def test_an_edit_voids_run_and_approval_even_when_it_changes_no_letter(
    changes: Changes,
) -> None:
    change = await changes.approved()
    edited = await changes.do(TOM, "edit_change", change="C1", **written())
    assert (edited.state, edited.approval, edited.verifications) == ("draft", None, ())
    assert sha(edited) == sha(change)
    with pytest.raises(FlowForbids):
        await changes.do(TOM, "apply_change", change="C1", script_sha256=sha(change), rows=1)


@pytest.mark.parametrize("field", ["script", "rollback", "target"])
async def test_the_hash_is_bound_to_script_rollback_and_target(
    changes: Changes, field: str
) -> None:
    change = await changes.approved()
    wider = {"script": GOOD, "rollback": BACK, "target": "door_prod.fund s"}
    more = {name: text.replace(" ", "  ") for name, text in wider.items()}
    edited = await changes.do(TOM, "edit_change", change="C1", **written() | {field: more[field]})
    assert sha(edited) != sha(change)


async def test_a_wrong_hash_approves_and_applies_nothing(changes: Changes) -> None:
    await changes.verified()
    for command in ("approve_change", "apply_change"):
        fields: dict[str, object] = {"rows": 1} if command == "apply_change" else {}
        with pytest.raises(FlowForbids):
            await changes.do(AMELIE, command, change="C1", script_sha256="0" * 64, **fields)


@pytest.mark.parametrize("type_id", ["information_request", "bug", "feature_request"])
async def test_the_type_stays_while_a_change_is_under_way(changes: Changes, type_id: str) -> None:
    await changes.draft()
    with pytest.raises(FlowForbids, match="under way"):
        await changes.give(changes.number, NORA, "set_type", type=type_id)
    await changes.do(NORA, "reject_change", change="C1", reason="no")
    ticket = await changes.give(changes.number, NORA, "set_type", type=type_id)
    assert ticket.type == type_id


async def test_a_rejected_change_does_not_live_again_on_a_type_without_changes(
    changes: Changes,
) -> None:
    await changes.draft()
    await changes.do(NORA, "reject_change", change="C1", reason="no")
    await changes.give(changes.number, NORA, "set_type", type="information_request")
    for command in ("edit_change", "draft_change"):
        fields = {"change": "C1"} if command == "edit_change" else {}
        with pytest.raises(FlowForbids, match="take no data change"):
            await changes.do(TOM, command, **written(), **fields)


ENDS: list[tuple[str, dict[str, str]]] = [
    ("move", {"to": "resolved"}),
    ("merge", {"into": "DOOR-2"}),
    ("decide", {"decision": "not_our_problem", "reason": "No"}),
]


@pytest.mark.parametrize(("command", "fields"), ENDS)
async def test_a_ticket_does_not_end_with_a_change_half_way(
    changes: Changes, command: str, fields: dict[str, str]
) -> None:
    assert await changes.opened("door", type="service_request") == "DOOR-2"
    await changes.approved()
    await changes.give(changes.number, TOM, "note", text="Steps")
    with pytest.raises(FlowForbids, match="under way"):
        await changes.give(changes.number, NORA, command, **fields)


async def test_resolving_takes_a_note_of_a_person_after_the_second_person_was_written_down(
    changes: Changes,
) -> None:
    change = await changes.approved()
    await changes.do(TOM, "apply_change", change="C1", script_sha256=sha(change), rows=1)
    with pytest.raises(FlowForbids, match="work note"):
        await changes.give(changes.number, TOM, "move", to="resolved")
    await changes.give(changes.number, TOM, "note", text="Class changed by C1")
    ticket = await changes.give(changes.number, TOM, "move", to="resolved")
    assert ticket.state == "resolved"
    assert any(f"Second person: {AMELIE}" in note for note in await changes.notes())


async def test_a_ticket_that_has_ended_takes_no_change(changes: Changes) -> None:
    await changes.give(changes.number, TOM, "note", text="Steps")
    await changes.give(changes.number, TOM, "move", to="resolved")
    with pytest.raises(FlowForbids, match="reopen"):
        await changes.draft()


async def test_the_type_explains_what_became_of_the_state(changes: Changes) -> None:
    await changes.give(changes.number, NORA, "set_type", type="bug")
    event = (await reads.find(changes.app.deps, changes.number)).history[-1].event
    assert isinstance(event, ev.TypeSet)
    assert (event.state_from, event.state_to) == ("in_progress", "in_analysis")
    assert event.why == "the new flow's first state for what is active"


async def test_a_state_of_another_type_is_refused_by_the_flow_and_an_unknown_one_as_input(
    changes: Changes,
) -> None:
    number = await changes.opened("door", type="email_request")
    with pytest.raises(FlowForbids) as refused:
        await changes.give(number, TOM, "move", to="resolved")
    assert refused.value.allowed == ("waiting_for_client", "closed")
    with pytest.raises(Invalid):
        await changes.give(number, TOM, "move", to="nowhere")


async def test_a_refresh_tells_of_its_start_and_its_end(changes: Changes) -> None:
    app = changes.app
    await changes.give(changes.number, TOM, "refresh_preprod")
    await app.deliver_all()
    app.vendors.builds.results["preprod-deploy#1"] = "FAILURE"
    for _ in range(3):
        app.clock.at += dt.timedelta(minutes=2)
        await sweep_outbox(app.deps, "door")
        await app.deliver_all()
    assert await changes.notes() == [
        "Refresh of pre-production asked for: preprod-deploy",
        "preprod-deploy build 1: running",
        "preprod-deploy build 1: FAILURE",
    ]


async def test_nobody_but_a_writer_asks_for_a_refresh(changes: Changes) -> None:
    with pytest.raises(Refused):
        await changes.give(changes.number, GRACE, "refresh_preprod")
    await changes.begin("information_request")
    with pytest.raises(FlowForbids):
        await changes.give(changes.number, TOM, "refresh_preprod")
