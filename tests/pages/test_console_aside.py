"""Setting aside what was given up, on the page and at the API's door."""

import json
from collections.abc import Mapping

from shared.domain.effects import MailOwed, Outbox
from shared.domain.people import Person
from shared.ports import Put
from shared.service import layout as ly
from tests.pages.console_stage import HOLLY, JANE, SAM, Stage
from tests.support.page_client import Element, Page, PageClient

LIST = "/desk/mytc/undelivered"
API = "/api/desks/mytc/undelivered/set-aside"


class Caller(PageClient):
    """Sends JSON."""

    async def call(self, url: str, body: object, **headers: str) -> Page:
        wanted: Mapping[str, str] = {"content_type": "application/json", **headers}
        return await self._send("POST", url, json.dumps(body).encode(), wanted)


async def given_up(stage: Stage, *, is_dead: bool = True) -> tuple[str, str]:
    """A new ticket, and the key of a mail about it that nobody could deliver."""
    number, now = await stage.opened(), stage.app.clock.now()
    status = "dead" if is_dead else "due"
    to = Person(email="casey@client.exmaple")
    mail = MailOwed(seq=1, notice="closed", to=to, audience="client", error="400", status=status)
    box = Outbox(
        desk="mytc", number=number, seq=1, committed_at=now, due=now, claim="", attempt=2,
        effects=(mail,),
    )  # fmt: skip
    key = ly.dead_key(number, 1) if is_dead else ly.outbox_row(box)[0]
    await stage.app.rows.commit("mytc", [Put(key, ly.body(box))])
    return number, key


def aside(page: Page) -> list[Element]:
    return [f for f in page.forms() if f.attrs.get("action", "").endswith("/set-aside")]


async def test_what_nobody_needs_leaves_the_list_with_a_reason_that_its_ticket_keeps(
    stage: Stage,
) -> None:
    number, _ = await given_up(stage)
    (form,) = aside(await stage.as_(HOLLY).get(LIST))

    answer = await stage.as_(HOLLY).submit(form, reason="The address does not exist.")

    after = await stage.as_(HOLLY).follow(answer)
    assert "A work note on its ticket says who did it, and why" in after.text
    assert "casey@client.exmaple" not in after.text
    kept = await stage.page(number)
    assert "Mail “closed” to casey@client.exmaple" in kept.text
    assert "Reason: The address does not exist." in kept.text


async def test_clients_never_read_why_something_was_set_aside(stage: Stage) -> None:
    number, key = await given_up(stage)
    await Caller(stage.app, HOLLY).call(API, {"key": key, "reason": "An internal matter."})

    link = stage.app.app.links.client_ticket(JANE, number, stage.app.clock.now())
    page = await stage.as_("").get(link.removeprefix("http://docket.test"))

    assert page.status == 200
    assert "An internal matter." not in page.text


async def test_without_a_reason_the_row_stays_and_the_form_says_what_is_missing(
    stage: Stage,
) -> None:
    await given_up(stage)
    (form,) = aside(await stage.as_(HOLLY).get(LIST))

    page = await stage.as_(HOLLY).submit(form, reason="  ")

    assert page.status == 422
    (again,) = aside(page)
    assert "say why nobody is to try it again" in again.text
    assert "open" in next(d for d in page.doc.all("details") if again in list(d)).attrs


async def test_a_second_click_says_that_the_row_is_gone(stage: Stage) -> None:
    await given_up(stage)
    (form,) = aside(await stage.as_(HOLLY).get(LIST))
    await stage.as_(HOLLY).submit(form, reason="Wrong address.")

    page = await stage.as_(HOLLY).submit(form, reason="Wrong address.")

    assert page.status == 404
    assert "It is not on the list any more" in page.text


async def test_only_a_lead_is_offered_to_set_aside_what_was_given_up(stage: Stage) -> None:
    await given_up(stage)
    await given_up(stage, is_dead=False)

    assert len(aside(await stage.as_(HOLLY).get(LIST))) == 1
    assert aside(await stage.as_(SAM).get(LIST)) == []


async def test_the_api_sets_aside_the_row_as_it_was_seen_only(stage: Stage) -> None:
    _, key = await given_up(stage)
    holly, body = Caller(stage.app, HOLLY), {"key": key, "reason": "Wrong address."}

    stale = await holly.call(API, body, if_match='"1"')
    done = await holly.call(API, body, if_match='"2"')
    again = await holly.call(API, body)

    assert (stale.status, done.status, again.status) == (412, 200, 404)
    assert json.loads(done.body) == {"status": "set aside", "noted": True}


async def test_the_api_refuses_to_set_aside_what_is_still_being_tried(stage: Stage) -> None:
    _, key = await given_up(stage, is_dead=False)

    refused = await Caller(stage.app, HOLLY).call(API, {"key": key, "reason": "Wrong."})

    assert refused.status == 409
    assert "still being tried" in json.loads(refused.body)["detail"]
