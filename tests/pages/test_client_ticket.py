"""A client's page of one ticket: what it shows and what it keeps back."""

import pytest

from shared.service.files import Upload
from tests.pages.client_site import CASEY, HOLLY, ClientSite, replied

HTML = Upload("note.html", "text/html", b"<script>alert(1)</script>")


async def test_the_page_tells_number_state_severity_and_what_was_sent() -> None:
    site = ClientSite()
    number = (await site.open(fields={"service": "web_portal"})).ticket.number

    page = await site.client.get(site.path(number))

    assert page.status == 200
    for words in (
        number,
        "Sign-in fails",
        "Nobody can sign in.",
        "A member of the support team will read your request",
        "Severity: High",
        "An important function is badly impaired",
        "2 hours of working time",
        "Which service is affected? myTC Account web portal",
        "DevOps number follows in a moment",
    ):
        assert words in page.text


async def test_the_devops_number_is_shown_once_it_is_known() -> None:
    site = ClientSite()
    number = (await site.open()).ticket.number
    await site.app.deliver_all()

    page = await site.client.get(site.path(number))

    mirror = (await site.found(number)).ticket.mirror
    assert mirror
    assert f"DevOps number #{mirror.id}" in page.text


async def test_the_desks_answers_appear_under_the_desks_name() -> None:
    site = ClientSite()
    number = (await site.open()).ticket.number
    await site.staff(number, "move", to="in_planning")
    await site.staff(number, "reply", text="We will triage this request.")

    page = await site.client.get(site.path(number))

    assert "myTC Account Support team" in page.text
    assert "We will triage this request." in page.text
    assert "The support team is on it" in page.text
    assert "Holly" not in page.text


async def test_nothing_internal_is_on_the_page() -> None:
    site = ClientSite()
    number = (await site.open()).ticket.number
    await site.staff(number, "note", HTML, text="INTERNAL the vendor is to blame")
    await site.staff(number, "move", to="in_planning")
    await site.staff(number, "ask_team", message="INTERNAL urgent")
    await site.staff(number, "opine", opinion="not_our_problem", comment="INTERNAL no idea")
    await site.staff(number, "assign", assignee="sam.okafor@mytc.example")

    page = await site.client.get(site.path(number))

    for secret in ("INTERNAL", "sam.okafor", HOLLY, "note.html", "in_planning", "Sam Okafor"):
        assert secret not in page.body


async def test_what_people_write_is_text_and_not_markup() -> None:
    site = ClientSite()
    payload = "<img src=x onerror=alert(1)> javascript:alert(1) https://ok.example/?a=1&b=2"
    number = (await site.open(title=payload, description=payload, name=payload)).ticket.number
    await site.staff(number, "reply", text=payload)

    page = await site.client.get(site.path(number))

    assert "<img" not in page.body
    links = [a.attrs["href"] for a in page.doc.all("a")]
    assert "https://ok.example/?a=1&b=2" in links
    assert not any(link.startswith("javascript:") for link in links)


async def test_the_page_speaks_the_requests_language_unless_another_is_picked() -> None:
    site = ClientSite()
    number = (await site.open(language="fr")).ticket.number

    french = await site.client.get(site.path(number), accept_language="en")
    english = await site.client.get(f"{site.path(number)}?lang=en")

    assert "Gravité : Élevée" in french.text
    assert french.doc.all("html")[0].attrs["lang"] == "fr"
    assert "Severity: High" in english.text


@pytest.mark.parametrize("kind", ["forged", "cut", "expired", "list", "stranger", "unknown"])
async def test_a_link_that_is_no_good_gets_a_page_that_offers_a_new_one(kind: str) -> None:
    site = ClientSite()
    number = (await site.open()).ticket.number
    path = site.path(number)
    paths = {
        "forged": path[:-3] + "abc",
        "cut": path[:40],
        "expired": path,
        "list": site.list_path().replace("/my/", "/r/"),
        "stranger": site.path(number, "stranger@client.example"),
        "unknown": site.path("MYTC-4711"),
    }
    if kind == "expired":
        site.app.clock.advance(days=91)

    page = await site.client.get(paths[kind])

    assert page.status == 404
    assert "Sign-in fails" not in page.text
    (form,) = page.doc.all("form")
    assert form.attrs["action"] == "/my"
    assert not [link for link in page.doc.all("a") if paths[kind] in link.attrs["href"]]


async def test_somebody_who_no_longer_follows_is_let_in_no_more() -> None:
    site = ClientSite()
    number = (await site.open()).ticket.number
    await site.staff(number, "watch", email="kim@client.example")
    path = site.path(number, "kim@client.example")
    let_in = await site.client.get(path)
    await site.staff(number, "unwatch", email="kim@client.example")

    assert let_in.status == 200
    assert (await site.client.get(path)).status == 404


async def test_files_of_work_notes_stay_inside() -> None:
    site = ClientSite()
    number = (await site.open()).ticket.number
    loaded = await site.staff(number, "note", HTML, text="internal")
    (attachment,) = loaded.ticket.attachments

    page = await site.client.get(f"{site.path(number)}/attachments/{attachment.id}")

    assert page.status == 404
    assert "alert(1)" not in page.body


async def test_addresses_and_tokens_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    site = ClientSite()
    number = (await site.open()).ticket.number
    caplog.set_level("DEBUG")

    await replied(site, site.path(number), "Any news?")
    await site.client.get(site.path(number)[:-2])

    assert CASEY not in caplog.text
    assert site.path(number) not in caplog.text
