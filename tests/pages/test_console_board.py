"""The third-line board: order, slot, rota, and who may do what on it."""

import pytest

from tests.pages.console_stage import GRACE, HOLLY, LENA, NORA, RUI, Stage
from tests.pages.test_console_done import told
from tests.support.page_client import Element, Page, filled


async def board(stage: Stage, email: str = GRACE) -> Page:
    return await stage.as_(email).get("/desk/door/board")


def column(page: Page, name: str) -> list[str]:
    (found,) = [s for s in page.doc.all("section") if f"column-{name}" in s.attrs["class"]]
    return [li.attrs["data-number"] for li in found.all("li") if "data-number" in li.attrs]


@pytest.fixture
async def ready(stage: Stage) -> list[str]:
    numbers = [await stage.opened("door", title=f"Bug {n}") for n in range(3)]
    for number in numbers:
        await stage.give(number, NORA, "move", to="third_line_triage")
        await stage.give(number, GRACE, "accept_for_sprint")
    return numbers


async def test_a_desk_without_third_line_has_no_board(stage: Stage) -> None:
    page = await stage.as_(HOLLY).get("/desk/mytc/board")

    assert page.status == 404
    assert not (await stage.as_(HOLLY).get("/desk/mytc")).doc.all("a", href="/desk/mytc/board")


async def test_a_bug_goes_through_the_columns_by_buttons(stage: Stage) -> None:
    number = await stage.opened("door")
    await stage.give(number, NORA, "move", to="third_line_triage")
    assert column(await board(stage), "triage") == [number]

    for email, command, to in (
        (GRACE, "accept_for_sprint", "ready"),
        (RUI, "pull_next", "in_progress"),
        (RUI, "mark_deployed", "deployed"),
    ):
        answer = await stage.as_(email).submit((await board(stage, email)).form(command))
        assert answer.location == "/desk/door/board", answer.text
        assert column(await board(stage), to) == [number]


async def test_order_is_changed_by_keyboard(stage: Stage, ready: list[str]) -> None:
    one, two, three = ready
    page = await board(stage)
    ups = [f for f in page.forms("rank") if f.all("input", name="before")]

    await stage.as_(GRACE).submit(ups[-1])

    assert column(page, "ready") == [one, two, three]
    assert column(await board(stage), "ready") == [one, three, two]


async def test_only_the_product_owner_orders_and_accepts(stage: Stage, ready: list[str]) -> None:
    page = await board(stage, RUI)

    assert not page.forms("rank")
    assert not [li for li in page.doc.all("li") if "draggable" in li.attrs]
    forced = {"command": "rank", "back": "board", "before": ready[0]}
    refused = await stage.as_(RUI).post(f"/desk/door/tickets/{ready[2]}/commands", forced)
    assert refused.status == 403
    assert ready[2] in refused.doc.by_id("board").all("strong")[0].text
    assert column(refused, "ready") == ready


async def test_only_the_sprints_developer_pulls_and_only_the_first(
    stage: Stage, ready: list[str]
) -> None:
    pull = {"command": "pull_next", "back": "board"}

    assert not (await board(stage, LENA)).forms("pull_next")
    other = await stage.as_(LENA).post(f"/desk/door/tickets/{ready[0]}/commands", pull)
    second = await stage.as_(RUI).post(f"/desk/door/tickets/{ready[1]}/commands", pull)

    assert (other.status, second.status) == (409, 409)
    assert "the first in Ready for sprint is" in second.text
    assert column(await board(stage), "in_progress") == []


async def test_a_taken_slot_offers_no_pull(stage: Stage, ready: list[str]) -> None:
    await stage.give(ready[0], RUI, "pull_next")

    page = await board(stage, RUI)

    assert not page.forms("pull_next")
    assert "Rui Costa, sprint 24, for" in page.text
    assert len(page.forms("mark_deployed")) == 1
    assert not (await board(stage, LENA)).forms("mark_deployed")


async def test_the_rota_names_this_sprint_and_the_next_ones(stage: Stage) -> None:
    page = await board(stage)

    (current,) = [tr for tr in page.doc.all("tr") if tr.attrs.get("class") == "current"]
    cells = [e.text for e in current if e.tag in ("th", "td")]
    assert cells == ["24 (now)", "Rui Costa", "2026-11-23", "2026-12-06"]
    assert len(page.doc.all("tbody")[0].all("tr")) == 4


async def test_the_ticket_page_of_a_bug_offers_the_boards_actions(stage: Stage) -> None:
    number = await stage.opened("door")
    await stage.give(number, NORA, "move", to="third_line_triage")

    assert len((await stage.page(number, GRACE)).forms("accept_for_sprint")) == 1
    assert not (await stage.page(number, NORA)).forms("accept_for_sprint")


async def clicked(stage: Stage, email: str, form: Element) -> Page:
    """The button of that form, sent as the page's script does."""
    return await stage.as_(email).post(form.attrs["action"], filled(form), hx_request="true")


async def test_every_command_of_the_board_is_confirmed_in_words(
    stage: Stage, ready: list[str]
) -> None:
    one, two, _ = ready
    last = await stage.opened("door", title="Bug 4")
    await stage.give(last, NORA, "move", to="third_line_triage")
    said = []

    for email, command in (
        (GRACE, "accept_for_sprint"),
        (GRACE, "rank"),
        (RUI, "pull_next"),
        (RUI, "mark_deployed"),
    ):
        form = (await board(stage, email)).forms(command)[0]
        page = await clicked(stage, email, form)
        assert page.status == 200, page.text
        assert page.doc.by_id("board")
        said.append(told(page))

    assert said == [
        f"{last}: accepted, last in Ready for sprint",
        f"{one}: now at place 2 of Ready for sprint",
        f"{two}: pulled into sprint 24, assigned to you",
        f"{two}: deployed to development; the slot is free",
    ]


async def test_a_refused_command_of_the_board_is_not_confirmed(
    stage: Stage, ready: list[str]
) -> None:
    form = (await board(stage, RUI)).form("pull_next")
    await clicked(stage, RUI, form)

    page = await clicked(stage, RUI, form)

    assert (page.status, told(page)) == (409, "")


async def test_what_others_did_to_the_ticket_does_not_stop_a_command_of_the_board(
    stage: Stage, ready: list[str]
) -> None:
    form = (await board(stage)).forms("rank")[0]
    await stage.give(ready[0], NORA, "note", text="Seen in the logs.")

    page = await clicked(stage, GRACE, form)

    assert told(page) == f"{ready[0]}: now at place 2 of Ready for sprint"
    assert column(page, "ready") == [ready[1], ready[0], ready[2]]
