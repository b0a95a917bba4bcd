"""Lists page by page: everything once, full pages, and no page after the last."""

from __future__ import annotations

import pytest

from shared.domain import commands as cm
from shared.domain.errors import Invalid
from shared.service import layout as ly
from shared.service import reads
from shared.service.conversation import staff_command
from tests.service.counted import Counted, counted, submit

HOLLY = "holly@mytc.example"


async def desk_with(tickets: int, closed: int) -> Counted:
    """So many tickets, the first of them closed."""
    at = counted()
    for _ in range(tickets):
        await submit(at.deps)
    for n in range(1, closed + 1):
        decide = cm.Decide(command="decide", decision="not_our_problem", reason="not ours")
        await staff_command(at.deps, f"MYTC-{n}", decide, at.app.actor(HOLLY))
    await at.app.deliver_all()
    return at


async def pages(at: Counted, **query: object) -> list[list[str]]:
    """The numbers on each page, up to the last."""
    desk = at.deps.desk("mytc")
    found: list[tuple[ly.Summary, ...]] = []
    cursor = ""
    while not found or cursor:
        asked = reads.Query(**query, cursor=cursor)  # type: ignore[arg-type]
        page = await reads.tickets(at.deps, desk, asked)
        found.append(page.tickets)
        cursor = page.cursor
    return [[summary.number for summary in each] for each in found]


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7])
@pytest.mark.parametrize(("view", "count"), [("all", 6), ("open", 4), ("closed", 2)])
async def test_pages_hold_everything_once_and_only_the_last_is_not_full(
    limit: int, view: str, count: int
) -> None:
    found = await pages(await desk_with(6, closed=2), view=view, limit=limit)
    numbers = [number for page in found for number in page]
    assert len(numbers) == len(set(numbers)) == count
    assert [len(page) for page in found[:-1]] == [limit] * (len(found) - 1)
    assert found[-1]


async def test_a_search_in_all_tickets_finds_open_and_closed_ones_on_its_first_page() -> None:
    at = await desk_with(6, closed=2)
    assert await pages(at, view="all", text="MYTC-1") == [["MYTC-1"]]
    assert await pages(at, view="all", text="MYTC-6") == [["MYTC-6"]]


async def test_a_cursor_of_another_view_is_refused() -> None:
    at = await desk_with(3, closed=1)
    desk = at.deps.desk("mytc")
    page = await reads.tickets(at.deps, desk, reads.Query(view="open", limit=1))
    with pytest.raises(Invalid, match="cursor"):
        await reads.tickets(at.deps, desk, reads.Query(view="closed", cursor=page.cursor))


@pytest.mark.parametrize("wrong", [{"state": "x"}, {"type": "x"}, {"severity": "x"}, {"view": "x"}])
async def test_a_filter_by_what_the_desk_does_not_have_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid, match=next(iter(wrong))):
        await pages(counted(), **wrong)
