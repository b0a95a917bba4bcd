"""What each person of the myTC story does in their browser, step by step."""

from __future__ import annotations

import re

from playwright.sync_api import FilePayload, Locator, Page, expect

from tests.browser.visitor import Visitor

PROMISE = "we will triage this request and reach out as soon as we have an assessment"
PICTURE: FilePayload = {
    "name": "screen.png",
    "mimeType": "image/png",
    "buffer": b"\x89PNG\r\n\x1a\n" + bytes(64),
}
NUMBER = re.compile(r"MYTC-\d+")


def panel(page: Page, name: str) -> Locator:
    """A part of the ticket page, by its id."""
    return page.locator(f"#{name}")


def client_fills_in_the_form(client: Visitor, address: str) -> str:
    """From the portal to the confirmation; the ticket's number."""
    page = client.page
    page.goto("/")
    desk = page.get_by_role("region", name="myTC Account")
    expect(desk.get_by_role("link", name="Submit Request")).to_have_attribute(
        "href", re.compile("/forms/mytc")
    )
    desk.get_by_role("link", name="Use the form without Microsoft Forms").click()
    _answer_what_depends(page)
    page.get_by_label("Your request in one line").fill("Sign-in fails with error 500")
    page.get_by_label("Describe your request").fill("Since this morning nobody can sign in.")
    page.get_by_label("Since when?").fill("2026-11-20")
    page.get_by_role("radio", name="High: an important function").check()
    page.get_by_label("Your name").fill("Casey Lee")
    page.get_by_label("Your e-mail address").fill(address)
    page.get_by_label("Screenshots or files").set_input_files(PICTURE)
    page.get_by_role("button", name="Submit request").click()
    banner = page.get_by_role("status").filter(has_text="We have your request")
    expect(banner).to_contain_text(NUMBER)
    found = NUMBER.search(banner.inner_text())
    assert found
    expect(page.get_by_role("link", name="screen.png").first).to_be_visible()
    return found[0]


def _answer_what_depends(page: Page) -> None:
    since, which = page.get_by_label("Since when?"), page.get_by_label("Which one?")
    expect(since).to_be_hidden()
    page.get_by_role("radio", name="A problem in production (the live service)").check()
    expect(since).to_be_visible()
    page.get_by_role("radio", name="Production", exact=True).check()
    expect(which).to_be_hidden()
    page.get_by_role("radio", name="Something else").check()
    expect(which).to_be_visible()
    page.get_by_role("radio", name="myTC Account web portal").check()
    expect(which).to_be_hidden()


def client_fills_in_the_microsoft_form(client: Visitor, address: str) -> None:
    """From the portal to the tenant's form, signed in there."""
    page = client.page
    page.goto("/")
    desk = page.get_by_role("region", name="myTC Account")
    form = desk.get_by_role("link", name="Submit Request").get_attribute("href")
    page.goto(f"{form}?as={address}")
    page.get_by_role("radio", name="A problem in production (the live service)").check()
    page.get_by_role("radio", name="Production", exact=True).check()
    page.get_by_role("radio", name="myTC Account web portal").check()
    page.get_by_label("Your request in one line").fill("Sign-in fails with error 500")
    page.get_by_label("Describe your request").fill("Since this morning nobody can sign in.")
    page.get_by_label("Since when?").fill("2026-11-20")
    page.get_by_role("radio", name="High: an important function").check()
    page.get_by_label("Screenshots or files").set_input_files(PICTURE)
    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("status")).to_contain_text("Thank you")


def lead_opens_it_from_the_mail(lead: Visitor, email: str, number: str) -> None:
    """The mail's button leads over the sign-in to the ticket."""
    mail = lead.open_mail(email, number, "[PRODUCTION]")
    expect(mail.get_by_text("PRODUCTION", exact=True)).to_be_visible()
    lead.follow(mail.get_by_role("link", name=f"Open {number}"))
    lead.choose(email)
    expect(lead.page.locator("#head")).to_contain_text(number)
    expect(lead.page.locator("#head .badge.production")).to_be_visible()


def lead_finds_it_in_the_list(lead: Visitor, number: str) -> None:
    """The open list shows it as a production issue."""
    page = lead.page
    page.get_by_role("link", name="Tickets").first.click()
    page.get_by_label("Search").fill(number)
    page.get_by_label("Search").press("Enter")
    row = page.locator("tr[data-row]").filter(has_text=f"{number} ")
    expect(row.locator(".badge.production")).to_be_visible()
    expect(row).to_contain_text("High")
    row.get_by_role("link", name=number).click()
    expect(page.locator("#head")).to_contain_text(number)


def lead_plans_and_answers(lead: Visitor, client: str) -> None:
    """Moves it, and writes a public reply whose mention was completed."""
    page = lead.page
    panel(page, "moves").get_by_role("button", name="Plan", exact=False).first.click()
    expect(panel(page, "head")).to_contain_text("In Planning")
    reply = page.get_by_label("Reply to the client")
    reply.click()
    reply.press_sequentially(f"Hello @{client[:9]}")
    expect(page.get_by_role("option").filter(has_text=client)).to_be_visible()
    reply.press("Enter")
    reply.press_sequentially(PROMISE)
    expect(reply).to_have_value(f"Hello @{client} {PROMISE}")
    page.get_by_role("button", name="Send to the client").click()
    said = panel(page, "conversation").locator(".message.public")
    expect(said).to_contain_text(PROMISE)
    expect(reply).to_have_value("")


def lead_asks_the_team(lead: Visitor, number: str) -> str:
    """With the desk's text, changed before it is sent; the text."""
    page = lead.page
    message = page.get_by_label("Message for the channel")
    expect(message).to_have_value(re.compile(f"Urgent: can someone.*# {number}.*Holly"))
    text = f"{message.input_value()} It is the sign-in of {number}."
    message.fill(text)
    page.get_by_role("button", name="Post to Teams").click()
    expect(panel(page, "triage")).to_contain_text("The team was asked")
    return text


def staff_gives_an_opinion(staff: Visitor, number: str, comment: str) -> None:
    """Opens it, is recorded as a reader, and says what to do."""
    page = staff.open_ticket(number)
    expect(panel(page, "readers").locator("li").filter(has_text="Sam Okafor")).to_contain_text(
        "read just now"
    )
    expect(panel(page, "readers").locator("li").filter(has_text="Luc Tremblay")).to_contain_text(
        "not yet"
    )
    page.get_by_text("Give an opinion", exact=True).click()
    form = panel(page, "opine")
    form.get_by_label("Proceed").check()
    form.get_by_label("Comment (optional)").fill(comment)
    form.get_by_role("button", name="Give opinion").click()
    expect(panel(page, "triage")).to_contain_text(comment)


def scrum_master_decides(master: Visitor, number: str, *titles: str) -> None:
    """It proceeds, urgently, with a PBI and a task."""
    page = master.open_ticket(number)
    form = panel(page, "decide")
    form.get_by_text("Decide", exact=True).first.click()
    form.get_by_label("Proceed").check()
    form.get_by_label("Reason").fill("The login service is ours.")
    form.get_by_label("Urgency").select_option(label="Urgent: into the current sprint")
    for place, title in enumerate(titles, 1):
        form.get_by_label(f"Title of work item {place}").fill(title)
    form.get_by_role("button", name="Decide").click()
    expect(panel(page, "triage")).to_contain_text("Proceed, urgent, into the current sprint")
    expect(panel(page, "head")).to_contain_text("In Progress")


def team_sees_it_in_teams(anyone: Visitor, number: str, *words: str) -> None:
    """The thread, its card with a button, and the decision below it."""
    page = anyone.page
    page.goto(f"{anyone.stack.tenant.url}/teams")
    thread = page.locator("article.thread").filter(has_text=f"{number}:")
    for text in words:
        expect(thread).to_contain_text(text)
    opens = thread.locator(".card").get_by_role("link", name=f"Open {number}")
    expect(opens).to_have_count(2)  # the question, and the decision below it
    expect(thread.locator(".replies .post").first).to_contain_text("Proceed")


def team_sees_it_in_the_sprint(anyone: Visitor, *titles: str) -> None:
    """Urgent items stand on the board of the current sprint."""
    page = anyone.page
    page.goto(f"{anyone.stack.tenant.url}/devops")
    page.get_by_role("link", name="Sprint board").click()
    for title in titles:
        expect(page.locator(".work-card").filter(has_text=title)).to_be_visible()


def client_answers_on_the_page(client: Visitor, address: str, number: str, text: str) -> None:
    """Reads the mail, opens the page behind its button, and writes there."""
    mail = client.open_mail(address, number, PROMISE)
    expect(mail.get_by_text(PROMISE).last).to_be_visible()  # the first is the preview
    page = client.follow(mail.get_by_role("link", name="Open your request"))
    expect(page.locator(".talk .ours")).to_contain_text(PROMISE)
    client_writes(client, text)


def client_writes(client: Visitor, text: str) -> None:
    """A message on the client's page that is open."""
    page = client.page
    page.get_by_label("Your message").fill(text)
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_role("status")).to_contain_text("We have your message")
    expect(page.locator(".talk .mine").last).to_contain_text(text)
