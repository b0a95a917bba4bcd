"""Lists page by page: everything once, full pages, and no page after the last."""

from __future__ import annotations

import datetime as dt
import json

import pytest

from shared.domain import commands as cm
from shared.domain import ticket as tk
from shared.domain.errors import Invalid
from shared.domain.searching import words_of
from shared.ports import Put
from shared.service import layout as ly
from shared.service import reads, store
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


@pytest.mark.parametrize("sort", ["", "newest"])
async def test_a_row_of_the_list_that_cannot_be_read_hides_no_other(sort: str) -> None:
    at = await desk_with(2, closed=0)
    [row, _] = await at.deps.rows.scan("mytc", "open|", f"open{ly.END}")
    await at.deps.rows.commit("mytc", [Put(row.key, '{"newer": 1}')])
    assert len((await pages(at, sort=sort))[0]) == 1


async def test_a_search_in_all_tickets_finds_open_and_closed_ones_on_its_first_page() -> None:
    at = await desk_with(6, closed=2)
    assert await pages(at, view="all", text="MYTC-1") == [["MYTC-1"]]
    assert await pages(at, view="all", text="MYTC-6") == [["MYTC-6"]]


async def found_by(at: Counted, text: str) -> list[str]:
    """The open tickets that a search finds."""
    return (await pages(at, text=text))[0]


@pytest.mark.parametrize(
    "text",
    [
        "trucks",
        "BORDER trucks",
        "medical",
        "MÉDICAL",
        "d'aptitude",
        "orion-7",
        "#orion-7",
        "mytc-2",
        "fitness certificate",
    ],
)
async def test_a_search_finds_words_of_title_text_and_references_however_they_are_written(
    text: str,
) -> None:
    at = counted()
    await submit(at.deps)
    await submit(
        at.deps,
        title="Fitness certificate refused",
        description="Trucks wait at the border: «le certificat médical d’aptitude» is refused.",
        external_refs=(tk.ExternalRef(system="ORION", ref="ORION-7"),),
    )
    assert await found_by(at, text) == ["MYTC-2"]


async def test_a_work_item_is_found_as_the_list_writes_it() -> None:
    at = counted()
    for _ in range(2):
        await submit(at.deps)
    await at.app.deliver_all()
    mirror = (await store.load(at.deps.rows, "mytc", "MYTC-2")).ticket.mirror
    assert mirror
    assert "MYTC-2" in await found_by(at, f"#{mirror.id}")


async def test_a_row_from_before_texts_were_searched_is_found_by_its_title() -> None:
    at = counted()
    await submit(at.deps, title="Border report", description="Trucks wait.")
    [row] = await at.app.rows.scan("mytc", "open|", f"open{ly.END}")
    known = {k: v for k, v in json.loads(row.body).items() if k != "words"}
    await at.app.rows.commit("mytc", [Put(row.key, json.dumps(known))])
    assert (await found_by(at, "border"), await found_by(at, "trucks")) == (["MYTC-1"], [])


def test_a_ticket_keeps_a_thousand_characters_of_whole_words_for_searches() -> None:
    at = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
    text = " ".join(f"word{n}" for n in range(1000))
    ticket = tk.Ticket.model_construct(
        description=text, external_refs=(), work_items=(), created_at=at
    )
    kept = words_of(ticket)
    assert 990 < len(kept) <= 1000
    assert text.startswith(f"{kept} ")


async def in_order(at: Counted, **query: object) -> list[str]:
    return [number for page in await pages(at, **query) for number in page]


@pytest.mark.parametrize("limit", [1, 2, 50])
async def test_the_worst_or_the_newest_come_first_when_that_is_asked_for(limit: int) -> None:
    at = counted()
    for severity in ("low", "critical", "high"):
        await submit(at.deps, severity=severity, environment="production")
        at.app.clock.advance(hours=9)
    assert await in_order(at, limit=limit, sort="severity") == ["MYTC-2", "MYTC-3", "MYTC-1"]
    assert await in_order(at, limit=limit, sort="newest") == ["MYTC-3", "MYTC-2", "MYTC-1"]


async def test_a_cursor_of_another_order_is_refused() -> None:
    at = await desk_with(3, closed=0)
    desk = at.deps.desk("mytc")
    for first, then in (("", "newest"), ("newest", "")):
        page = await reads.tickets(at.deps, desk, reads.Query(limit=1, sort=first))
        with pytest.raises(Invalid, match="cursor"):
            await reads.tickets(at.deps, desk, reads.Query(sort=then, cursor=page.cursor))


async def test_a_cursor_of_another_view_is_refused() -> None:
    at = await desk_with(3, closed=1)
    desk = at.deps.desk("mytc")
    page = await reads.tickets(at.deps, desk, reads.Query(view="open", limit=1))
    with pytest.raises(Invalid, match="cursor"):
        await reads.tickets(at.deps, desk, reads.Query(view="closed", cursor=page.cursor))


@pytest.mark.parametrize(
    "wrong", [{name: "x"} for name in ("state", "type", "severity", "view", "sort")]
)
async def test_a_filter_by_what_the_desk_does_not_have_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(Invalid, match=next(iter(wrong))):
        await pages(counted(), **wrong)
