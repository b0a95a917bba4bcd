"""A client writes to the desk on the page of a ticket."""

from shared.domain.errors import Unavailable
from tests.pages.client_site import HOLLY, ClientSite, replied, reply_form
from tests.support.app import memory_app
from tests.support.page_client import filled


async def test_a_message_joins_the_conversation_and_the_lead_hears_of_it() -> None:
    site = ClientSite()
    number = (await site.open()).ticket.number
    await site.app.deliver_all()

    page = await replied(site, site.path(number), "It also fails\r\nin the other browser.")
    await site.app.deliver_all()

    assert page.status == 303
    shown = await site.client.follow(page)
    assert "We have your message" in shown.text
    assert "It also fails" in shown.text
    subjects = [m.subject for m in site.app.vendors.mail.sent.values() if m.to[0][0] == HOLLY]
    assert len(subjects) == 2


async def test_a_message_sent_twice_counts_once() -> None:
    site = ClientSite()
    number = (await site.open()).ticket.number
    form = reply_form(await site.client.get(site.path(number)))

    first = await site.client.submit(form, message="Any news?")
    second = await site.client.submit(form, message="Any news?")
    other = await site.client.submit(form, message="And another thing.")

    assert [p.status for p in (first, second, other)] == [303, 303, 303]
    page = await site.client.get(site.path(number))
    assert page.text.count("Any news?") == 1
    assert "And another thing." in page.text


async def test_an_answer_ends_the_wait() -> None:
    site = ClientSite()
    number = (await site.open()).ticket.number
    await site.staff(number, "move", to="in_planning")
    await site.staff(number, "move", to="waiting_for_client")
    waiting = await site.client.get(site.path(number))

    await replied(site, site.path(number), "It was at nine.")

    assert "We need an answer from you" in waiting.text
    assert (await site.found(number)).ticket.state == "in_planning"


async def resolved(site: ClientSite) -> str:
    number = (await site.open()).ticket.number
    await site.staff(number, "move", to="in_planning")
    await site.staff(number, "note", text="Restarted the pool.")
    await site.staff(number, "move", to="resolved")
    return number


async def test_an_answer_within_the_window_takes_the_request_up_again() -> None:
    site = ClientSite()
    number = await resolved(site)

    page = await site.client.get(site.path(number))
    await replied(site, site.path(number), "It fails again.")

    assert "Your message will reopen the request." in page.text
    assert (await site.found(number)).ticket.state == "in_planning"


async def test_an_answer_after_the_window_becomes_a_new_request_that_says_so() -> None:
    site = ClientSite()
    number = await resolved(site)
    site.app.clock.advance(days=20)

    page = await site.client.get(site.path(number))
    sent = await site.client.submit(reply_form(page), message="It fails again.")
    repeated = await site.client.submit(reply_form(page), message="It fails again.")

    assert "Your message becomes a new request" in page.text
    shown = await site.client.follow(sent)
    assert shown.status == 200
    assert "your message became this new request" in shown.text
    assert number not in shown.text
    assert (await site.client.follow(repeated)).text == shown.text


async def test_an_answer_to_a_merged_request_is_added_where_it_goes_on() -> None:
    site = ClientSite()
    old = (await site.open()).ticket.number
    new = (await site.open()).ticket.number
    await site.staff(old, "merge", into=new)

    page = await site.client.get(site.path(old))
    sent = await site.client.submit(reply_form(page), message="More of it.")

    assert f"This request is about the same matter as request {new}" in page.text
    assert f"Open request {new}" in page.text
    shown = await site.client.follow(sent)
    assert "More of it." in shown.text
    assert new in shown.text


async def test_one_who_takes_no_part_where_a_merged_request_goes_on_stays_on_the_page() -> None:
    site = ClientSite()
    old = (await site.open()).ticket.number
    new = (await site.open(email="kim@client.example")).ticket.number
    await site.staff(old, "merge", into=new)
    await site.staff(new, "unwatch", email="casey@client.example")

    sent = await replied(site, site.path(old), "More of it.")

    shown = await site.client.follow(sent)
    assert sent.location.startswith(site.path(old))
    assert f"This request goes on as {new}. Your message was added there." in shown.text


async def test_an_empty_message_is_named() -> None:
    site = ClientSite()
    number = (await site.open()).ticket.number

    page = await replied(site, site.path(number), "  ")

    assert page.status == 422
    assert page.doc.by_id("reply-text").attrs["aria-invalid"] == "true"
    assert "Your message: This answer is needed." in page.text


async def test_a_file_that_is_too_large_leaves_the_message_in_its_box() -> None:
    site = ClientSite()
    number = (await site.open()).ticket.number
    form = reply_form(await site.client.get(site.path(number)))
    large = ("big.bin", b"x" * (10 * 1024 * 1024 + 1))

    page = await site.client.upload(form, "attachments", large, message="See the file.")

    assert page.status == 422
    assert "big.bin is larger than 10 MB" in page.text
    assert dict(filled(reply_form(page)))["message"] == "See the file."


async def test_files_go_along_with_a_message() -> None:
    site = ClientSite()
    number = (await site.open()).ticket.number
    form = reply_form(await site.client.get(site.path(number)))

    page = await site.client.upload(form, "attachments", ("log.txt", b"line"), message="Here.")

    shown = await site.client.follow(page)
    link = next(a for a in shown.doc.all("a") if a.text == "log.txt")
    assert (await site.client.get(link.attrs["href"])).body == "line"


async def test_when_storage_is_away_the_message_stays_and_sending_again_works() -> None:
    away = False

    def on_call(name: str) -> None:
        if away and name == "table.commit":
            raise Unavailable("away")

    site = ClientSite(memory_app(on_call))
    number = (await site.open()).ticket.number
    form = reply_form(await site.client.get(site.path(number)))

    away = True
    page = await site.client.submit(form, message="Any news?")
    away = False
    again = await site.client.submit(reply_form(page))

    assert page.status == 503
    assert again.status == 303
    assert (await site.client.follow(again)).text.count("Any news?") == 1


async def test_a_message_behind_a_dead_link_is_given_back() -> None:
    site = ClientSite()
    number = (await site.open()).ticket.number
    form = reply_form(await site.client.get(site.path(number)))
    site.app.clock.advance(days=91)

    page = await site.client.submit(form, message="A long story.")

    assert page.status == 404
    assert page.doc.by_id("lost").text == "A long story."


async def test_another_sites_message_is_refused() -> None:
    site = ClientSite()
    number = (await site.open()).ticket.number
    form = reply_form(await site.client.get(site.path(number)))

    page = await site.client.post(
        form.attrs["action"], {"message": "hi"}, sec_fetch_site="cross-site"
    )

    assert page.status == 403
    assert (await site.found(number)).ticket.version == 1
