"""What a page must have for everybody: measured by axe-core in the page itself."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Page

from tests.support.host import PROJECT

# https://www.deque.com/axe/core-documentation/api-documentation/
AXE = (PROJECT / "node_modules/axe-core/axe.min.js").read_text("utf-8")
WIDTHS = (1280, 375)
THEMES = ("light", "dark")
_RUN = "axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations)"
_OPEN = "document.querySelectorAll('main details').forEach((part) => { part.open = true; })"
_WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def faults(page: Page) -> list[str]:
    """All that is wrong with the page, wide and narrow, light and dark; nothing is best.

    The script comes in through the debugger, which the page's content policy does not concern.
    """
    page.evaluate(AXE)
    page.evaluate(_OPEN)
    found: list[str] = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        wider = page.evaluate(_WIDER)
        if wider > 0:
            found.append(f"at {width} px it is {wider} px wider than the window")
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # one of its words
            found.extend(f"at {width} px, {theme}: {words}" for words in _violations(page))
    return found


def _violations(page: Page) -> Iterator[str]:
    for rule in page.evaluate(_RUN):
        if rule["impact"] in ("serious", "critical"):
            places = "; ".join(node["html"][:200] for node in rule["nodes"][:4])
            yield f"{rule['id']} ({rule['impact']}): {rule['help']}: {places}"
