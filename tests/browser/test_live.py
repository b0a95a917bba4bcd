"""Two people at one ticket: news appear by themselves, and nobody overwrites unawares."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.cast import HOLLY, SAM
from tests.browser.conftest import Arrive
from tests.browser.story import panel
from tests.support.stack import Stack, client_address, production_issue


def test_another_persons_change_appears_without_a_reload_and_leaves_a_text_alone(
    stack: Stack, arrive: Arrive
) -> None:
    number = stack.opened("mytc", production_issue(client_address()))["number"]
    page = arrive(HOLLY).open_ticket(number)
    page.evaluate("window.wasNotReloaded = true")
    page.get_by_label("Reply to the client").fill("We are on")

    stack.order(number, SAM, "move", to="in_planning")

    # Nothing is pressed or clicked: the page asks by itself every few seconds.
    expect(panel(page, "head")).to_contain_text("In Planning")
    expect(panel(page, "toast")).to_contain_text("Sam Okafor moved it from New to In Planning")
    expect(page.get_by_label("Reply to the client")).to_have_value("We are on")
    assert page.evaluate("window.wasNotReloaded") is True


def test_a_stale_form_warns_tells_what_happened_keeps_the_text_and_can_be_sent_then(
    stack: Stack, arrive: Arrive
) -> None:
    number = stack.opened("mytc", production_issue(client_address()))["number"]
    holly = arrive(HOLLY)
    holly.expected = {412}
    page = holly.open_ticket(number)
    stack.order(number, SAM, "reply", text="I have answered already.")

    page.get_by_label("Reply to the client").fill("Please restart your browser.")
    page.get_by_role("button", name="Send to the client").click()

    alert = panel(page, "composer").get_by_role("alert")
    expect(alert).to_contain_text("Sam Okafor wrote: I have answered already.")
    expect(alert).to_be_focused()
    expect(page.get_by_label("Reply to the client")).to_have_value("Please restart your browser.")
    said = panel(page, "conversation").locator(".message.public")
    expect(said).to_have_count(1)
    page.get_by_role("button", name="Send to the client").click()
    expect(said).to_have_count(2)
    expect(said.last).to_contain_text("Please restart your browser.")
