"""Going through a page by keyboard."""

from __future__ import annotations

from playwright.sync_api import Page

_NAME = """() => {
  const at = document.activeElement;
  const name = at.getAttribute('aria-label') ?? (at.labels?.[0] ?? at).textContent;
  return name.replace(/\\s+/g, ' ').trim();
}"""


def press_until(page: Page, name: str, key: str = "Tab", most: int = 200) -> None:
    """Presses the key until the control that begins with that name has the focus."""
    for _ in range(most):
        page.keyboard.press(key)
        if str(page.evaluate(_NAME)).startswith(name):
            return
    raise AssertionError(f"{name!r} cannot be reached by {key}")
