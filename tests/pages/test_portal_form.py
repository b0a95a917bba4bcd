"""The built-in form: what it asks, what it refuses, and that nothing typed gets lost."""

from dataclasses import replace
from html import escape

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.context import use_app
from shared.domain.answers import clean
from shared.domain.errors import Unavailable, Unknown
from shared.service import reads
from shared.service.layout import Loaded
from tests.support.app import MemoryApp, memory_app
from tests.support.page_client import Element, Page, PageClient, filled

CASEY = "casey@client.example"
ISSUE = {
    "type": "production_issue",
    "environment": "production",
    "service": "web_portal",
    "title": "Sign-in fails with error 500",
    "description": "Since this morning nobody can sign in.",
    "since": "2026-11-20",
    "impact": "high",
    "requester_name": "Casey Lee",
    "requester_email": CASEY,
}


class Visitor:
    """A client with a browser."""

    def __init__(self, app: MemoryApp | None = None, email: str = "") -> None:
        self.app = app or memory_app()
        use_app(self.app.app)
        self.client = PageClient(self.app, email)

    async def form(self, url: str = "/request/mytc") -> Element:
        return the_form(await self.client.get(url))

    async def requests(self, email: str = CASEY, desk: str = "mytc") -> list[Loaded]:
        return await reads.own_requests(self.app.deps, self.app.deps.desks[desk], email)


def the_form(page: Page) -> Element:
    (form,) = page.doc.all("form")
    return form


def mistakes(page: Page) -> dict[str, str]:
    """The summary: anchor -> what it says."""
    (box,) = (e for e in page.doc.all("div", role="alert"))
    return {a.attrs["href"].removeprefix("#q-"): li.text
            for li in box.all("li") for a in li.all("a")}  # fmt: skip


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


async def test_a_double_click_makes_one_ticket() -> None:
    visitor = Visitor()
    form = await visitor.form()

    first = await visitor.client.submit(form, **ISSUE)
    second = await visitor.client.submit(form, **ISSUE)

    assert (await visitor.client.follow(first)).text == (await visitor.client.follow(second)).text
    assert len(await visitor.requests()) == 1


async def test_a_page_gone_back_to_and_changed_makes_another_request() -> None:
    visitor = Visitor()
    form = await visitor.form()

    await visitor.client.submit(form, **ISSUE)
    await visitor.client.submit(form, **{**ISSUE, "title": "Something else is broken too"})

    assert len(await visitor.requests()) == 2


async def test_each_rendered_form_has_a_key_of_its_own() -> None:
    visitor = Visitor()

    await visitor.client.submit(await visitor.form(), **ISSUE)
    await visitor.client.submit(await visitor.form(), **ISSUE)

    assert len(await visitor.requests()) == 2


async def test_a_filled_trap_is_refused_kindly_and_the_next_try_works() -> None:
    visitor = Visitor()
    form = await visitor.form()

    page = await visitor.client.submit(form, **ISSUE, **{"your-website": "https://spam.example"})

    assert page.status == 422
    assert "Please send it once more" in page.text
    assert not await visitor.requests()
    again = the_form(page)
    assert dict(filled(again))["title"] == ISSUE["title"]
    assert (await visitor.client.submit(again)).status == 303


async def test_files_are_stored_with_the_request() -> None:
    visitor = Visitor()
    form = await visitor.form()

    page = await visitor.client.upload(
        form, "attachments", ("../../<b>evil</b>.html", b"<script>alert(1)</script>"), **ISSUE
    )

    assert page.status == 303
    (loaded,) = await visitor.requests()
    (attachment,) = loaded.ticket.attachments
    assert attachment.name == "b_.html"
    assert attachment.public
    shown = await visitor.client.follow(page)
    link = next(a for a in shown.doc.all("a") if "/attachments/" in a.attrs.get("href", ""))
    served = await visitor.client.get(link.attrs["href"])
    assert served.body == "<script>alert(1)</script>"
    assert served.headers["content-disposition"].startswith("attachment")
    assert "sandbox" in served.headers["content-security-policy"]


async def test_a_file_that_is_too_large_is_named_and_the_texts_stay() -> None:
    visitor = Visitor()
    form = await visitor.form()

    page = await visitor.client.upload(form, "attachments", ("a.bin", b"x" * 10_000_001), **ISSUE)

    assert page.status == 422
    assert "a.bin is larger than 10 MB" in mistakes(page)["attachments"]
    assert "choose your files again" in page.text
    assert dict(filled(the_form(page)))["title"] == ISSUE["title"]
    assert not await visitor.requests()


async def test_even_beyond_the_bodys_limit_the_texts_come_back() -> None:
    visitor = Visitor()
    form = await visitor.form()

    page = await visitor.client.upload(form, "attachments", ("a.bin", b"x" * 30_000_001), **ISSUE)

    assert page.status == 422
    assert "Send at most 30 MB" in mistakes(page)["attachments"]
    assert dict(filled(the_form(page)))["description"] == ISSUE["description"]


async def test_a_file_for_a_field_that_takes_none_is_refused() -> None:
    visitor = Visitor()
    form = await visitor.form()

    page = await visitor.client.upload(form, "payload", ("a.txt", b"x"), **ISSUE)

    assert page.status == 422
    assert "payload: The form request has no such field." in page.text


@pytest.mark.parametrize("failure", [Unavailable("away"), Unknown("lost")])
async def test_when_storage_is_away_nothing_typed_is_lost_and_sending_again_works(
    failure: Exception,
) -> None:
    away = True

    def on_call(name: str) -> None:
        if away and name == "table.commit":
            raise failure

    visitor = Visitor(memory_app(on_call))
    form = await visitor.form()

    page = await visitor.client.submit(form, **ISSUE)
    away = False
    again = await visitor.client.submit(the_form(page))

    assert page.status == 503
    assert page.headers["retry-after"]
    assert "could not take your request just now" in page.text
    assert again.status == 303
    assert len(await visitor.requests()) == 1


async def test_another_sites_form_is_refused() -> None:
    visitor = Visitor()
    values = [*filled(await visitor.form()), *ISSUE.items()]

    page = await visitor.client.post("/request/mytc", values, origin="https://evil.example")

    assert page.status == 403
    assert not await visitor.requests()


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
