"""The third-line board in a browser."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


def column(page: Page, name: str) -> Locator:
    """`Triage`, `Ready for sprint`, `In progress`, `Deployed to development`."""
    return page.get_by_role("region", name=name)


def card(page: Page, number: str) -> Locator:
    """A ticket on the board."""
    return page.locator(f'[data-number="{number}"]')


def expect_order(page: Page, *numbers: str) -> None:
    """Waits until these tickets, and no others, stand in this order in Ready for sprint."""
    cards = column(page, "Ready for sprint").locator("[data-number] .number")
    expect(cards).to_have_text(list(numbers))
