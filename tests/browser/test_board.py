"""The third-line board, by mouse and by keyboard."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from tests.browser.board import card, column, expect_order
from tests.browser.cast import GRACE, LENA, NORA, RUI
from tests.browser.conftest import Arrive
from tests.browser.keyboard import press_until
from tests.support.stack import Stack, client_address


def bug(stack: Stack) -> str:
    """A bug that support has handed to third line."""
    body = {
        "title": "The fund list is empty",
        "description": "It has been empty since the release.",
        "type": "bug",
        "environment": "production",
        "severity": "high",
        "requester": {"name": "Casey Lee", "email": client_address()},
    }
    number = str(stack.opened("door", body)["number"])
    stack.order(number, NORA, "move", to="third_line_triage")
    return number


def developer_of_the_sprint(stack: Stack) -> str:
    """Whoever the rota names now."""
    rows = stack.client(GRACE).get("/desk/door/board").text.partition('class="current"')[2]
    return LENA if "Lena" in rows[:300] else RUI


def clear(stack: Stack) -> None:
    """Takes back to triage what stands in the order or in the slot."""
    for state in ("ready_for_sprint", "in_development"):
        query = {"state": state, "limit": "200"}
        found = stack.client(GRACE).get("/api/desks/door/tickets", params=query).json()
        for ticket in found["tickets"]:
            stack.order(ticket["number"], GRACE, "move", to="third_line_triage")


@pytest.fixture
def bugs(stack: Stack) -> Iterator[list[str]]:
    """Three bugs in triage, on a board where nothing else is ready or in progress."""
    clear(stack)
    yield [bug(stack) for _ in range(3)]
    clear(stack)


def test_bugs_are_ordered_by_drag_and_drop_pulled_in_order_and_deployed(
    stack: Stack, arrive: Arrive, bugs: list[str]
) -> None:
    one, two, three = bugs
    owner, developer = arrive(GRACE), arrive(developer_of_the_sprint(stack))
    page = owner.page
    page.goto("/desk/door/board")
    for number in bugs:
        expect(column(page, "Triage").locator(f'[data-number="{number}"]')).to_be_visible()
        card(page, number).get_by_role("button", name="Accept for sprint").click()
        expect(column(page, "Ready for sprint")).to_contain_text(number)
    expect_order(page, one, two, three)

    card(page, three).drag_to(card(page, one), target_position={"x": 30, "y": 4})
    expect_order(page, three, one, two)
    expect(page.locator("#toast")).to_have_text(f"{three}: now at place 1 of Ready for sprint")
    page.reload()
    expect_order(page, three, one, two)

    other = developer.page
    other.goto("/desk/door/board")
    expect(card(other, three)).not_to_have_attribute("draggable", "true")
    other.get_by_role("button", name=f"Pull the first {three}").click()
    expect(column(other, "In progress")).to_contain_text(three)
    expect(other.get_by_role("button", name="Pull the first")).to_have_count(0)
    owner.looks_again()
    expect(column(page, "In progress")).to_contain_text(three)
    card(other, three).get_by_role("button", name="Deployed to development").click()
    expect(column(other, "Deployed to development")).to_contain_text(three)
    expect(column(other, "In progress")).to_contain_text("The slot is free.")
    other.get_by_role("button", name=f"Pull the first {one}").click()
    expect(column(other, "In progress")).to_contain_text(one)
    card(other, one).get_by_role("button", name="Deployed to development").click()
    expect(column(other, "In progress")).to_contain_text("The slot is free.")


def test_the_whole_board_works_with_the_keyboard_alone(
    stack: Stack, arrive: Arrive, bugs: list[str]
) -> None:
    one, two, three = bugs
    page = arrive(GRACE).page
    page.goto("/desk/door/board")
    for number in bugs:
        press_until(page, f"Accept for sprint {number}")
        page.keyboard.press("Enter")
        expect(column(page, "Ready for sprint")).to_contain_text(number)
    expect_order(page, one, two, three)

    press_until(page, f"↑ Move up {three}")
    page.keyboard.press("Enter")
    expect_order(page, one, three, two)
    focused = page.locator(":focus")
    expect(focused).to_contain_text(f"Move up {three}")  # so the next press moves it on
    page.keyboard.press("Enter")
    expect_order(page, three, one, two)

    worker = arrive(developer_of_the_sprint(stack)).page
    worker.goto("/desk/door/board")
    press_until(worker, f"Pull the first {three}")
    worker.keyboard.press("Space")
    expect(column(worker, "In progress")).to_contain_text(three)
    press_until(worker, f"Deployed to development {three}")
    worker.keyboard.press("Enter")
    expect(column(worker, "Deployed to development")).to_contain_text(three)
