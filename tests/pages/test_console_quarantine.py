"""What waits in quarantine is announced on every page, and told in words."""

from __future__ import annotations

import json

from shared.domain.errors import FieldError
from shared.service import quarantine
from shared.service.quarantine import Kept
from tests.pages.console_stage import HOLLY, SAM, Stage
from tests.support.page_client import Page

UNKNOWN = "r5f0c1d2e3a4b5c6d7e8f9a0b1c2d3e4f"


async def kept(stage: Stage, source: str, content: bytes, *errors: FieldError) -> None:
    form = "request" if source == "form" else ""
    what = Kept.model_validate(
        {"source": source, "form": form, "at": stage.app.clock.now(), "reason": "no sender"}
    )
    desk = stage.app.deps.desks["mytc"]
    await quarantine.keep(stage.app.deps, desk, what, content, errors)


async def test_the_banner_says_how_much_waits_in_quarantine_and_leads_there(stage: Stage) -> None:
    await kept(stage, "mail", b"one")
    one = await stage.as_(HOLLY).get("/desk/mytc/undelivered/banner")
    for n in range(9):
        await kept(stage, "mail", b"more %d" % n)
    ten = await stage.as_(HOLLY).get("/desk/mytc/undelivered/banner")

    assert "1 request or mail waits in quarantine" in one.text
    assert "9+ requests or mails wait in quarantine" in ten.text
    assert one.doc.all("a", href="/desk/mytc/quarantine")


async def test_a_kept_form_response_shows_sender_title_and_the_unknown_questions_answer(
    stage: Stage,
) -> None:
    form = stage.app.deps.desks["mytc"].forms[0]
    ids = {f.id: f.question_id for f in form.fields}
    response = {
        "responder": "kate@client.example",
        ids["title"]: "Times are old",
        UNKNOWN: "Halifax",
    }
    body = json.dumps({"responseId": "1", "response": response}).encode()
    wrong = (FieldError(UNKNOWN, "no field has this"), FieldError("type", "this answer is needed"))
    await kept(stage, "form", body, *wrong)

    page = await stage.as_(HOLLY).get("/desk/mytc/quarantine")

    (entry,) = [li for li in page.doc.all("li") if "card" in li.attrs.get("class", "")]
    told = entry.text.partition("As it came in")[0]
    assert "Times are old" in told
    assert "from kate@client.example" in told
    assert "a question that Docket does not know. It was answered with “Halifax”." in told
    assert "“What is your request about?”: this answer is needed" in told
    assert UNKNOWN not in told


async def test_a_kept_mail_shows_its_sender_and_subject(stage: Stage) -> None:
    await kept(stage, "mail", b"From: Kate <kate@client.example>\r\nSubject: Hello\r\n\r\nHi")

    page = await stage.as_(HOLLY).get("/desk/mytc/quarantine")

    assert next(h.text for h in page.doc.all("h2")) == "Hello"
    assert "Mail from kate@client.example" in page.text


async def test_what_is_no_mail_at_all_is_shown_all_the_same(stage: Stage) -> None:
    await kept(stage, "mail", bytes(range(128, 256)))

    page = await stage.as_(HOLLY).get("/desk/mytc/quarantine")

    assert "Mail without a subject" in page.text
    assert "from an unknown sender" in page.text
    assert "no sender" in page.text


QUARANTINE, TAKE_IN = "/desk/mytc/quarantine", "/desk/mytc/quarantine/take-in"


async def put_aside(stage: Stage, sender: str = "Kate <kate@client.example>") -> None:
    mail = f"From: {sender}\r\nSubject: Hello\r\nMessage-ID: <k@client.example>\r\n\r\nHelp."
    await kept(stage, "mail", mail.encode())


async def take_in(stage: Stage, **typed: str) -> Page:
    """What the page's one button for it leads to."""
    sam = stage.as_(SAM)
    [form] = (await sam.get(QUARANTINE)).doc.all("form", action=TAKE_IN)
    return await sam.submit(form, **typed)


async def test_a_mail_is_taken_in_and_the_page_leads_to_its_ticket(stage: Stage) -> None:
    await put_aside(stage)

    page = await stage.as_(SAM).follow(await take_in(stage))

    assert "The mail is on MYTC-1 now." in page.text
    assert page.doc.all("a", href="/desk/mytc/tickets/MYTC-1")
    assert "Nothing is in quarantine." in page.text
    assert (await stage.ticket("MYTC-1")).requester.email == "kate@client.example"


async def test_a_sender_who_cannot_be_answered_asks_for_another_address(stage: Stage) -> None:
    await put_aside(stage, "Kate <käte@client.example>")

    refused = await take_in(stage, answer_to=SAM)
    taken = await take_in(stage, answer_to="kate@client.example")

    assert refused.status == 422
    assert "give the address of the client" in refused.text
    [field] = refused.doc.all("input", name="answer_to")
    assert field.attrs["value"] == SAM
    assert taken.status == 303
    assert (await stage.ticket("MYTC-1")).requester.email == "kate@client.example"


async def test_what_is_no_mail_says_why_it_is_not_taken_in(stage: Stage) -> None:
    await kept(stage, "mail", bytes(range(128, 256)))

    page = await take_in(stage, answer_to="kate@client.example")

    assert page.status == 409
    assert "It cannot be taken in: the mail has no header." in page.text


async def test_a_second_click_leads_to_the_same_ticket(stage: Stage) -> None:
    await put_aside(stage)
    sam = stage.as_(SAM)
    [form] = (await sam.get(QUARANTINE)).doc.all("form", action=TAKE_IN)

    places = [(await sam.submit(form)).location for _ in range(2)]

    assert places == [f"{QUARANTINE}?taken=MYTC-1"] * 2


async def test_the_page_names_no_ticket_but_the_desks_own(stage: Stage) -> None:
    page = await stage.as_(SAM).get(f"{QUARANTINE}?taken=DOOR-1")
    assert "DOOR-1" not in page.text
