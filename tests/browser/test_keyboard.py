"""Writing on a ticket with the keyboard alone."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.cast import HOLLY
from tests.browser.conftest import Arrive
from tests.browser.keyboard import press_until
from tests.browser.story import PROMISE, panel
from tests.support.stack import Stack, client_address, production_issue


def test_reply_mention_ready_made_text_and_work_note_need_no_mouse(
    stack: Stack, arrive: Arrive
) -> None:
    address = client_address()
    number = stack.opened("mytc", production_issue(address))["number"]
    page = arrive(HOLLY).page
    page.goto("/desk/mytc")
    page.keyboard.press("j")
    page.keyboard.press(
        "Enter"
    )  # the list's first ticket; which one depends on what is most urgent
    expect(page.locator("#head")).to_be_visible()
    page.goto(f"/desk/mytc/tickets/{number}")
    keys = page.keyboard

    keys.press("r")
    keys.type("Hello @luc")
    people = page.get_by_role("listbox", name="People to mention")
    expect(people.nth(0)).to_be_visible()
    keys.press("Escape")
    expect(people.nth(0)).to_be_hidden()
    keys.type(".")
    keys.press("Tab")  # takes the completion instead of leaving the field
    reply = page.get_by_label("Reply to the client")
    expect(reply).to_have_value("Hello @luc.tremblay ")
    press_until(page, "Ready-made texts")
    keys.press("Enter")
    press_until(page, "Insert")
    keys.press("Enter")
    expect(reply).to_have_value(f"Hello @luc.tremblay {PROMISE}")
    expect(reply).to_be_focused()
    press_until(page, "Send to the client")
    keys.press("Enter")
    expect(panel(page, "conversation").locator(".message.public")).to_contain_text(PROMISE)

    press_until(page, "Public reply", "Shift+Tab")
    keys.press("ArrowRight")
    expect(page.get_by_role("tab", name="Work note")).to_be_focused()
    expect(reply).to_be_hidden()
    press_until(page, "Work note")
    keys.type("Only for us.")
    press_until(page, "Add work note")
    keys.press("Enter")
    expect(panel(page, "conversation").locator(".message.note")).to_contain_text("Only for us.")


_TOPS = """[...document.querySelectorAll("main section[id]")].map(
    (part) => [part.id, part.getBoundingClientRect().top])"""


def test_a_phone_shows_what_may_be_done_first_and_all_parts_in_the_keyboards_order(
    stack: Stack, arrive: Arrive
) -> None:
    number = stack.opened("mytc", production_issue(client_address()))["number"]
    visitor = arrive(HOLLY, viewport={"width": 375, "height": 800})
    page = visitor.open_ticket(number)
    expect(page.get_by_role("heading", name="What next")).to_be_in_viewport()
    parts = page.evaluate(_TOPS)
    assert [name for name, _ in parts][:3] == ["moves", "conversation", "composer"]
    assert sorted(parts, key=lambda part: part[1]) == parts
