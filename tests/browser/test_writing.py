"""What is written is not lost, and what was done is said."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Route, expect

from tests.browser.cast import HOLLY
from tests.browser.conftest import Arrive
from tests.browser.story import panel
from tests.support.stack import Stack, client_address, production_issue

RESTORED = "Your draft is back."


def opened(stack: Stack) -> str:
    return str(stack.opened("mytc", production_issue(client_address()))["number"])


def write_note(page: Page, text: str) -> None:
    page.get_by_role("tab", name="Work note").click()
    page.get_by_role("textbox", name="Work note").fill(text)


def test_a_lost_sign_in_keeps_page_and_text_and_leads_back_to_the_ticket(
    stack: Stack, arrive: Arrive
) -> None:
    number = opened(stack)
    holly = arrive(HOLLY)
    holly.expected = {401}
    page = holly.open_ticket(number)
    reply = page.get_by_label("Reply to the client")
    reply.fill("We are on it.")
    holly.context.clear_cookies()

    page.get_by_role("button", name="Send to the client").click()

    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("You are signed out.")
    expect(page).to_have_url(re.compile(f"/desk/mytc/tickets/{number}$"))
    expect(reply).to_have_value("We are on it.")
    again = alert.get_by_role("link", name="Sign in again")
    expect(again).to_be_focused()

    other = holly.follow(again)
    holly.choose(HOLLY)
    expect(other).to_have_url(re.compile(f"/desk/mytc/tickets/{number}$"))
    other.close()
    page.get_by_role("button", name="Send to the client").click()
    expect(panel(page, "conversation").locator(".message.public")).to_contain_text("We are on it.")
    expect(alert).to_be_hidden()


def test_a_text_survives_another_page_and_can_be_discarded(stack: Stack, arrive: Arrive) -> None:
    number = opened(stack)
    holly = arrive(HOLLY)
    page = holly.open_ticket(number)
    write_note(page, "The certificate has expired.")
    page.get_by_role("link", name="Reports").click()

    holly.open_ticket(number)

    note = page.get_by_role("textbox", name="Work note")
    expect(note).to_be_visible()  # the tab of what was being written
    expect(note).to_have_value("The certificate has expired.")
    kept = panel(page, "pane-note").get_by_role("status")
    expect(kept).to_contain_text(RESTORED)
    kept.get_by_role("button", name="Discard it").click()
    expect(note).to_have_value("")
    expect(note).to_be_focused()
    page.reload()
    page.get_by_role("tab", name="Work note").click()
    expect(note).to_have_value("")


def test_sending_one_text_keeps_the_other_and_what_was_sent_does_not_come_back(
    stack: Stack, arrive: Arrive
) -> None:
    page = arrive(HOLLY).open_ticket(opened(stack))
    write_note(page, "Half a thought")
    page.get_by_role("tab", name="Public reply").click()
    reply = page.get_by_label("Reply to the client")
    reply.fill("We are on it.")
    page.get_by_role("button", name="Send to the client").click()

    expect(panel(page, "conversation").locator(".message.public")).to_have_count(1)
    expect(reply).to_have_value("")
    expect(page.locator("#note-text")).to_have_value("Half a thought")
    page.reload()
    expect(page.locator("#note-text")).to_have_value("Half a thought")
    expect(reply).to_have_value("")


def test_ctrl_enter_sends_and_the_page_confirms_it(stack: Stack, arrive: Arrive) -> None:
    page = arrive(HOLLY).open_ticket(opened(stack))
    page.get_by_label("Reply to the client").fill("We are on it.")

    page.keyboard.press("Control+Enter")

    status = page.get_by_role("status").filter(has_text="Reply sent to Casey Lee")
    expect(status).to_be_visible()
    expect(panel(page, "conversation").locator(".message.public")).to_have_count(1)


def test_while_a_command_is_under_way_its_buttons_rest_and_the_pressed_one_shows_it(
    stack: Stack, arrive: Arrive
) -> None:
    page = arrive(HOLLY).open_ticket(opened(stack))
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/commands", hold)
    other = panel(page, "moves").get_by_role("button", name="Assign", exact=True)
    pressed = panel(page, "moves").get_by_role("button", name="Take it")
    pressed.click()

    expect(pressed).to_have_attribute("aria-busy", "true")
    expect(pressed).to_be_disabled()
    expect(other).to_be_disabled()
    expect(page.locator("[aria-busy]")).to_have_count(1)
    held[0].continue_()
    expect(panel(page, "facts")).to_contain_text("Holly Carter")
    expect(page.locator("[aria-busy]")).to_have_count(0)
    expect(other).to_be_enabled()


def test_a_command_that_could_not_be_sent_can_be_pressed_again(
    stack: Stack, arrive: Arrive
) -> None:
    holly = arrive(HOLLY)
    page = holly.open_ticket(opened(stack))
    page.route("**/commands", lambda route: route.abort(), times=1)
    take = page.get_by_role("button", name="Take it")
    take.click()
    expect(panel(page, "toast")).to_contain_text("cannot be reached")
    expect(take).to_be_focused()

    take.click()

    expect(panel(page, "toast")).to_have_text("Assigned to you")
    holly.problems.clear()  # the browser notes the request that was cut off
