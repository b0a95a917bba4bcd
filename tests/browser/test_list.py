"""The list of tickets, for whoever works through many."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.cast import HOLLY, SAM
from tests.browser.conftest import Arrive
from tests.support.stack import Stack, client_address, production_issue


def test_what_can_be_done_to_selected_tickets_shows_with_the_first_of_them(
    stack: Stack, arrive: Arrive
) -> None:
    address = client_address()
    for _ in range(2):
        stack.opened("mytc", production_issue(address))
    page = arrive(HOLLY).page
    page.goto(f"/desk/mytc?q={address}")
    actions = page.get_by_role("group", name="Selected tickets")
    expect(actions).to_be_hidden()

    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(actions).to_contain_text("1 selected")
    page.get_by_label("Select all 2").check()
    expect(actions).to_contain_text("2 selected")
    page.get_by_label("Assign to").select_option(SAM)
    actions.get_by_role("button", name="Assign").click()

    expect(page.get_by_text("2 tickets changed.")).to_be_visible()
    expect(page.get_by_role("cell", name="Sam Okafor")).to_have_count(2)
    expect(actions).to_be_hidden()


def test_a_phone_shows_tickets_first_and_the_filters_when_they_are_asked_for(
    stack: Stack, arrive: Arrive
) -> None:
    address = client_address()
    stack.opened("mytc", production_issue(address))
    page = arrive(HOLLY, viewport={"width": 375, "height": 812}).page
    page.goto(f"/desk/mytc?q={address}")
    severity = page.get_by_label("Severity", exact=True)
    expect(severity).to_be_hidden()

    page.get_by_role("button", name="Filters").click()
    severity.select_option("low")

    expect(page.get_by_text("No ticket fits these filters")).to_be_visible()
    expect(page.get_by_role("button", name="Filters (1)")).to_be_visible()
    expect(severity).to_be_visible()
