"""The console names people, states and places as they were, and as a person would."""

import pytest

from shared.domain import commands as cm
from shared.domain.people import Actor, ActorKind, Person
from shared.service.conversation import client_reply
from shared.service.opening import Request, open_request
from tests.pages.console_stage import HOLLY, JANE, NORA, SAM, Stage
from tests.support.page_client import Page

CRM = Person(email="carl@doorfunds.example", name="Carl Crm")


def said(page: Page) -> str:
    return page.doc.by_id("conversation").text


async def test_states_are_named_by_the_type_that_the_ticket_had_then(stage: Stage) -> None:
    number = await stage.opened(type="question")
    await stage.give(number, HOLLY, "move", to="resolved")
    await stage.give(number, HOLLY, "move", to="in_progress")
    await stage.give(number, HOLLY, "set_type", type="enhancement")

    page = await stage.page(number)

    assert "moved it from New to Answered" in said(page)
    assert "from Answered to In Progress" in said(page)
    assert "Delivered" not in said(page)


async def test_news_of_an_open_page_name_states_by_the_type_of_then(stage: Stage) -> None:
    number = await stage.opened(type="question")
    version = (await stage.ticket(number)).version
    await stage.give(number, HOLLY, "move", to="resolved")
    await stage.give(number, HOLLY, "move", to="in_progress")
    await stage.give(number, HOLLY, "set_type", type="enhancement")

    news = await stage.as_(SAM).get(f"/desk/mytc/tickets/{number}/live?version={version}")

    assert "to Answered" in news.text


async def test_flows_name_states_by_their_own_type(stage: Stage) -> None:
    page = await stage.as_(HOLLY).get("/desk/mytc/flows")

    moves = page.doc.by_id("enhancement").text
    assert "Delivered" in moves
    assert "Answered" not in moves


async def test_a_move_that_followed_by_itself_says_why_in_words(stage: Stage) -> None:
    number = await stage.opened(type="question")
    await stage.give(number, HOLLY, "move", to="in_planning")
    await stage.give(number, HOLLY, "move", to="waiting_for_client")
    client = Actor(kind=ActorKind.CLIENT, email=JANE)
    answer = cm.Reply(command="reply", text="Here you are.")
    await client_reply(stage.app.deps, number, answer, client)

    page = await stage.page(number)

    assert "from Waiting for client to In Progress: the client answered" in said(page)


async def by_the_crm(stage: Stage) -> str:
    desk = stage.app.deps.desks["door"]
    command = cm.Open(
        title="Fund list",
        description="Jane says that her list is empty.",
        type="service_request",
        environment="production",
        requester=Person(email=JANE, name="Jane Doe"),
        submitted_by=CRM,
        source="form",
    )
    actor = Actor(kind=ActorKind.CLIENT, email=CRM.email, name=CRM.name)
    opened = await open_request(stage.app.deps, desk, Request(command, actor))
    return opened.loaded.ticket.number


async def test_who_wrote_for_the_client_stands_above_what_was_written(stage: Stage) -> None:
    number = await by_the_crm(stage)

    page = await stage.page(number, NORA)

    assert "From the client Carl Crm on behalf of Jane Doe" in said(page)


async def test_a_request_of_ones_own_is_on_nobodys_behalf(stage: Stage) -> None:
    page = await stage.page(await stage.opened())

    assert "From the client Jane Doe" in said(page)
    assert "on behalf" not in page.text


async def test_mentions_are_names_in_the_conversation(stage: Stage) -> None:
    number = await stage.opened()
    await stage.give(number, SAM, "reply", text=f"@{JANE} and @holly, please look.")
    await stage.give(number, SAM, "note", text="@priya.nair@mytc.example knows more.")

    page = await stage.page(number)

    assert "@Jane Doe and @Holly Carter, please look." in said(page)
    assert "@Priya Nair knows more." in said(page)


@pytest.mark.parametrize("kind", ["question", "enhancement"])
async def test_what_nobody_was_asked_an_environment_for_is_not_marked(
    stage: Stage, kind: str
) -> None:
    number = await stage.opened(type=kind, severity="low")

    listed = await stage.as_(HOLLY).get("/desk/mytc")
    page = await stage.page(number)

    assert number in listed.text
    assert "is-production" not in listed.body
    assert "Production" not in page.doc.by_id("head").text
    assert "Environmentnot asked" in page.doc.by_id("facts").text


async def test_an_access_request_for_production_is_marked(stage: Stage) -> None:
    await stage.opened(type="access_request", severity="low")

    assert "is-production" in (await stage.as_(HOLLY).get("/desk/mytc")).body


async def test_a_merged_ticket_is_listed_as_closed_with_where_it_goes_on(stage: Stage) -> None:
    into, number = await stage.opened(), await stage.opened()
    await stage.give(number, HOLLY, "merge", into=into)

    still_open = await stage.as_(HOLLY).get("/desk/mytc")
    closed = await stage.as_(HOLLY).get("/desk/mytc?view=closed")
    page = await stage.page(number)

    assert number not in still_open.text
    assert f"Merged into {into}" in closed.text
    assert "Merged" in page.doc.by_id("head").text
    assert page.doc.by_id("head").all("a", href=f"/desk/mytc/tickets/{into}")
    assert not page.doc.by_id("moves").all("button")


async def test_a_message_that_came_by_mail_leads_to_the_mail(stage: Stage) -> None:
    number = await stage.opened(source="mail", raw="mail/one", message_id="<m1@client.example>")
    await stage.app.deps.blobs.put("mail/one", b"Subject: x\r\n\r\nThe whole of it.\r\n", "x")

    page = await stage.page(number)
    links = [a for a in page.doc.by_id("conversation").all("a") if "/mails/" in a.attrs["href"]]

    assert [a.text for a in links] == ["Whole text of the mail", "Original mail (.eml)"]
    whole = await stage.as_(HOLLY).get(links[1].attrs["href"])
    assert whole.status == 200
    assert "The whole of it." in whole.body
    assert "The whole of it." in (await stage.as_(HOLLY).get(links[0].attrs["href"])).body


async def test_what_came_by_a_form_leads_to_no_mail(stage: Stage) -> None:
    number = await stage.opened(source="form", raw="form/one")

    assert "/mails/" not in (await stage.page(number)).body


async def test_merging_is_asked_about_once_more_with_who_will_read_what(stage: Stage) -> None:
    kim = Person(email="kim@client.example", name="Kim Park")
    into = await stage.opened(title="The export stops", requester=kim)
    number = await stage.opened()
    page = await stage.page(number)

    asked = await stage.as_(HOLLY).submit(page.form("merge"), into=into)

    assert asked.status == 422
    assert f"{into} is “The export stops” by Kim Park" in asked.text
    assert "jane@client.example will read all of its public conversation" in asked.text
    assert not (await stage.ticket(number)).merged_into
    done = await stage.as_(HOLLY).submit(asked.form("merge"))
    assert done.status == 303
    assert (await stage.ticket(number)).merged_into == into


async def test_where_a_request_came_from_is_told_in_words(stage: Stage) -> None:
    number = await stage.opened()

    page = await stage.page(number)

    assert "Came byAPI, " in page.doc.by_id("facts").text
    assert "opened the request (API)" in page.text


async def test_the_drawing_of_a_flow_is_read_out_with_its_states_name(stage: Stage) -> None:
    number = await stage.opened()
    await stage.give(number, HOLLY, "move", to="in_planning")

    (drawing,) = (await stage.page(number)).doc.all("svg")

    assert "now in In Planning" in str(drawing.attrs) + drawing.text
