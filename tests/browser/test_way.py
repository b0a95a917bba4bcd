"""The way through the console: back to the list as it was, menus, and paper."""

from __future__ import annotations

import re

from playwright.sync_api import expect

from tests.browser.cast import HOLLY
from tests.browser.conftest import Arrive
from tests.browser.story import panel
from tests.support.stack import Stack, client_address, production_issue


def test_the_way_back_keeps_the_filters_and_leads_through_the_tickets_of_the_list(
    stack: Stack, arrive: Arrive
) -> None:
    client = client_address()
    for _ in range(2):
        stack.opened("mytc", production_issue(client))
    page = arrive(HOLLY).page
    page.goto(f"/desk/mytc?view=all&q={client}")
    links = page.locator("[data-open]")
    expect(links).to_have_count(2)
    first, second = (str(link.get_attribute("href")) for link in links.all())
    links.first.click()

    expect(page.get_by_role("link", name="Previous")).to_be_hidden()
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile(f"{second}$"))
    page.get_by_role("link", name="Previous").click()
    expect(page).to_have_url(re.compile(f"{first}$"))
    page.get_by_role("main").get_by_role("link", name="Tickets", exact=True).click()
    expect(page.get_by_role("searchbox", name="Search")).to_have_value(client)
    expect(links).to_have_count(2)


def test_a_menu_closes_on_escape_and_by_a_click_elsewhere(stack: Stack, arrive: Arrive) -> None:
    page = arrive(HOLLY).page
    page.goto("/desk/mytc")
    opener = page.locator(".menu.me summary")
    opener.click()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Connections")).to_be_focused()

    page.keyboard.press("Escape")

    expect(page.get_by_role("link", name="Sign out")).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    expect(page.get_by_role("link", name="Sign out")).to_be_visible()
    page.get_by_role("heading", level=1).click()
    expect(page.get_by_role("link", name="Sign out")).to_be_hidden()


def test_a_ticket_on_paper_has_its_history_and_moments_but_no_controls(
    stack: Stack, arrive: Arrive
) -> None:
    number = str(stack.opened("mytc", production_issue(client_address()))["number"])
    page = arrive(HOLLY).open_ticket(number)
    # What a browser does when it prints, without its dialog.
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")

    expect(panel(page, "history")).to_contain_text("opened the request")
    expect(panel(page, "history").locator("li").first).to_be_visible()
    expect(panel(page, "history").get_by_text("Printed from Docket")).to_be_visible()
    controls = page.locator("main").locator("button, textarea, select, details:not([open])")
    assert controls.count() > 0
    for control in controls.all():
        expect(control).to_be_hidden()
    moment = page.locator("#head time")
    assert moment.evaluate("e => getComputedStyle(e).fontSize") == "0px"
    assert "2026" in moment.evaluate("e => getComputedStyle(e, '::after').content")

    page.emulate_media(media="screen")
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(panel(page, "history").locator("li").first).to_be_hidden()


def test_a_clients_confirmation_does_not_come_back_with_the_address(
    stack: Stack, arrive: Arrive
) -> None:
    client = client_address()
    number = str(stack.opened("mytc", production_issue(client))["number"])
    letter = stack.mail(client, number, "We have your request")
    path = "/r/" + str(letter["html"]).partition("/r/")[2].partition('"')[0]
    page = arrive().page
    page.goto(f"{path}?new=1&lang=fr")
    expect(page.get_by_role("status")).to_contain_text(number)

    expect(page).to_have_url(re.compile(r"\?lang=fr$"))
    page.reload()
    expect(page.get_by_role("status")).to_have_count(0)
