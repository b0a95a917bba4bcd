"""A backup holds everything, and a restored system answers the same."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from shared.adapters.memory import MemoryBlobs
from shared.domain import commands as cm
from shared.domain.errors import NotFound
from shared.ports import Put
from shared.service import backup, backup_shelf, reads, rebuild, restore
from shared.service.numbers import Numbers
from tests.operations.journey import HOLLY, archived, closed, opened, order, worked
from tests.support.app import MemoryApp, memory_app

type Make = Callable[[], MemoryApp]


async def answers(app: MemoryApp) -> object:
    """What the doors tell: lists, tickets with history and readers, own requests, numbers."""
    deps, desk = app.deps, app.deps.desks["mytc"]
    query = reads.Query(view="all", limit=200)
    summaries = (await reads.tickets(deps, desk, query)).tickets
    own = await reads.own_requests(deps, desk, "casey.lee@client.example")
    numbers = {s.number for s in summaries} | {loaded.ticket.number for loaded in own}
    tickets = [await reads.find(deps, number) for number in sorted(numbers)]
    return (
        summaries,
        [(t.row, t.history, t.seen) for t in tickets],
        [t.ticket.number for t in own],
        await reads.board(deps, desk),
        await reads.undelivered(deps, desk),
    )


async def busy(app: MemoryApp) -> list[str]:
    return [await archived(app), await worked(app), await closed(app), await opened(app)]


async def test_a_restored_system_answers_the_same_and_goes_on_counting(make_app: Make) -> None:
    app, fresh = make_app(), make_app()
    numbers = await busy(app)
    made = await backup.back_up(app.deps)
    fresh.clock.at = app.clock.at
    assert await restore.restore(fresh.deps, made.name) == made.rows
    assert await answers(fresh) == await answers(app)
    desk = fresh.deps.desks["mytc"]
    assert [d async for d in rebuild.check_desk(fresh.deps, desk)] == []
    # Numbers of tickets that came after the backup are known to clients.
    assert await opened(fresh) == f"MYTC-{len(numbers) + 1 + restore.SKIPPED}"
    loaded = await order(fresh, numbers[1], HOLLY, cm.Note(command="note", text="goes on"))
    assert loaded.ticket.number == numbers[1]


async def test_an_interrupted_restore_can_go_on_and_ends_the_same() -> None:
    app = memory_app()
    await busy(app)
    made = await backup.back_up(app.deps)
    left = 3

    def fail_later(call: str) -> None:
        nonlocal left
        left -= call == "table.commit"
        if left == 0 and call == "table.commit":
            raise ConnectionError

    fresh = memory_app(fail_later)
    fresh.app = replace(fresh.app, deps=replace(fresh.deps, blobs=app.deps.blobs))
    fresh.clock.at = app.clock.at
    with pytest.raises(ConnectionError):
        await restore.restore(fresh.deps, made.name)
    with pytest.raises(restore.NotEmpty):
        await restore.restore(fresh.deps, made.name)
    await restore.restore(fresh.deps, made.name, go_on=True)
    assert await answers(fresh) == await answers(app)


async def test_archived_months_that_did_not_change_are_taken_over() -> None:
    app = memory_app()
    await archived(app)
    first = await backup.back_up(app.deps)
    app.clock.advance(days=1)
    second = await backup.back_up(app.deps)
    assert second.months == first.months
    assert not {c.blob for c in second.live["mytc"]} & {c.blob for c in first.live["mytc"]}
    await archived(app)
    third = await backup.back_up(app.deps)
    assert {m for m in third.months if third.months[m] == first.months.get(m)} < set(third.months)


async def test_backups_go_after_five_weeks_but_not_what_newer_ones_took_over() -> None:
    app = memory_app()
    await archived(app)
    first = await backup.back_up(app.deps)
    app.clock.advance(days=20)
    second = await backup.back_up(app.deps)
    app.clock.advance(days=20)
    third = await backup.back_up(app.deps)
    assert [entry.name for entry in await backup_shelf.kept(app.deps)] == [third.name, second.name]
    with pytest.raises(NotFound):
        await backup_shelf.manifest(app.deps, first.name)
    for name in (second.name, third.name):
        await restore.verify(app.deps, name)
    assert isinstance(app.deps.blobs, MemoryBlobs)
    used = {c.blob for n in (second, third) for c in n.chunks}
    stored = {name for name in app.deps.blobs.stored if name.endswith(".gz")}
    assert stored == used


async def test_forgetting_the_others_leaves_the_newest_backup_whole() -> None:
    app = memory_app()
    await archived(app)
    for _ in range(3):
        app.clock.advance(days=1)
        newest = await backup.back_up(app.deps)
    assert await backup_shelf.forget_others(app.deps) == 2
    assert [entry.name for entry in await backup_shelf.kept(app.deps)] == [newest.name]
    await restore.verify(app.deps, newest.name)


async def test_an_interrupted_backup_does_not_count() -> None:
    app = memory_app()
    await opened(app)
    first = await backup.back_up(app.deps)
    app.clock.advance(days=1)

    class Broken(MemoryBlobs):
        async def put(self, name: str, content: bytes, content_type: str) -> None:
            if name.endswith("manifest.json"):
                raise ConnectionError
            await super().put(name, content, content_type)

    assert isinstance(app.deps.blobs, MemoryBlobs)
    broken = Broken()
    broken.stored = app.deps.blobs.stored
    with pytest.raises(ConnectionError):
        await backup.back_up(replace(app.deps, blobs=broken))
    latest = await backup_shelf.latest(app.deps)
    assert latest is not None
    assert latest.name == first.name


@pytest.mark.parametrize("content", [None, b"", gzip.compress(b"{}")])
async def test_a_damaged_chunk_is_named_before_any_of_it_is_written(content: bytes | None) -> None:
    app, fresh = memory_app(), memory_app()
    await opened(app)
    made = await backup.back_up(app.deps)
    blob = made.live["mytc"][0].blob
    if content is None:
        await app.deps.blobs.delete(blob)
    else:
        await app.deps.blobs.put(blob, content, "application/gzip")
    deps = replace(fresh.deps, blobs=app.deps.blobs)
    with pytest.raises(restore.DamagedBackup, match=blob):
        await restore.restore(deps, made.name)
    assert await deps.rows.scan("mytc", "\x20", "\x7e") == []


async def test_chunks_are_json_lines_that_any_tool_reads() -> None:
    app = memory_app()
    await opened(app, description="one line\nanother, with é and 🦜")
    made = await backup.back_up(app.deps)
    content = gzip.decompress(await app.deps.blobs.get(made.live["mytc"][0].blob))
    rows = [json.loads(line) for line in content.splitlines()]
    assert {row["table"] for row in rows} == {"live"}
    [event] = [json.loads(r["body"]) for r in rows if r["key"] == "ticket|MYTC-1|event|000001"]
    assert event["events"][0]["description"] == "one line\nanother, with é and 🦜"


async def test_large_desks_are_written_in_chunks_and_come_back_whole() -> None:
    app, fresh = memory_app(), memory_app()
    for _ in range(60):
        await opened(app, description="x" * 99_000)
    made = await backup.back_up(app.deps)
    assert len(made.live["mytc"]) >= 3
    fresh.app = replace(
        fresh.app,
        deps=replace(fresh.deps, blobs=app.deps.blobs, numbers=Numbers(fresh.deps.rows)),
    )
    await restore.restore(fresh.deps, made.name)
    assert await answers(fresh) == await answers(app)


async def test_rows_that_a_busy_desk_left_half_old_are_mended_after_a_restore() -> None:
    app, fresh = memory_app(), memory_app()
    number = await opened(app)
    before = await app.rows.scan("mytc", "open|", "open}")
    app.clock.advance(minutes=5)
    await order(
        app,
        number,
        HOLLY,
        cm.SetSeverity(command="set_severity", severity="low", reason="one person"),
    )
    made = await backup.back_up(app.deps)
    fresh.clock.at = app.clock.at
    deps = replace(fresh.deps, blobs=app.deps.blobs)
    await restore.restore(deps, made.name)
    await deps.rows.commit("mytc", [Put(row.key, row.body) for row in before])
    desk = deps.desks["mytc"]
    assert [d.row async for d in rebuild.rebuild_desk(deps, desk)] == [before[0].key]
    fresh.app = replace(fresh.app, deps=deps)
    assert await answers(fresh) == await answers(app)
