"""What a page must have for everybody: measured by axe-core in the page itself."""

from __future__ import annotations

from collections.abc import Iterator

from playwright.sync_api import Page

from tests.support.host import PROJECT
from tests.support.stack import Json

# https://www.deque.com/axe/core-documentation/api-documentation/
AXE = (PROJECT / "node_modules/axe-core/axe.min.js").read_text("utf-8")
# Only contrast depends on the theme, so in each width all rules are tried in one of them.
LOOKS = {1280: {"light": "all", "dark": "contrast"}, 375: {"light": "contrast", "dark": "all"}}
_RUNS = {"all": "{}", "contrast": "{runOnly: ['color-contrast']}"}
_RUN = "axe.run(document, {resultTypes: ['violations'], ...%s}).then((found) => found.violations)"
_OPEN = "document.querySelectorAll('main details').forEach((part) => { part.open = true; })"
_WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def faults(page: Page) -> list[str]:
    """All that is wrong with the page, wide and narrow, light and dark; nothing is best.

    The script comes in through the debugger, which the page's content policy does not concern.
    """
    page.evaluate(AXE)
    page.evaluate(_OPEN)
    found: list[str] = []
    for width, themes in LOOKS.items():
        page.set_viewport_size({"width": width, "height": 800})
        wider = page.evaluate(_WIDER)
        if wider > 0:
            found.append(f"at {width} px it is {wider} px wider than the window")
        for theme, rules in themes.items():
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]  # one of its words
            told = page.evaluate(_RUN % _RUNS[rules])
            found.extend(f"at {width} px, {theme}: {words}" for words in _grave(told))
    return found


def _grave(rules: list[Json]) -> Iterator[str]:
    for rule in rules:
        if rule["impact"] in ("serious", "critical"):
            places = "; ".join(node["html"][:200] for node in rule["nodes"][:4])
            yield f"{rule['id']} ({rule['impact']}): {rule['help']}: {places}"
