"""Every page, wide and narrow, light and dark: usable for everybody, quiet, and at home."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import accessibility
from tests.browser.cast import AMELIE, GRACE, HOLLY, NORA, TOM
from tests.browser.conftest import Arrive
from tests.browser.scene import Scene, set_scene
from tests.browser.visitor import Visitor
from tests.support.host import PROJECT
from tests.support.stack import Stack

PAGES = PROJECT / "web" / "pages"


def _nothing(page: Page) -> None:
    """The page is looked at as it comes."""


def _send_empty(page: Page) -> None:
    name = re.compile("^(Submit|Soumettre|Send|Envoyer|Mail me)")
    page.get_by_role("button", name=name).first.click()
    expect(page.get_by_role("alert")).to_be_visible()


def _select(page: Page) -> None:
    page.locator("input[name=ticket]").first.check()


def _write_note(page: Page) -> None:
    page.keyboard.press("n")
    page.keyboard.type("@")
    expect(page.get_by_role("listbox", name="People to mention").last).to_be_visible()


def _offend(page: Page) -> None:
    """A decision without a reason, past the browser's own check: the refusal beside the form."""
    page.evaluate(
        "document.querySelectorAll('form').forEach((form) => { form.noValidate = true; })"
    )
    form = page.locator("#decide")
    form.get_by_text("Decide", exact=True).first.click()
    form.get_by_label("Not our problem").check()
    form.get_by_role("button", name="Decide").click()
    expect(page.locator("#triage [role=alert]")).to_be_visible()


@dataclass(frozen=True)
class Shown:
    """A page in one of its looks: template, who looks, where, and what they do first."""

    template: str
    who: str
    where: Callable[[Scene], str]
    first: Callable[[Page], None] = _nothing
    status: int = 200


def at(path: str) -> Callable[[Scene], str]:
    """That address; names in braces are the scene's."""
    return lambda scene: path.format(**vars(scene))


LOOKS = {
    "portal": Shown("client/portal", "", at("/")),
    "form": Shown("client/form", "", at("/request/mytc")),
    "form in French, sent empty": Shown(
        "client/form", "", at("/request/mytc?lang=fr"), _send_empty, 422
    ),
    "client's ticket": Shown("client/ticket", "", at("{mine}?new=1")),
    "client's ticket, just sent": Shown("client/ticket", "", at("{glance}?new=1&lang=fr")),
    "client's ticket, empty message": Shown("client/ticket", "", at("{mine}"), _send_empty, 422),
    "client's ticket, ended": Shown("client/ticket", "", at("{over}?lang=fr")),
    "lost link": Shown("client/lost_link", "", at("/r/nothing"), status=404),
    "my requests": Shown("client/my", "", at("/my")),
    "my requests, sent empty": Shown("client/my", "", at("/my"), _send_empty, 422),
    "my requests, link sent": Shown("client/my", "", at("/my?sent=1")),
    "my list": Shown("client/my_list", "", at("{listed}")),
    "client's refusal": Shown("client/refusal", "", at("/request/nowhere"), status=404),
    "desks": Shown("console/home", HOLLY, at("/desk")),
    "list": Shown("console/list", HOLLY, at("/desk/mytc")),
    "list with a selection": Shown("console/list", HOLLY, at("/desk/mytc"), _select),
    "list of all": Shown("console/list", NORA, at("/desk/door?view=all")),
    "list with nothing": Shown("console/list", HOLLY, at("/desk/mytc?q=nothing-like-it")),
    "ticket": Shown("console/ticket", HOLLY, at("/desk/mytc/tickets/{issue}"), _write_note),
    "ticket, refused": Shown(
        "console/ticket", HOLLY, at("/desk/mytc/tickets/{issue}"), _offend, 422
    ),
    "ticket, ended": Shown("console/ticket", HOLLY, at("/desk/mytc/tickets/{ended}")),
    "changes of the second person": Shown(
        "console/ticket", AMELIE, at("/desk/door/tickets/{service}")
    ),
    "changes of the author": Shown("console/ticket", TOM, at("/desk/door/tickets/{service}")),
    "bug in third line": Shown("console/ticket", GRACE, at("/desk/door/tickets/{bug}")),
    "change sheet": Shown(
        "console/change_sheet", TOM, at("/desk/door/tickets/{service}/changes/{change}")
    ),
    "board": Shown("console/board", GRACE, at("/desk/door/board")),
    "flows of mytc": Shown("console/flows", HOLLY, at("/desk/mytc/flows")),
    "flows of door": Shown("console/flows", NORA, at("/desk/door/flows")),
    "undelivered": Shown("console/undelivered", HOLLY, at("/desk/mytc/undelivered")),
    "quarantine": Shown("console/quarantine", HOLLY, at("/desk/mytc/quarantine")),
    "doctor": Shown("console/doctor", HOLLY, at("/desk/mytc/doctor")),
    "Microsoft Forms": Shown("console/form_mapping", HOLLY, at("/desk/mytc/forms")),
    "reports": Shown("console/reports", HOLLY, at("/desk/mytc/reports")),
    "console's refusal": Shown(
        "components/error", HOLLY, at("/desk/mytc/tickets/MYTC-99999"), status=404
    ),
}


@pytest.fixture(scope="module")
def scene(stack: Stack) -> Scene:
    """Something on every page."""
    return set_scene(stack)


@pytest.fixture(scope="module")
def readers(browser: Browser, stack: Stack) -> Iterator[Callable[[str], Visitor]]:
    """Each person signs in once and then reads page after page."""
    known: dict[str, Visitor] = {}

    def reader(who: str) -> Visitor:
        if who not in known:
            known[who] = Visitor(browser, stack)
            if who:
                known[who].sign_in(who)
        return known[who]

    yield reader
    for visitor in known.values():
        visitor.close()


@pytest.mark.parametrize("look", LOOKS)
def test_a_page_has_no_barrier_fits_a_phone_and_is_quiet(
    readers: Callable[[str], Visitor], scene: Scene, look: str
) -> None:
    shown = LOOKS[look]
    visitor = readers(shown.who)
    visitor.problems.clear()
    visitor.expected = {shown.status}
    visitor.page.set_viewport_size({"width": 1280, "height": 800})
    visitor.page.goto(shown.where(scene))
    shown.first(visitor.page)
    assert accessibility.faults(visitor.page) == []
    assert visitor.problems == []


_CUT = """[...document.querySelectorAll("main td, main tbody th")]
    .filter((cell) => cell.getBoundingClientRect().right > innerWidth)
    .map((cell) => cell.textContent)"""


@pytest.mark.parametrize("look", ["undelivered", "doctor", "Microsoft Forms"])
def test_what_needs_a_hand_is_read_on_a_phone_without_scrolling_aside(
    readers: Callable[[str], Visitor], scene: Scene, look: str
) -> None:
    page = readers(HOLLY).page
    page.set_viewport_size({"width": 375, "height": 800})
    page.goto(LOOKS[look].where(scene))
    expect(page.locator("main td").first).to_be_visible()
    assert page.evaluate(_CUT) == []


def test_every_page_template_is_looked_at() -> None:
    frames = {"client/frame", "console/layout", "components/base"}
    pages = {
        str(path.relative_to(PAGES).with_suffix(""))
        for path in PAGES.rglob("*.html")
        if "{% extends" in path.read_text("utf-8")
    }
    assert pages - frames == {shown.template for shown in LOOKS.values()}


def test_the_check_itself_sees_barriers_and_what_is_too_wide(arrive: Arrive) -> None:
    page = arrive().page
    page.goto("/")
    page.evaluate(
        """const main = document.querySelector("main");
           main.innerHTML = "<button></button><p>" + "wide".repeat(200) + "</p>";
           document.body.style.overflowWrap = "normal";"""
    )
    found = "\\n".join(accessibility.faults(page))
    assert "wider than the window" in found
    assert "button-name (critical)" in found
    assert "at 375 px, dark" in found
