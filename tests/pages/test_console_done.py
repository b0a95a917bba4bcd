"""After one's own command a page that stays open says in words what was done."""

import json

import pytest

from tests.pages.console_stage import HOLLY, SAM, Stage
from tests.support.page_client import Element, Page, filled


async def send(stage: Stage, form: Element, **typed: str) -> Page:
    """Holly's command, sent as the page's script does."""
    kept = [(name, value) for name, value in filled(form) if name not in typed]
    pairs = [*kept, *typed.items()]
    return await stage.as_(HOLLY).post(form.attrs["action"], pairs, hx_request="true")


async def sent(stage: Stage, number: str, command: str, **typed: str) -> Page:
    """The same, from the ticket's page as it is now."""
    return await send(stage, (await stage.page(number)).form(command), **typed)


def told(page: Page) -> str:
    """What the page is to say, '' for nothing."""
    events = json.loads(page.headers.get("hx-trigger", "{}"))
    return str(events.get("docket:done", {}).get("text", ""))


@pytest.mark.parametrize(
    ("command", "typed", "words"),
    [
        ("reply", {"text": "We are on it."}, "Reply sent to Jane Doe"),
        ("note", {"text": "The certificate."}, "Work note added"),
        ("move", {"to": "in_planning"}, "Moved to In Planning"),
        ("assign", {"assignee": SAM}, "Assigned to Sam Okafor"),
        ("assign", {"take_it": HOLLY}, "Assigned to you"),
        ("opine", {"opinion": "proceed"}, "Opinion given"),
        (
            "set_severity",
            {"severity": "low", "reason": "Only one user."},
            "You set the severity from High to Low: Only one user.",
        ),
    ],
)
async def test_a_command_is_confirmed_in_words(
    stage: Stage, command: str, typed: dict[str, str], words: str
) -> None:
    number = await stage.opened()

    page = await sent(stage, number, command, **typed)

    assert page.status == 200
    assert told(page) == words
    assert number in page.doc.by_id("head").text


async def test_a_command_that_changes_nothing_is_not_confirmed(stage: Stage) -> None:
    number = await stage.opened()
    await stage.give(number, HOLLY, "assign", assignee=SAM)

    page = await sent(stage, number, "assign", assignee=SAM)

    assert (page.status, told(page)) == (200, "")


async def test_an_own_earlier_change_is_not_confirmed_again(stage: Stage) -> None:
    number = await stage.opened()
    form = (await stage.page(number)).form("reply")
    await stage.give(number, HOLLY, "assign", assignee=SAM)

    page = await send(stage, form, text="On it.")

    assert told(page) == "Reply sent to Jane Doe"


async def test_a_refusal_confirms_nothing(stage: Stage) -> None:
    number = await stage.opened()

    page = await sent(stage, number, "move", to="nowhere")

    assert page.status >= 400
    assert told(page) == ""


async def test_one_click_takes_a_ticket_that_is_not_mine(stage: Stage) -> None:
    number = await stage.opened()
    (button,) = (await stage.page(number)).doc.all("button", name="take_it")

    answer = await stage.as_(HOLLY).submit(
        (await stage.page(number)).form("assign"), take_it=button.attrs["value"]
    )

    assert answer.status == 303
    assert (await stage.ticket(number)).assignee == HOLLY
    assert not (await stage.page(number)).doc.all("button", name="take_it")
