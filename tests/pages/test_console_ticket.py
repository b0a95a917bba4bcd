"""A ticket's page: what each role sees of it and is offered."""

import pytest

from shared.domain.people import Person
from tests.pages.console_stage import HOLLY, HOSTILE, JANE, MARIA, NORA, SAM, Stage
from tests.support.page_client import Page


def commands(page: Page) -> set[str]:
    """The commands for which the page has a form."""
    fields = page.doc.all("input", name="command")
    return {field.attrs["value"] for field in fields}


def moves(page: Page) -> dict[str, bool]:
    """The moves offered, and whether each may be made now."""
    buttons = page.doc.by_id("moves").all("button", name="to")
    return {b.attrs["value"]: "aria-disabled" not in b.attrs for b in buttons}


async def test_the_page_says_at_once_what_it_is_about(stage: Stage) -> None:
    number = await stage.opened(severity="critical")

    page = await stage.page(number)

    assert number in page.doc.all("title")[0].text
    assert "PRODUCTION" in page.doc.all("title")[0].text
    head = page.doc.by_id("head").text
    assert "● Production" in head
    assert "▲▲ Critical" in head
    assert "New" in head


async def test_a_capped_severity_is_shown_with_its_reason(stage: Stage) -> None:
    number = await stage.opened(severity="critical", environment="uat", type="non_production_issue")

    facts = (await stage.page(number)).doc.by_id("facts").text

    assert "Claimed: Critical. It counts as Medium" in facts
    assert "Acceptance (UAT)" in facts


async def test_opening_the_page_records_that_it_was_read(stage: Stage) -> None:
    number = await stage.opened()

    before = (await stage.page(number, HOLLY)).doc.by_id("readers").text
    await stage.page(number, SAM)
    after = (await stage.page(number, HOLLY)).doc.by_id("readers").text

    assert "Holly Carter read just now" in before
    assert "Sam Okafor not yet" in before
    assert "Sam Okafor read just now" in after
    assert "Maria Lopez not yet" in after


async def test_a_page_that_a_browser_fetches_ahead_is_not_read(stage: Stage) -> None:
    number = await stage.opened()

    await stage.as_(SAM).get(f"/desk/mytc/tickets/{number}", sec_purpose="prefetch")

    assert "Sam Okafor not yet" in (await stage.page(number)).doc.by_id("readers").text


async def test_public_and_internal_are_told_apart_in_words(stage: Stage) -> None:
    number = await stage.opened()
    await stage.give(number, HOLLY, "reply", text="We are on it.")
    await stage.give(number, SAM, "note", text="Certificate expired.")

    page = await stage.page(number)

    said = [li.text for li in page.doc.by_id("conversation").all("li") if "id" in li.attrs]
    assert ["From the client Jane Doe" in said[0], "Public reply Holly Carter" in said[1]] == [
        True
    ] * 2
    assert "Work note: desk only Sam Okafor" in said[2]


async def test_the_composer_names_everybody_who_will_read_a_reply(stage: Stage) -> None:
    number = await stage.opened()
    await stage.give(number, HOLLY, "watch", email="boss@client.example")

    page = await stage.page(number)

    pane = page.doc.by_id("pane-reply")
    assert pane.attrs["data-tab"] == "Public reply: 2 people will read it"
    assert "Jane Doe, boss@client.example" in pane.text
    assert "Only the 8 members" in page.doc.by_id("pane-note").text


async def test_members_and_the_client_can_be_mentioned(stage: Stage) -> None:
    number = await stage.opened()

    page = await stage.page(number)

    handles = {e.attrs["data-handle"] for e in page.doc.all("li") if "data-handle" in e.attrs}
    assert {"holly", "sam.okafor", JANE} <= handles


async def test_ready_made_texts_are_in_the_clients_language(stage: Stage) -> None:
    number = await stage.opened(language="fr")

    assert "nous allons évaluer" in (await stage.page(number)).doc.by_id("composer").text


async def test_clocks_explain_why_they_are_due(stage: Stage) -> None:
    number = await stage.opened(severity="critical")
    stage.app.clock.advance(minutes=10)

    clocks = (await stage.page(number)).doc.by_id("clocks")

    assert "First response ◷ 20 min left" in clocks.text
    assert "10 minutes of 30 minutes" in clocks.text
    first = clocks.by_id("why-first_response").text
    assert "the request came in" in first
    assert "30 min are used up (30 minutes used)" in first
    assert clocks.all("progress")[0].attrs["value"] == "33"


async def test_a_clock_with_closing_hours_tells_working_time(stage: Stage) -> None:
    number = await stage.opened()  # at ten; high: two working hours to answer, nine to resolve
    stage.app.clock.advance(hours=12)  # it closed at five in the afternoon

    clocks = (await stage.page(number)).doc.by_id("clocks").text

    assert "First response ⚠ 5 h of working time late" in clocks
    assert "Resolution ◷ 2 h of working time left" in clocks


async def test_a_clock_is_marked_from_the_desks_last_warning_on(stage: Stage) -> None:
    number = await stage.opened(severity="critical")  # half an hour; the warning comes at 75 %
    shown = {}
    for minutes in (22, 1):
        stage.app.clock.advance(minutes=minutes)
        page = await stage.page(number)
        row = (await stage.as_(HOLLY).get("/desk/mytc")).doc.all("tr")[1]
        shown[minutes] = ("⏳" in page.doc.by_id("clocks").text, "⏳" in row.text)

    assert shown == {22: (False, False), 1: (True, True)}


async def test_moves_are_those_of_the_role_with_what_is_missing(stage: Stage) -> None:
    number = await stage.opened()
    await stage.give(number, HOLLY, "move", to="in_planning")

    lead, scrum_master = await stage.page(number, HOLLY), await stage.page(number, MARIA)

    assert moves(lead) == {"waiting_for_client": True, "in_progress": False, "resolved": True}
    assert moves(scrum_master) == {"in_progress": False}
    assert "first decide the triage" in lead.doc.by_id("moves").text


async def test_only_those_who_may_decide_are_offered_to(stage: Stage) -> None:
    number = await stage.opened()

    assert "decide" in commands(await stage.page(number, HOLLY))
    assert "decide" in commands(await stage.page(number, MARIA))
    assert "decide" not in commands(await stage.page(number, SAM))
    assert {"opine", "ask_team", "note"} <= commands(await stage.page(number, SAM))


async def test_a_closed_ticket_offers_notes_and_reopening_only(stage: Stage) -> None:
    number = await stage.opened()
    await stage.give(number, HOLLY, "decide", decision="not_our_problem", reason="Not ours.")

    page = await stage.page(number)

    assert moves(page) == {"in_planning": True}
    assert not commands(page) & {"reply", "assign", "set_severity", "ask_team", "opine", "decide"}
    assert "A closed ticket keeps its facts" in page.doc.by_id("facts").text


async def test_the_drawing_marks_where_the_ticket_stands(stage: Stage) -> None:
    number = await stage.opened()
    await stage.give(number, HOLLY, "move", to="in_planning")

    (drawing,) = (await stage.page(number)).doc.by_id("moves").all("svg")

    (current,) = [g for g in drawing.all("g") if "flow-current" in g.attrs["class"]]
    assert "In Planning" in current.text
    assert "now" in current.text


async def test_runbooks_are_for_those_whose_role_may_see_them(stage: Stage) -> None:
    number = await stage.opened("door")

    seen = {
        email: "SQL for regular requests" in (await stage.page(number, email)).text
        for email in (NORA, "grace.odell@doorfunds.example")
    }

    assert seen == {NORA: True, "grace.odell@doorfunds.example": False}


async def test_hostile_texts_stay_texts_wherever_they_stand(stage: Stage) -> None:
    who = Person(email=JANE, name=HOSTILE[:90])
    number = await stage.opened(title=HOSTILE[:200], description=HOSTILE, requester=who)
    for command in ("reply", "note"):
        await stage.give(number, HOLLY, command, text=HOSTILE)
    await stage.give(number, HOLLY, "ask_team", message=HOSTILE)
    await stage.give(number, SAM, "opine", opinion="proceed", comment=HOSTILE)
    await stage.give(number, HOLLY, "decide", decision="proceed", reason=HOSTILE, urgency="urgent")

    page = await stage.page(number)  # the client inspects each element: no script, no handler

    assert page.text.count("<script>alert(1)</script>") >= 6
    assert "{{ 7 * 7 }}" in page.text
    assert page.doc.all("script") == [s for s in page.doc.all("script") if "src" in s.attrs]


async def test_addresses_in_texts_can_be_followed_but_scripts_cannot(stage: Stage) -> None:
    text = "See https://status.example/now and javascript:alert(1)"
    ref = {"system": "ORION", "ref": "OR-1", "url": "https://orion.example/1"}
    number = await stage.opened(description=text, external_refs=[ref])

    page = await stage.page(number)

    hrefs = [a.attrs.get("href", "") for a in page.doc.all("a")]
    assert {"https://status.example/now", "https://orion.example/1"} <= set(hrefs)
    assert not [href for href in hrefs if href.startswith("javascript")]
    assert "OR-1" in page.doc.by_id("facts").text


async def test_the_history_tells_every_event(stage: Stage) -> None:
    number = await stage.opened()
    await stage.give(number, HOLLY, "assign", assignee=SAM)
    await stage.give(number, HOLLY, "set_severity", severity="low", reason="Only one user.")

    history = (await stage.page(number)).doc.by_id("history").text

    assert "Holly Carter assigned it to Sam Okafor" in history
    assert "set the severity from High to Low: Only one user." in history
    assert "version 3" in history


@pytest.mark.parametrize("path", ["tickets/MYTC-99", "tickets/DOOR-1", "tickets/nonsense"])
async def test_a_ticket_that_is_not_there_gets_a_page_that_says_so(stage: Stage, path: str) -> None:
    await stage.opened("door")

    page = await stage.as_(HOLLY).get(f"/desk/mytc/{path}")

    assert page.status == 404
    assert "There is no ticket" in page.text


async def test_a_look_for_news_is_one_range_read_and_names_the_other_person(stage: Stage) -> None:
    number = await stage.opened()
    await stage.page(number, HOLLY)
    await stage.page(number, SAM)
    await stage.give(number, SAM, "note", text="Found it.")
    stage.app.calls.clear()

    page = await stage.as_(HOLLY).get(f"/desk/mytc/tickets/{number}/live?version=1")

    assert stage.app.calls == ["table.scan"]
    live = page.doc.by_id("live")
    assert (live.attrs["data-known"], live.attrs["data-version"]) == ("1", "2")
    assert "Sam Okafor is looking at this ticket" in page.text
    assert "Sam Okafor noted: Found it." in page.text


async def test_an_open_page_is_looked_at_for_as_long_as_it_is_open(stage: Stage) -> None:
    number = await stage.opened()
    await stage.page(number, SAM)
    live = f"/desk/mytc/tickets/{number}/live?version=1"

    for _ in range(3):
        stage.app.clock.advance(seconds=90)
        await stage.as_(SAM).get(live)
    still = (await stage.as_(HOLLY).get(live)).text
    stage.app.clock.advance(minutes=5)
    gone = (await stage.as_(HOLLY).get(live)).text

    assert "Sam Okafor is looking" in still
    assert "looking" not in gone


async def test_own_and_automatic_changes_are_no_news(stage: Stage) -> None:
    number = await stage.opened()
    await stage.give(number, HOLLY, "note", text="Mine.")

    page = await stage.as_(HOLLY).get(f"/desk/mytc/tickets/{number}/live?version=1")

    assert "Changed since" not in page.text
    assert page.doc.by_id("live").attrs["data-version"] == "2"


async def test_a_linked_ticket_of_another_desk_leads_there(stage: Stage) -> None:
    number, other = await stage.opened(), await stage.opened("door")
    await stage.give(number, HOLLY, "link", to=other, kind="related")

    links = (await stage.page(number)).doc.by_id("links")

    assert links.all("a", href=f"/desk/door/tickets/{other}")
