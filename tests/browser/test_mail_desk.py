"""The door desk in a browser: mail that is classified, and a data change under four eyes."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser.cast import AMELIE, DOOR, NORA, TOM
from tests.browser.conftest import Arrive
from tests.browser.story import panel
from tests.browser.visitor import Visitor
from tests.support.stack import client_address, wait_until

TYPES = {
    "Service Request": "In progress",
    "Information Request": "Answered",
    "Bug": "Third-line triage",
    "Feature Request": "With product",
}
SCRIPT = "UPDATE fund SET status = 'open' WHERE id = 5 AND status = 'closed'"
ROLLBACK = "UPDATE fund SET status = 'closed' WHERE id = 5 AND status = 'open'"


def client_writes_mail(client: Visitor, address: str, subject: str) -> str:
    """A mail to the desk, written in the mailbox viewer; the ticket that it became."""
    page, stack = client.page, client.stack
    page.goto(f"{stack.tenant.url}/compose?from={address}&to={DOOR}")
    page.get_by_label("Subject").fill(subject)
    page.get_by_label("Text").fill("The fund Aurora is shown as closed, but it is open.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("region", name="Conversations")).to_contain_text(subject)
    if not stack.tenant.sent(address):
        stack.tenant.advance("PT1M")  # the minute after which the mailbox is looked at
    sent = wait_until(lambda: stack.tenant.sent(address), f"the confirmation to {address}")
    return str(sent[-1]["headers"]["X-Docket-Ticket"])


def classify(page: Page, name: str) -> None:
    """Changes the ticket's type on its page."""
    facts = panel(page, "facts")
    facts.get_by_text("Change", exact=True).click()
    facts.get_by_label("Type").select_option(label=name)
    facts.get_by_role("button", name="Change type").click()
    expect(panel(page, "head")).to_contain_text(name)


@pytest.mark.parametrize("kind", TYPES)
def test_a_mail_is_classified_and_goes_on_in_the_flow_of_its_type(
    arrive: Arrive, kind: str
) -> None:
    number = client_writes_mail(arrive(), client_address(), f"A {kind}")
    page = arrive(NORA).open_ticket(number)
    moves = panel(page, "moves")
    expect(moves.get_by_role("button", name="Resolve")).to_have_count(0)
    classify(page, kind)
    expect(panel(page, "conversation")).to_contain_text(f"{kind}")
    page.keyboard.press("n")
    page.keyboard.type("Explained what to do.")
    page.get_by_role("button", name="Add work note").click()
    expect(panel(page, "conversation")).to_contain_text("Explained what to do.")
    moves.get_by_role("button").filter(has_text=TYPES[kind]).first.click()
    expect(panel(page, "head")).to_contain_text(TYPES[kind])


def draft(page: Page) -> None:
    """A data change as its author writes it."""
    page.get_by_text("Draft a data change", exact=True).click()
    form = panel(page, "draft-change")
    form.get_by_label("What it does").fill("Open the fund Aurora")
    form.get_by_label("System and database").fill("DOOR production, funds")
    form.get_by_label("Script").fill(SCRIPT)
    form.get_by_label("Rollback").fill(ROLLBACK)
    form.get_by_label("Rows expected").fill("1")
    form.get_by_role("button", name="Check and save the draft").click()
    expect(panel(page, "changes").locator("article")).to_contain_text("draft")


def verify(page: Page) -> None:
    """A run before production that had the desired effect."""
    page.get_by_text("Record a run before production").click()
    form = page.locator("details[id^=verify-]")
    form.get_by_label("Environment").select_option(label="Preprod")
    form.get_by_label("Rows").fill("1")
    form.get_by_role("button", name="Record the run").click()
    expect(panel(page, "changes").locator("article .badge")).to_have_text("verified")


def approve(page: Page) -> None:
    """The second person says yes to exactly this script."""
    page.get_by_text("Approve", exact=True).click()
    page.get_by_role("button", name="Approve ").click()
    expect(panel(page, "changes").locator("article .badge")).to_have_text("approved")


def apply_and_print(page: Page) -> None:
    """The run in production is recorded; the sheet says who did what, on paper too."""
    page.get_by_text("Record the run in production").click()
    page.get_by_label("Rows (1 expected)").fill("1")
    page.get_by_role("button", name="Record as applied").click()
    expect(panel(page, "changes")).to_contain_text("Applied in production by Tom Becker")
    page.get_by_role("link", name="Change sheet").click()
    expect(page.get_by_role("heading", name="Data change")).to_be_visible()
    expect(page.locator("pre").first).to_have_text(SCRIPT.replace("id = 5", "id = 6"))
    expect(page.get_by_text("Amelie Durand (amelie.durand@doorfunds.example)")).to_be_visible()
    page.emulate_media(media="print")
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    expect(page.locator("pre").first).to_be_visible()


def force_approval(author: Visitor, number: str) -> int:
    """The author sends what the page does not offer, through the page's own session; the status."""
    change = author.stack.ticket(number, TOM)["changes"][0]
    version = str(author.stack.ticket(number, TOM)["version"])
    form = {"command": "approve_change", "change": change["id"], "version": version}
    answer = author.page.request.post(
        f"/desk/door/tickets/{number}/commands",
        form={**form, "script_sha256": change["script_sha256"]},
        headers={"Origin": author.stack.url},
    )
    return answer.status


def test_a_mail_leads_to_a_data_change_that_a_second_person_approves_and_an_edit_voids(
    arrive: Arrive,
) -> None:
    client, author, second = arrive(), arrive(TOM), arrive(AMELIE)
    number = client_writes_mail(client, client_address(), "Fund Aurora is closed")
    page = author.open_ticket(number)
    expect(panel(page, "head")).to_contain_text("To classify")
    classify(page, "Service Request")
    panel(page, "moves").get_by_role("button", name="Start work").click()
    expect(panel(page, "head")).to_contain_text("In progress")
    draft(page)
    verify(page)
    expect(panel(page, "changes")).to_contain_text("you wrote it, so you cannot approve it")
    expect(page.get_by_role("button", name="Approve ")).to_have_count(0)
    assert force_approval(author, number) == 403

    other = second.open_ticket(number)
    approve(other)
    author.looks_again()
    expect(panel(page, "changes")).to_contain_text("Approved by Amelie Durand")
    page.locator("details[id^=edit-] > summary").click()
    edited = page.locator("details[id^=edit-]").get_by_label("Script")
    edited.fill(SCRIPT.replace("id = 5", "id = 6"))
    page.get_by_role("button", name="Save the edit").click()
    expect(panel(page, "changes").locator("article .badge")).to_have_text("draft")
    expect(panel(page, "changes")).not_to_contain_text("Approved by")
    verify(page)
    second.open_ticket(number)
    approve(other)

    author.looks_again()
    apply_and_print(page)
