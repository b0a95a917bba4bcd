"""The history is the truth: what does not follow from it is found and mended."""

from __future__ import annotations

import json

import pytest

from shared.domain import commands as cm
from shared.domain.desk import Desk
from shared.domain.errors import NotFound
from shared.ports import Delete, Put, Row
from shared.service import layout as ly
from shared.service import reads, rebuild, walk
from tests.operations.journey import HOLLY, archived, closed, opened, order, without_type, worked
from tests.support.app import MemoryApp, memory_app

INDEXES = ["open|", "closed|", "due|", "requester|", "key|", "fact|"]


@pytest.fixture
async def app() -> MemoryApp:
    """A desk with an open, a worked, a closed and an archived ticket."""
    made = memory_app()
    await archived(made)
    await worked(made)
    await closed(made)
    await opened(made)
    await made.deliver_all()
    return made


@pytest.fixture
def desk(app: MemoryApp) -> Desk:
    return app.deps.desks["mytc"]


async def everything(app: MemoryApp) -> dict[str, str]:
    return {r.key: r.body for r in await app.rows.scan("mytc", "\x20", "\x7e")}


async def differences(app: MemoryApp, desk: Desk) -> list[rebuild.Difference]:
    return [d async for d in rebuild.check_desk(app.deps, desk)]


async def mended(app: MemoryApp, desk: Desk) -> list[rebuild.Difference]:
    return [d async for d in rebuild.rebuild_desk(app.deps, desk)]


async def test_after_ordinary_work_every_row_follows_from_the_history(
    app: MemoryApp, desk: Desk
) -> None:
    assert await differences(app, desk) == []


@pytest.mark.parametrize("prefix", INDEXES)
async def test_index_rows_that_were_lost_come_back_as_they_were(
    app: MemoryApp, desk: Desk, prefix: str
) -> None:
    before = await everything(app)
    # Among the keys, those that lead from a work item can be told from the history.
    lost = [k for k, body in before.items() if k.startswith(prefix) and _is_indexed(prefix, body)]
    assert lost
    await app.rows.commit("mytc", [Delete(key) for key in lost])
    missing = {d.row for d in await differences(app, desk)}
    # The archived ticket's requester row stays behind it and points to no live history.
    assert missing >= {key for key in lost if _is_live(before, key, before[key])}
    await mended(app, desk)
    after = await everything(app)
    assert {k: v for k, v in before.items() if k not in after and _is_live(before, k, v)} == {}
    assert await differences(app, desk) == []


def _is_indexed(prefix: str, body: str) -> bool:
    return prefix != "key|" or not json.loads(body).get("body")


def _is_live(before: dict[str, str], key: str, body: str) -> bool:
    return ly.state_key(json.loads(body).get("number", "")) in before


async def test_a_state_that_says_something_else_than_its_history_is_found_and_mended(
    app: MemoryApp, desk: Desk
) -> None:
    key = ly.state_key("MYTC-2")
    row = await app.rows.get("mytc", key)
    assert row is not None
    told = json.loads(row.body)
    told["ticket"]["title"], told["ticket"]["severity"] = "Something else", "low"
    await app.rows.commit("mytc", [Put(key, json.dumps(told))])
    found = await differences(app, desk)
    assert rebuild.Difference(
        "MYTC-2", key, "differs from the history in title, severity"
    ) in found  # fmt: skip
    await rebuild.rebuild_ticket(app.deps, "MYTC-2")
    mended_row = await app.rows.get("mytc", key)
    assert mended_row is not None
    assert mended_row.body == row.body


@pytest.mark.parametrize("body", [None, "{", '{"ticket": 1}'])
async def test_a_state_that_is_lost_or_unreadable_is_made_from_the_history(
    app: MemoryApp, desk: Desk, body: str | None
) -> None:
    before = await everything(app)
    key = ly.state_key("MYTC-2")
    await app.rows.commit("mytc", [Put(key, body) if body is not None else Delete(key)])
    await rebuild.rebuild_ticket(app.deps, "MYTC-2")
    after = await everything(app)
    mended_row, row = (ly.TicketRow.model_validate_json(rows[key]) for rows in (after, before))
    assert mended_row == row.model_copy(update={"threads": {}})  # mails begin a new thread
    assert {**after, key: ""} == {**before, key: ""}


@pytest.mark.parametrize(
    "stray", ["open|20200101T000000Z|MYTC-3", "due|20200101T000000Z|MYTC-3", "open|paused|MYTC-99"]
)
async def test_index_rows_that_point_to_nothing_go(app: MemoryApp, desk: Desk, stray: str) -> None:
    before = await everything(app)
    await app.rows.commit("mytc", [Put(stray, '{"number":"x"}')])
    assert [d.row for d in await mended(app, desk)] == [stray]
    assert await everything(app) == before


async def test_a_hole_in_the_history_is_told_and_nothing_is_written(
    app: MemoryApp, desk: Desk
) -> None:
    await app.rows.commit("mytc", [Delete(ly.event_key("MYTC-2", 2))])
    before = await everything(app)
    [found] = await mended(app, desk)
    assert (found.number, found.row) == ("MYTC-2", "")
    assert found.what.startswith("events are missing: 2")
    assert await everything(app) == before


async def test_rebuilding_one_ticket_leaves_the_others_alone(app: MemoryApp, desk: Desk) -> None:
    due = [k for k in await everything(app) if k.startswith("due|")]
    await app.rows.commit("mytc", [Delete(key) for key in due])
    await rebuild.rebuild_ticket(app.deps, "MYTC-2")
    left = [k for k in await everything(app) if k.startswith("due|")]
    assert [key.rpartition("|")[2] for key in left] == ["MYTC-2"]


async def test_an_archived_ticket_is_checked_against_its_history_too(
    app: MemoryApp, desk: Desk
) -> None:
    key = ly.state_key("MYTC-1")
    row = await app.deps.archive.get("mytc|MYTC-1", key)
    assert row is not None
    changed = row.body.replace("Sign-in fails", "Sign-on works")
    await app.deps.archive.commit("mytc|MYTC-1", [Put(key, changed)])
    assert [d.number for d in await mended(app, desk)] == ["MYTC-1"]
    loaded = await reads.find(app.deps, "MYTC-1")
    assert loaded.ticket.title == "Sign-in fails for Casey Lee"


async def test_a_ticket_that_nobody_knows_is_not_found(app: MemoryApp) -> None:
    with pytest.raises(NotFound):
        await rebuild.rebuild_ticket(app.deps, "MYTC-999")


async def test_a_command_that_comes_in_between_is_not_overwritten() -> None:
    app = memory_app()
    number = await opened(app)
    desk = app.deps.desks["mytc"]
    [stale] = [kept async for kept in walk.live(app.rows, "mytc")]
    await order(app, number, HOLLY, cm.Note(command="note", text="newer"))
    key = next(k for k in await everything(app) if k.startswith("due|"))
    await app.rows.commit("mytc", [Delete(key)])
    await rebuild.rebuild(app.deps, desk, stale)
    loaded = await reads.find(app.deps, number)
    assert loaded.ticket.notes == 1
    assert await differences(app, desk) == []


async def test_tickets_with_more_rows_than_a_page_are_read_whole() -> None:
    app = memory_app()
    numbers = [await opened(app) for _ in range(3)]
    rows = [
        Row(f"ticket|{numbers[1]}|seen|{i:04d}", f'{{"email":"x{i}@y.example","at":"2026-01-01"}}')
        for i in range(walk.PAGE + 20)
    ]
    for start in range(0, len(rows), 90):
        await app.rows.commit("mytc", [Put(r.key, r.body) for r in rows[start : start + 90]])
    seen = {k.number: len(k.rows) async for k in walk.live(app.rows, "mytc")}
    assert seen == {numbers[0]: 2, numbers[1]: 2 + len(rows), numbers[2]: 2}


async def test_a_type_that_the_desk_has_no_more_is_told_for_live_tickets_only(
    app: MemoryApp, desk: Desk
) -> None:
    other = without_type(desk, "production_issue")
    found = {d.number: d.what for d in await differences(app, other)}
    assert set(found) == {"MYTC-2", "MYTC-3", "MYTC-4"}
    assert found["MYTC-2"] == "request type production_issue is no longer part of this desk"
