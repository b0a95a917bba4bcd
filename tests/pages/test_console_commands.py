"""Commands from forms: carried out once, refused beside the form, and never over another's work."""

import pytest

from shared.domain import commands as cm
from shared.domain.people import SYSTEM
from shared.service.handle import Order, handle
from tests.pages.console_stage import GRACE, HOLLY, MARIA, NORA, RUI, SAM, TOM, Stage
from tests.support.page_client import filled

SCRIPT = "UPDATE funds SET share_class = 'B' WHERE id = 88 AND share_class = 'A'"
BACK = "UPDATE funds SET share_class = 'A' WHERE id = 88 AND share_class = 'B'"


def url(number: str) -> str:
    desk = "mytc" if number.startswith("MYTC") else "door"
    return f"/desk/{desk}/tickets/{number}/commands"


async def changed(stage: Stage) -> str:
    """A service request with a change by Tom that ran well before production."""
    number = await stage.opened("door", type="service_request")
    draft = {"title": "Set class", "target": "FundDb", "dialect": "tsql", "script": SCRIPT}
    await stage.give(number, TOM, "draft_change", **draft, rollback=BACK, expected_rows=1)
    run = {"change": "C1", "environment": "preprod", "rows": 1, "outcome": "as_expected"}
    await stage.give(number, TOM, "verify_change", **run)
    return number


async def test_a_form_of_the_page_leads_back_to_the_page(stage: Stage) -> None:
    number = await stage.opened()
    page = await stage.page(number)

    answer = await stage.as_(HOLLY).submit(page.form("reply"), text="We are on it.")

    assert answer.status == 303
    assert answer.location == f"/desk/mytc/tickets/{number}"
    assert "We are on it." in (await stage.as_(HOLLY).follow(answer)).text


async def test_every_form_of_the_page_works_as_it_stands(stage: Stage) -> None:
    number = await stage.opened()
    other = await stage.opened()
    typed = {
        "move": {"to": "in_planning"},
        "assign": {"assignee": SAM},
        "note": {"text": "A note."},
        "ask_team": {},
        "opine": {"opinion": "proceed"},
        "set_severity": {"severity": "low", "reason": "Only one user."},
        "set_environment": {"environment": "uat"},
        "set_type": {"type": "non_production_issue"},
        "link": {"to": other},
        "decide": {"decision": "proceed", "reason": "Ours.", "urgency": "urgent"},
    }
    for command, fields in typed.items():
        page = await stage.page(number)
        answer = await stage.as_(HOLLY).submit(page.form(command), **fields)
        assert answer.status == 303, (command, answer.text)

    ticket = await stage.ticket(number)
    assert (ticket.type, ticket.environment, ticket.severity) == (
        "non_production_issue",
        "uat",
        "low",
    )
    assert ticket.assignee == SAM
    assert ticket.links[0].to == other
    assert ticket.triage.decision == "proceed"


async def test_watchers_come_and_go(stage: Stage) -> None:
    number = await stage.opened()
    forms = (await stage.page(number)).forms("watch")

    await stage.as_(HOLLY).submit(forms[0], email="boss@client.example")
    await stage.as_(HOLLY).submit(forms[1])
    page = await stage.page(number)
    await stage.as_(HOLLY).submit(page.forms("unwatch")[0])

    assert (await stage.ticket(number)).watchers == (HOLLY,)


async def test_planned_work_items_come_in_pairs(stage: Stage) -> None:
    number = await stage.opened()
    form = (await stage.page(number)).form("decide")
    values = [pair for pair in filled(form) if pair[0] in ("command", "version")]
    values += [("item_kind", "pbi"), ("item_title", "Renew")]
    values += [("item_kind", "task"), ("item_title", "")]
    values += [("decision", "proceed"), ("reason", "Ours."), ("urgency", "urgent")]

    answer = await stage.as_(MARIA).post(form.attrs["action"], values)

    assert answer.status == 303, answer.text
    history = (await stage.page(number)).doc.by_id("history").text
    assert "decided: Proceed, urgent, into the current sprint. Ours." in history
    await stage.app.deliver_all()
    made = [item.title for item in stage.app.vendors.tool.asked.values()]
    assert made == [f"[{number}] Sign-in fails", "Renew"]


async def test_a_wrong_field_is_named_and_what_was_typed_is_kept(stage: Stage) -> None:
    number = await stage.opened()
    page = await stage.page(number)

    answer = await stage.as_(HOLLY).submit(
        page.form("decide"), decision="proceed", reason="It is <ours>", item_title="Renew"
    )

    assert answer.status == 422
    form = answer.form("decide")
    assert "choose urgent, or handle during the sprint" in form.text
    assert "It is <ours>" in dict(filled(form))["reason"]
    assert dict(filled(form))["decision"] == "proceed"
    assert form.all("select", id="decide-urgency")[0].attrs["aria-invalid"] == "true"
    assert (await stage.ticket(number)).triage.decision is None


@pytest.mark.parametrize(
    ("email", "body", "status"),
    [
        (SAM, {"command": "decide", "decision": "not_our_problem", "reason": "No."}, 403),
        (HOLLY, {"command": "move", "to": "in_progress"}, 409),
        (HOLLY, {"command": "move", "to": "nowhere"}, 422),
        (HOLLY, {"command": "reply", "text": "   "}, 422),
        (HOLLY, {"command": "burn"}, 422),
        (HOLLY, {}, 422),
        (HOLLY, {"command": "link", "to": "MYTC-99"}, 422),
        (HOLLY, {"command": "rank", "before": "MYTC-2"}, 409),
    ],
)
async def test_what_is_not_offered_is_refused_when_it_is_forced(
    stage: Stage, email: str, body: dict[str, str], status: int
) -> None:
    number = await stage.opened()

    page = await stage.as_(email).post(url(number), body)

    assert page.status == status
    assert "Not done." in page.doc.by_id("refused").text
    assert (await stage.ticket(number)).version == 1


async def test_an_outsider_gives_no_command(stage: Stage) -> None:
    number = await stage.opened()

    page = await stage.as_(NORA).post(url(number), {"command": "note", "text": "Hello."})

    assert page.status == 403
    assert "Sign-in fails" not in page.text


async def test_a_command_under_another_desks_address_is_refused(stage: Stage) -> None:
    number = await stage.opened("door")

    page = await stage.as_(HOLLY).post(
        f"/desk/mytc/tickets/{number}/commands", {"command": "note", "text": "Hello."}
    )

    assert page.status == 404
    assert (await stage.ticket(number)).notes == 0


async def test_a_reply_does_not_go_over_anothers_and_keeps_its_text(stage: Stage) -> None:
    number = await stage.opened()
    page = await stage.page(number)
    await stage.give(number, SAM, "reply", text="Sam was faster.")

    refused = await stage.as_(HOLLY).submit(page.form("reply"), text="Half of my answer")

    assert refused.status == 412
    form = refused.form("reply")
    assert "Sam Okafor wrote: Sam was faster." in form.text
    assert dict(filled(form))["text"] == "Half of my answer"
    again = await stage.as_(HOLLY).submit(form)
    assert again.status == 303


async def test_a_clients_answer_meanwhile_stops_a_reply_too(stage: Stage) -> None:
    number = await stage.opened()
    page = await stage.page(number)
    client = SYSTEM.model_copy(update={"kind": "client", "email": "jane@client.example"})
    reply = cm.Reply(command="reply", text="It works again!")
    await handle(stage.app.deps, Order(number, (reply,), client))

    refused = await stage.as_(HOLLY).submit(page.form("reply"), text="Still looking.")

    assert refused.status == 412
    assert "It works again!" in refused.form("reply").text


async def test_what_docket_did_meanwhile_stops_nobody(stage: Stage) -> None:
    number = await stage.opened()
    page = await stage.page(number)
    await stage.app.deliver_all()  # links the mirrored work item

    answer = await stage.as_(HOLLY).submit(page.form("move"), to="in_planning")

    assert answer.status == 303
    assert (await stage.ticket(number)).mirror


async def test_ones_own_other_command_stops_nothing(stage: Stage) -> None:
    number = await stage.opened()
    page = await stage.page(number)

    await stage.as_(HOLLY).submit(page.form("assign"), assignee=SAM)
    answer = await stage.as_(HOLLY).submit(page.form("reply"), text="We are on it.")

    assert answer.status == 303


async def test_a_work_note_is_added_whatever_happened_meanwhile(stage: Stage) -> None:
    number = await stage.opened()
    page = await stage.page(number)
    await stage.give(number, SAM, "reply", text="Sam was faster.")

    answer = await stage.as_(HOLLY).submit(page.form("note"), text="For the record.")

    assert answer.status == 303


@pytest.mark.parametrize("command", ["reply", "note"])
async def test_a_form_sent_twice_is_said_once(stage: Stage, command: str) -> None:
    number = await stage.opened()
    form = (await stage.page(number)).form(command)

    for _ in range(2):
        answer = await stage.as_(HOLLY).submit(form, text="Once.")
        assert answer.status == 303

    assert (await stage.page(number)).doc.by_id("conversation").text.count("Once.") == 1


async def test_files_come_with_a_reply_and_active_ones_are_only_downloads(stage: Stage) -> None:
    number = await stage.opened()
    form = (await stage.page(number)).form("reply")

    answer = await stage.as_(HOLLY).upload(
        form, "attachments", ("../x<y>.html", b"<script>alert(1)</script>"), text="See the file."
    )

    assert answer.status == 303
    page = await stage.page(number)
    (link,) = [a for a in page.doc.all("a") if "attachments" in a.attrs.get("href", "")]
    assert "x_y_.html" in link.text
    file = await stage.as_(HOLLY).get(link.attrs["href"])
    assert file.headers["content-disposition"].startswith("attachment")


async def test_a_change_takes_four_eyes_on_the_page_too(stage: Stage) -> None:
    number = await changed(stage)

    author, second = await stage.page(number, TOM), await stage.page(number, NORA)
    assert not author.forms("approve_change")
    assert "you cannot approve it" in author.doc.by_id("changes").text
    sha = (await stage.ticket(number)).changes[0].script_sha256
    body = {"command": "approve_change", "change": "C1", "script_sha256": sha}
    forced = await stage.as_(TOM).post(url(number), body)
    assert forced.status == 403

    assert (await stage.as_(NORA).submit(second.form("approve_change"))).status == 303
    page = await stage.page(number, TOM)
    assert (await stage.as_(TOM).submit(page.form("apply_change"), rows="1")).status == 303
    assert "applied" in (await stage.page(number, TOM)).doc.by_id("change-C1").text


async def test_an_edit_on_the_page_voids_the_approval(stage: Stage) -> None:
    number = await changed(stage)
    second = await stage.page(number, NORA)
    await stage.as_(NORA).submit(second.form("approve_change"))
    page = await stage.page(number, TOM)
    apply = page.form("apply_change")

    answer = await stage.as_(TOM).submit(page.form("edit_change"), expected_rows="2")
    late = await stage.as_(TOM).submit(apply, rows="1")

    assert answer.status == 303
    assert late.status == 409
    assert (await stage.ticket(number)).changes[0].state == "draft"


async def test_a_refused_script_is_kept_in_the_form_with_the_finding(stage: Stage) -> None:
    number = await stage.opened("door", type="service_request")
    page = await stage.page(number, TOM)
    fields = {"title": "Empty it", "target": "FundDb", "rollback": BACK, "expected_rows": "1"}

    refused = await stage.as_(TOM).submit(
        page.form("draft_change"), script="TRUNCATE TABLE funds", **fields
    )

    assert refused.status == 422
    form = refused.form("draft_change")
    assert "TRUNCATE" in form.text
    assert dict(filled(form))["script"] == "TRUNCATE TABLE funds"


async def test_overridden_findings_must_be_accepted_by_a_tick(stage: Stage) -> None:
    number = await stage.opened("door", type="service_request")
    draft = {"title": "Wide", "target": "FundDb", "dialect": "tsql", "rollback": BACK}
    wide = "UPDATE funds SET share_class = 'B' WHERE id = 88"
    reason = {"lint_override_reason": "The id is unique."}
    await stage.give(number, TOM, "draft_change", script=wide, expected_rows=1, **draft, **reason)
    run = {"change": "C1", "environment": "preprod", "rows": 1, "outcome": "as_expected"}
    await stage.give(number, TOM, "verify_change", **run)
    form = (await stage.page(number, NORA)).form("approve_change")
    assert "I accept the overridden findings" in form.text

    refused = await stage.as_(NORA).submit(form)
    accepted = await stage.as_(NORA).submit(form, accept_findings="yes")

    assert refused.status == 422
    assert "accept them explicitly" in refused.text
    assert accepted.status == 303


async def test_the_change_sheet_holds_all_that_was_agreed(stage: Stage) -> None:
    number = await changed(stage)

    page = await stage.as_(RUI).get(f"/desk/door/tickets/{number}/changes/C1")
    missing = await stage.as_(RUI).get(f"/desk/door/tickets/{number}/changes/C9")

    sha = (await stage.ticket(number)).changes[0].script_sha256
    for words in (SCRIPT, BACK, sha, "Tom Becker", "Preprod: 1 row,", "Not approved"):
        assert words in page.text
    assert missing.status == 404


async def test_what_the_product_owner_may_not_do_is_not_offered(stage: Stage) -> None:
    number = await changed(stage)

    page = await stage.page(number, GRACE)

    for command in ("draft_change", "edit_change", "approve_change", "apply_change"):
        assert not page.forms(command), command
