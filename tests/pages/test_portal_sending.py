"""Sending the built-in form: once, with files, through robots' traps and storage that is away."""

import pytest

from shared.domain import commands as cm
from shared.domain.errors import Unavailable
from shared.service.conversation import staff_command
from tests.pages.visitor import CASEY, ISSUE, Visitor, mistakes, the_form
from tests.support.app import memory_app
from tests.support.page_client import filled


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

    page = await visitor.client.upload(
        form, "attachments", ("a.bin", b"x" * (10 * 1024 * 1024 + 1)), **ISSUE
    )

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


async def test_when_storage_is_away_nothing_typed_is_lost_and_sending_again_works() -> None:
    away = True

    def on_call(name: str) -> None:
        if away and name == "table.commit":
            raise Unavailable("away")

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


async def test_who_only_typed_an_address_sees_what_was_sent_and_no_answer() -> None:
    visitor = Visitor()
    sent = await visitor.client.submit(await visitor.form(), **ISSUE)
    (loaded,) = await visitor.requests()
    number = loaded.ticket.number
    lead = visitor.app.actor("holly@mytc.example")
    said = cm.Reply(command="reply", text="Your account was locked.")
    await staff_command(visitor.app.deps, number, said, lead)

    page = await visitor.client.follow(sent)

    assert number in page.text
    assert ISSUE["description"] in page.text
    assert "Your account was locked." not in page.text
    assert f"the link in the confirmation that we mail to {CASEY}" in page.text
    assert not page.doc.all("form")


async def test_who_only_typed_an_address_cannot_write_in_that_name() -> None:
    visitor = Visitor()
    sent = await visitor.client.submit(await visitor.form(), **ISSUE)
    path = sent.location.partition("?")[0]

    refused = await visitor.client.post(f"{path}/reply", {"message": "Close it, please."})

    assert refused.status == 404
    (loaded,) = await visitor.requests()
    assert loaded.ticket.version == 1


async def test_who_only_typed_an_address_is_not_led_to_the_request_it_was_merged_into() -> None:
    visitor = Visitor()
    for _ in range(2):
        sent = await visitor.client.submit(await visitor.form(), **ISSUE)
    old, new = sorted(loaded.ticket.number for loaded in await visitor.requests())
    lead = visitor.app.actor("holly@mytc.example")
    await staff_command(visitor.app.deps, new, cm.Merge(command="merge", into=old), lead)

    page = await visitor.client.follow(sent)

    assert page.status == 200
    own = sent.location.partition("?")[0]
    passes = {a.attrs.get("href", "").partition("?")[0] for a in page.doc.all("a")}
    assert {path for path in passes if path.startswith("/r/")} == {own}


async def test_who_is_signed_in_follows_the_conversation_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEBSITE_AUTH_ENABLED", "True")
    visitor = Visitor(email=CASEY)
    values = {k: v for k, v in ISSUE.items() if not k.startswith("requester")}
    sent = await visitor.client.submit(await visitor.form(), **values)
    assert (await visitor.client.follow(sent)).doc.by_id("reply-text")


async def test_a_form_that_is_gone_back_to_is_found_with_its_key() -> None:
    page = await Visitor().client.get("/request/mytc")
    assert page.headers["cache-control"] == "private, no-cache"
