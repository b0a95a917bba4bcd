"""A client whose browser runs no scripts."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import Arrive
from tests.browser.story import NUMBER, PICTURE
from tests.support.stack import Stack, client_address


def test_a_client_sends_mends_follows_and_answers_without_scripts(
    stack: Stack, arrive: Arrive
) -> None:
    address = client_address()
    client = arrive(java_script_enabled=False)
    client.expected = {422}
    page = client.page
    page.goto("/request/mytc")
    expect(page.get_by_label("Since when?")).to_be_visible()
    expect(page.get_by_text("Answer only if").first).to_be_visible()
    page.get_by_role("radio", name="A problem in production").check()
    page.get_by_role("radio", name="Production", exact=True).check()
    page.get_by_role("radio", name="Public site").check()
    page.get_by_label("Your request in one line").fill("The page is white")
    page.get_by_label("Since when?").fill("2026-11-20")
    page.get_by_role("radio", name="High: an important function").check()
    page.get_by_label("Your e-mail address").fill(address)
    page.get_by_role("button", name="Submit request").click()

    mistakes = page.get_by_role("alert")
    expect(mistakes).to_contain_text("Some answers need another look")
    mistakes.get_by_role("link", name="Describe your request").click()
    expect(page.get_by_label("Your request in one line")).to_have_value("The page is white")
    page.get_by_label("Describe your request").fill("It is white since this morning.")
    page.get_by_label("Screenshots or files").set_input_files(PICTURE)
    page.get_by_role("button", name="Submit request").click()
    expect(page.get_by_role("status")).to_contain_text(NUMBER)
    number = NUMBER.search(page.get_by_role("status").inner_text())
    assert number

    page.get_by_role("link", name="My requests").click()
    page.get_by_label("Your e-mail address").fill(address)
    page.get_by_role("button", name="Mail me the link").click()
    expect(page.get_by_role("status")).to_contain_text("Please look into your mailbox")
    letter = stack.mail(address, "", "Your requests at")
    page.goto("/my/" + letter["html"].partition("/my/")[2].partition('"')[0])
    page.get_by_role("link", name="The page is white").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The page is white")
    page.get_by_label("Your message").fill("Only in the evening.")
    page.get_by_role("button", name="Send message").click()
    expect(page.locator(".talk .mine")).to_contain_text("Only in the evening.")
