"""The portal, the page for addresses that lead nowhere, and the language of client pages."""

from dataclasses import replace

import pytest

from shared.context import use_app
from shared.render.client_words import all_words, preferred, told
from tests.support.app import MemoryApp, memory_app
from tests.support.page_client import PageClient


def client_of(app: MemoryApp) -> PageClient:
    use_app(app.app)
    return PageClient(app)


def with_forms_at(base: str) -> PageClient:
    app = memory_app()
    app.app = replace(app.app, settings=replace(app.app.settings, form_urls=base))
    return client_of(app)


async def test_the_portal_leads_to_the_built_in_form_of_each_desk() -> None:
    page = await client_of(memory_app()).get("/")

    links = [a for a in page.doc.all("a") if a.text == "Submit Request"]
    assert {a.attrs["href"] for a in links} == {"/request/mytc", "/request/door"}
    assert "myTC Account" in page.text
    assert page.doc.all("a", href="/my")
    assert "Microsoft" not in page.text


async def test_a_configured_microsoft_form_goes_first_with_the_built_in_form_beside_it() -> None:
    page = await with_forms_at("https://forms.example/f/").get("/")

    links = [a.attrs["href"] for a in page.doc.all("a") if a.text == "Submit Request"]
    assert "https://forms.example/f/mytc" in links
    assert page.doc.all("a", href="/request/mytc")


async def test_a_forms_own_address_wins_over_the_common_one() -> None:
    app = memory_app()
    desk = app.deps.desks["mytc"]
    form = desk.forms[0].model_copy(update={"microsoft_form_url": "https://forms.example/own"})
    desks = {"mytc": desk.model_copy(update={"forms": (form,)})}
    settings = replace(app.app.settings, form_urls="https://forms.example/f")
    app.app = replace(app.app, settings=settings, deps=replace(app.deps, desks=desks))

    page = await client_of(app).get("/")

    (link,) = (a for a in page.doc.all("a") if a.text == "Submit Request")
    assert link.attrs["href"] == "https://forms.example/own"


async def test_a_desk_without_a_form_gives_its_mail_address() -> None:
    app = memory_app()
    desks = {"mytc": app.deps.desks["mytc"].model_copy(update={"forms": ()})}
    app.app = replace(app.app, deps=replace(app.deps, desks=desks))
    client = client_of(app)

    page = await client.get("/")

    assert "support@mytc.example" in page.text
    assert not [a for a in page.doc.all("a") if a.text == "Submit Request"]
    assert (await client.get("/request/mytc")).status == 404


async def test_the_language_in_the_address_wins_over_the_browsers() -> None:
    client = client_of(memory_app())

    french = await client.get("/?lang=fr", accept_language="en-CA")
    english = await client.get("/", accept_language="en-CA,fr;q=0.5")

    assert french.doc.all("html")[0].attrs["lang"] == "fr"
    assert "Soumettre une demande" in french.text
    assert french.doc.all("a", href="/my?lang=fr"), "a chosen language goes along"
    assert english.doc.all("a", href="/?lang=fr"), "the other language is one click away"


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("fr-CA,fr;q=0.9,en;q=0.8", "fr"),
        ("de,en;q=0.3,fr;q=0.7", "fr"),
        ("en;q=0,fr;q=0.1", "fr"),
        ("en, fr", "en"),
        ("de", None),
        ("", None),
        ("fr;q=0", None),
        ("fr;q=much, ;;;,=", None),
    ],
)
def test_the_browsers_preference_is_read_by_weight_then_order(
    header: str, language: str | None
) -> None:
    assert preferred(header) == language


async def test_a_desk_without_french_shows_its_card_and_form_in_english() -> None:
    client = client_of(memory_app())

    portal = await client.get("/?lang=fr")
    form = await client.get("/request/door?lang=fr")

    (card,) = (s for s in portal.doc.all("section") if "Door Support" in s.text)
    assert card.attrs["lang"] == "en"
    assert form.doc.all("html")[0].attrs["lang"] == "en"


@pytest.mark.parametrize("path", ["/nothing", "/request/nodesk", "/request", "/static/nothing.css"])
async def test_an_address_that_leads_nowhere_gets_a_page_that_says_so(path: str) -> None:
    page = await client_of(memory_app()).get(path)

    assert page.status == 404
    assert page.doc.all("a", href="/")


async def test_an_unknown_address_of_the_api_gets_problem_details() -> None:
    page = await client_of(memory_app()).get("/api/nothing")

    assert page.status == 404
    assert page.headers.get("content-type", "") == "" or "html" not in page.headers["content-type"]
    assert '"status": 404' in page.body


async def test_pages_with_tokens_and_without_forms_send_no_referrer() -> None:
    client = client_of(memory_app())

    assert (await client.get("/")).headers["referrer-policy"] == "no-referrer"
    # A form's own origin has to reach us, or it would be refused.
    assert (await client.get("/my")).headers["referrer-policy"] == "same-origin"


def test_every_text_is_there_in_both_languages_with_the_same_gaps() -> None:
    for key, texts in all_words().items():
        assert set(texts) == {"en", "fr"}, key
        assert texts["en"].count("%s") == texts["fr"].count("%s"), key


@pytest.mark.parametrize(
    "message",
    [
        "this answer is needed",
        "attach at least one file",
        "give one answer only",
        "shorten this to 120 characters (now 130)",
        "'x' is no option here; choose one of: Production, Test",
        "give a date as YYYY-MM-DD",
        "give an e-mail address such as name@example.org",
        "say who is asking: an e-mail address is needed",
        "give an address as name@example.org",
        "the form request has no such field",
        "attach at most 10 files",
        "attach at most 25 MB in all",
        "screen.png is larger than 10 MB",
        "send at most 30 MB",
    ],
)
def test_a_rules_message_is_said_in_french_too(message: str) -> None:
    english, french = told(message, "en"), told(message, "fr")

    assert english.rstrip(".").lower() == message.lower()
    assert french != english
    assert french.endswith(".")
