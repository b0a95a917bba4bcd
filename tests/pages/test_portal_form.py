"""The built-in form: what it asks, what it refuses, and that nothing typed gets lost."""

from dataclasses import replace
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.domain.answers import clean
from tests.pages.visitor import CASEY, ISSUE, Visitor, mistakes, the_form
from tests.support.app import memory_app
from tests.support.page_client import Element, filled


async def test_a_filled_form_becomes_a_ticket_and_leads_to_its_page() -> None:
    visitor = Visitor()

    page = await visitor.client.submit(await visitor.form(), **ISSUE, steps="1. sign in\r\n2. see")

    assert page.status == 303
    shown = await visitor.client.follow(page)
    (loaded,) = await visitor.requests()
    ticket = loaded.ticket
    assert ticket.number in shown.text
    assert "We have your request" in shown.text
    assert (ticket.source, ticket.type, ticket.severity) == ("portal", "production_issue", "high")
    assert ticket.requester.name == "Casey Lee"
    assert ticket.fields["steps"] == "1. sign in\n2. see"
    assert ticket.language == "en"


async def test_the_confirmation_mail_goes_to_the_requester() -> None:
    visitor = Visitor()

    await visitor.client.submit(await visitor.form(), **ISSUE)
    await visitor.app.deliver_all()

    to = [address for mail in visitor.app.vendors.mail.sent.values() for address, _ in mail.to]
    assert CASEY in to


async def test_a_french_form_makes_a_french_ticket() -> None:
    visitor = Visitor()
    form = await visitor.form("/request/mytc?lang=fr")

    page = await visitor.client.submit(form, **ISSUE)

    (loaded,) = await visitor.requests()
    assert loaded.ticket.language == "fr"
    assert "Nous avons reçu votre demande" in (await visitor.client.follow(page)).text


async def test_a_title_that_nobody_can_see_is_a_missing_one() -> None:
    visitor = Visitor()

    page = await visitor.client.submit(await visitor.form(), **ISSUE | {"title": "\u200b\u2060"})

    assert page.status == 422
    assert "title" in mistakes(page)


async def test_every_missing_answer_is_named_at_its_question_and_in_the_summary() -> None:
    visitor = Visitor()

    page = await visitor.client.submit(await visitor.form())

    assert page.status == 422
    assert set(mistakes(page)) == {
        "type-production_issue",
        "service-web_portal",
        "title",
        "description",
        "requester_email",
    }
    field = page.doc.by_id("q-title")
    assert field.attrs["aria-invalid"] == "true"
    assert page.doc.by_id(field.attrs["aria-describedby"].split()[-1]).text.endswith("is needed.")
    assert page.doc.all("title")[0].text.startswith("Error: ")
    assert not await visitor.requests()
    assert not visitor.app.bell.messages


async def test_mistakes_are_told_in_french_on_a_french_page() -> None:
    visitor = Visitor()

    page = await visitor.client.submit(await visitor.form("/request/mytc?lang=fr"))

    assert "Cette réponse est nécessaire." in page.text
    assert "needed" not in page.text


@pytest.mark.parametrize(
    ("field", "value", "anchor", "says"),
    [
        ("since", "20/11/2026", "since", "YYYY-MM-DD"),
        ("since", "2026-02-30", "since", "YYYY-MM-DD"),
        ("since", "2026-11-25", "since", "still to come; give today or an earlier date"),
        ("requester_email", "casey", "requester_email", "name@example.org"),
        ("requester_email", "a@b@c.example", "requester_email", "name@example.org"),
        ("title", "x" * 121, "title", "120 characters"),
        ("type", "invented", "type-production_issue", "is no option here"),
        ("impact", "'; DROP TABLE", "impact-critical", "is no option here"),
    ],
)
async def test_a_wrong_answer_is_named_with_its_mend(
    field: str, value: str, anchor: str, says: str
) -> None:
    visitor = Visitor()

    page = await visitor.client.submit(await visitor.form(), **{**ISSUE, field: value})

    assert page.status == 422
    assert says in mistakes(page)[anchor]
    assert not await visitor.requests()


async def test_a_day_that_is_still_to_come_is_refused_in_french_too() -> None:
    visitor = Visitor()
    form = await visitor.form("/request/mytc?lang=fr")

    page = await visitor.client.submit(form, **ISSUE | {"since": "2026-11-25"})

    assert "donnez la date d’aujourd’hui ou une date antérieure" in mistakes(page)["since"]


async def test_a_day_that_is_today_somewhere_is_taken() -> None:
    visitor = Visitor()

    page = await visitor.client.submit(await visitor.form(), **ISSUE | {"since": "2026-11-24"})

    assert page.status == 303


async def test_two_answers_to_one_question_and_unknown_fields_are_refused() -> None:
    visitor = Visitor()
    values = [*filled(await visitor.form()), *ISSUE.items(), ("title", "two"), ("role", "admin")]

    page = await visitor.client.post("/request/mytc", values)

    assert page.status == 422
    assert "role: The form request has no such field." in page.text
    assert not await visitor.requests()


@settings(max_examples=25, deadline=None)
@given(text=st.text(min_size=1, max_size=200))
async def test_whatever_was_typed_comes_back_escaped_and_whole(text: str) -> None:
    visitor = Visitor()
    payload = f"</textarea><script>{text}"

    page = await visitor.client.submit(
        await visitor.form(), description=payload, title='"><img src=x onerror=alert(1)>'
    )

    assert page.status == 422
    assert "<img src=x" not in page.body
    assert "</textarea><script>" not in page.body
    kept = dict(filled(the_form(page)))
    as_sent = clean(payload.encode("utf-8", "replace").decode("utf-8", "replace"))
    assert kept["description"].replace("\r\n", "\n") == as_sent
    assert escape(kept["title"]) in page.body.replace("&#34;", "&quot;")


async def test_questions_that_depend_on_an_answer_carry_their_condition() -> None:
    visitor = Visitor()

    page = await visitor.client.get("/request/mytc")

    group = next(g for g in page.doc.all("div", role="group") if "q-since" in _ids(g))
    assert group.attrs["data-field"] == "type"
    assert group.attrs["data-options"].split() == ["production_issue", "non_production_issue"]
    condition = page.doc.by_id(group.attrs["aria-labelledby"]).text
    assert "Answer only if “What is your request about?” is: “A problem in production" in condition


def _ids(element: Element) -> set[str]:
    return {e.attrs["id"] for e in element if "id" in e.attrs}


async def test_an_answer_to_a_question_that_is_not_asked_does_not_count() -> None:
    visitor = Visitor()
    leftovers = {**ISSUE, "type": "question", "since": "nonsense", "impact": "critical"}

    page = await visitor.client.submit(await visitor.form(), **leftovers)

    assert page.status == 303
    (loaded,) = await visitor.requests()
    assert loaded.ticket.severity == "medium"
    assert "since" not in loaded.ticket.fields


async def test_questions_that_the_kept_answers_call_for_are_shown_again() -> None:
    visitor = Visitor()

    page = await visitor.client.submit(await visitor.form(), type="production_issue")

    shown = [g for g in page.doc.all("div", role="group") if "unasked" not in g.attrs["class"]]
    assert any("q-since" in _ids(g) for g in shown)
    assert not any("q-service_other" in _ids(g) for g in shown)


async def test_a_signed_in_member_asks_for_a_client_and_follows_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    member = "rui.costa@doorfunds.example"
    visitor = Visitor(email=member)
    values = {"type": "bug", "environment": "production", "impact": "low", "title": "Wrong total",
              "description": "The total is wrong.", "requester_email": CASEY}  # fmt: skip

    form = await visitor.form("/request/door")
    page = await visitor.client.submit(form, **values)

    assert page.status == 303
    (loaded,) = await visitor.requests(desk="door")
    assert loaded.ticket.submitted_by
    assert loaded.ticket.submitted_by.email == member
    assert (await visitor.client.follow(page)).status == 200


async def test_a_signed_in_person_need_not_give_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    visitor = Visitor(email="new@client.example")
    values = {k: v for k, v in ISSUE.items() if not k.startswith("requester")}

    page = await visitor.client.submit(await visitor.form(), **values)

    assert page.status == 303
    assert len(await visitor.requests("new@client.example")) == 1


async def test_a_form_that_asks_for_no_address_is_given_the_question() -> None:
    app = memory_app()
    desk = app.deps.desks["mytc"]
    form = desk.forms[0]
    fields = tuple(f for f in form.fields if not (f.part or "").startswith("requester"))
    bare = desk.model_copy(update={"forms": (form.model_copy(update={"fields": fields}),)})
    app.app = replace(app.app, deps=replace(app.deps, desks={"mytc": bare}))
    visitor = Visitor(app)

    refused = await visitor.client.submit(await visitor.form(), **{**ISSUE, "requester_email": ""})
    taken = await visitor.client.submit(await visitor.form(), **ISSUE)

    assert "requester_email" in mistakes(refused)
    assert taken.status == 303
