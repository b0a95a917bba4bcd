"""A client's own requests: the link by mail, and the list behind it."""

import azure.functions as func
import pytest

from functions.mail_workers import look_at_mailbox
from shared.domain.errors import Rejected, Unavailable
from shared.ports import Mail
from tests.pages.client_site import CASEY, ClientSite
from tests.support.app import memory_app
from tests.support.page_client import Page


async def asked_for(site: ClientSite, email: str = CASEY, url: str = "/my") -> Page:
    """The answer, before anybody looked who that is."""
    (form,) = (await site.client.get(url)).doc.all("form")
    return await site.client.submit(form, email=email)


async def asked(site: ClientSite, email: str = CASEY, url: str = "/my") -> Page:
    """The answer; the queue's worker has been at work then."""
    page = await asked_for(site, email, url)
    for message in messages(site):
        await look_at_mailbox(message)
    return page


def messages(site: ClientSite, tries: int = 1) -> list[func.QueueMessage]:
    """What waits in the queue, taken off it."""
    found = [rung.message for rung in site.app.mail_bell.messages]
    site.app.mail_bell.messages.clear()
    return [Message(body, tries) for body in found]


class Message(func.QueueMessage):
    """A queue's message that was taken up so many times."""

    def __init__(self, body: str, tries: int) -> None:
        super().__init__(body=body)
        self._tries = tries

    @property
    def dequeue_count(self) -> int:
        return self._tries


def mails(site: ClientSite) -> list[Mail]:
    return list(site.app.vendors.mail.sent.values())


def link_of(mail: Mail) -> str:
    (line,) = (line for line in mail.text.splitlines() if line.startswith("http"))
    return line.removeprefix("http://docket.test")


async def test_a_known_person_is_mailed_a_link_to_all_their_requests() -> None:
    site = ClientSite()
    first = (await site.open()).ticket.number
    second = (await site.open("door", title="Wrong total")).ticket.number
    await site.open(email="other@client.example", title="Not mine")

    await asked(site, f"  {CASEY.upper()} ")
    (mail,) = mails(site)
    page = await site.client.get(link_of(mail))

    assert mail.to == ((CASEY, ""),)
    assert link_of(mail) in mail.html
    assert ("Auto-Submitted", "auto-generated") in mail.headers
    for words in (first, second, "Sign-in fails", "Wrong total", "Open (2)", "New"):
        assert words in page.text
    assert "Not mine" not in page.text


async def test_each_request_of_the_list_opens() -> None:
    site = ClientSite()
    number = (await site.open()).ticket.number

    page = await site.client.get(f"{site.list_path()}?lang=fr")

    link = next(a for a in page.doc.all("a") if a.text == "Sign-in fails")
    opened = await site.client.get(link.attrs["href"])
    assert number in opened.text
    assert opened.doc.all("html")[0].attrs["lang"] == "fr"


async def test_ended_requests_stand_apart() -> None:
    site = ClientSite()
    number = (await site.open()).ticket.number
    await site.staff(number, "move", to="in_planning")
    await site.staff(number, "note", text="done")
    await site.staff(number, "move", to="resolved")

    page = await site.client.get(site.list_path())

    assert "Ended (1)" in page.text
    assert "Resolved" in page.text


async def test_a_list_without_requests_says_so() -> None:
    page = await ClientSite().client.get(ClientSite().list_path())

    assert page.status == 200
    assert "no requests from this address" in page.text


async def test_the_answer_is_the_same_for_an_address_that_nobody_knows() -> None:
    site = ClientSite()
    await site.open()

    known, unknown = await asked(site), await asked(site, "nobody@client.example")

    assert (
        (known.status, known.location) == (unknown.status, unknown.location) == (303, "/my?sent=1")
    )
    assert "If we know this address" in (await site.client.follow(known)).text
    assert len(mails(site)) == 1


async def test_until_the_answer_nobody_looks_whether_the_address_is_known() -> None:
    site = ClientSite()
    await site.open()
    calls: list[list[str]] = []
    for email in (CASEY, "nobody@client.example"):
        (form,) = (await site.client.get("/my")).doc.all("form")
        before = len(site.app.calls)
        await site.client.submit(form, email=email)
        calls.append(site.app.calls[before:])

    assert calls == [["queue.put"], ["queue.put"]]
    assert not mails(site)


async def test_the_queue_holds_no_address() -> None:
    site = ClientSite()
    await site.open()

    await asked_for(site)

    (rung,) = site.app.mail_bell.messages
    assert "@" not in rung.message


@pytest.mark.parametrize("email", [CASEY, "nobody@client.example"])
async def test_an_away_queue_is_told_to_everybody_alike(email: str) -> None:
    def away(call: str) -> None:
        if call == "queue.put":
            raise Unavailable("queue.put: 503")

    site = ClientSite(memory_app(away))
    await site.open()

    page = await asked_for(site, email)

    assert (page.status, page.headers["retry-after"]) == (503, "5")
    assert "Please try again in a moment." in page.text


async def test_one_mail_in_five_minutes_goes_to_an_address() -> None:
    site = ClientSite()
    await site.open()

    pages = [await asked(site), await asked(site)]
    site.app.clock.advance(minutes=5)
    await asked(site)

    assert {page.location for page in pages} == {"/my?sent=1"}
    assert len(mails(site)) == 2


async def test_a_stranger_leaves_nothing_in_storage() -> None:
    site = ClientSite()
    before = site.app.calls.count("table.commit")

    await asked(site, "nobody@client.example")

    assert site.app.calls.count("table.commit") == before


async def test_while_the_mail_service_is_away_the_queue_tries_again_and_one_mail_goes() -> None:
    site = ClientSite()
    await site.open()
    site.app.vendors.mail.failing.append(Unavailable("away"))

    await asked_for(site)
    [body] = [rung.message for rung in site.app.mail_bell.messages]
    with pytest.raises(Unavailable):
        await look_at_mailbox(Message(body, 1))
    await look_at_mailbox(Message(body, 2))
    await look_at_mailbox(Message(body, 3))

    assert len(mails(site)) == 1


async def test_a_mail_that_is_refused_for_good_is_not_asked_for_again() -> None:
    site = ClientSite()
    await site.open()
    site.app.vendors.mail.failing.append(Rejected("no such mailbox"))

    assert (await asked(site)).status == 303
    assert (await asked(site)).status == 303
    assert not mails(site)


@pytest.mark.parametrize(
    "email", ["", "casey", "a@b", "<script>@x.example", "x" * 300 + "@y.example"]
)
async def test_an_address_that_is_none_is_named(email: str) -> None:
    page = await asked(ClientSite(), email)

    assert page.status == 422
    assert page.doc.by_id("email").attrs["aria-invalid"] == "true"
    assert "name@example.org" in page.text
    assert "<script>@" not in page.body


async def test_the_mail_speaks_the_language_of_the_page() -> None:
    site = ClientSite()
    await site.open()

    await asked(site, url="/my?lang=fr")

    (mail,) = mails(site)
    assert mail.subject == "Vos demandes auprès de myTC Account"
    assert "Ouvrir mes demandes" in mail.html


@pytest.mark.parametrize("kind", ["forged", "expired", "ticket"])
async def test_a_link_to_a_list_that_is_no_good_offers_a_new_one(kind: str) -> None:
    site = ClientSite()
    number = (await site.open()).ticket.number
    path = site.list_path()
    if kind == "expired":
        site.app.clock.advance(hours=25)
    paths = {"forged": f"{path[:-3]}abc", "expired": path,
             "ticket": site.path(number).replace("/r/", "/my/")}  # fmt: skip

    page = await site.client.get(paths[kind])

    assert page.status == 404
    assert page.doc.all("form", action="/my")
    assert "Sign-in fails" not in page.text


async def test_another_site_cannot_make_us_mail() -> None:
    site = ClientSite()
    await site.open()

    page = await site.client.post("/my", {"email": CASEY}, origin="null")

    assert page.status == 403
    assert not mails(site)
