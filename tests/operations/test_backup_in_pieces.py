"""A backup that takes longer than a function may run is made in several runs, and ends whole."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from functions import night, operations
from shared.adapters.memory import MemoryBlobs
from shared.context import use_app
from shared.domain.errors import NotFound, Unavailable
from shared.ports import Put
from shared.service import backup, backup_shelf, backup_walk, layout, reads, restore
from shared.service.archive import AT_ONCE
from shared.service.backup_shelf import Manifest
from shared.service.numbers import Numbers
from tests.infra.code import ROOT
from tests.operations.journey import archived, closed, opened, worked
from tests.support.app import MemoryApp, memory_app

type Make = Callable[[], MemoryApp]
LONG = "x" * 99_000  # forty such tickets fill a chunk
AT_MOST_ONE_CHUNK = 0.0  # seconds


async def busy(app: MemoryApp, tickets: int = 1) -> None:
    """Live tickets for several chunks, and archived ones in two months."""
    await archived(app)
    await archived(app)
    await worked(app)
    for _ in range(tickets):
        await opened(app, description=LONG)


async def finished(app: MemoryApp, made: Manifest | None) -> tuple[Manifest, int]:
    """The backup, and in how many runs it was made."""
    runs = 1
    while made is None:
        app.clock.advance(minutes=5)
        made = await backup.go_on(app.deps, AT_MOST_ONE_CHUNK)
        runs += 1
        assert runs < 50
    return made, runs


async def rows_of(app: MemoryApp) -> dict[tuple[str, str], str]:
    """Every row of the desk, live and archived, but the counter."""
    deps = app.deps
    live = await deps.rows.scan("mytc", "\x20", "\x7e")
    found = {("mytc", row.key): row.body for row in live if row.key != layout.COUNTER}
    for partition in ("mytc|months", "mytc|2026-11", "mytc|2027-01", "mytc|MYTC-1", "mytc|MYTC-2"):
        rows = await deps.archive.scan(partition, "\x20", "\x7e")
        found |= {(partition, row.key): row.body for row in rows}
    return found


async def test_a_backup_of_many_runs_restores_as_one_of_a_single_run_does(make_app: Make) -> None:
    app, fresh = make_app(), make_app()
    await busy(app, 45)
    made, runs = await finished(app, await backup.begin(app.deps, AT_MOST_ONE_CHUNK))
    assert runs >= 4
    assert made.live["mytc"][1].rows > 0
    fresh.clock.at = app.clock.at
    assert await restore.restore(fresh.deps, made.name) == made.rows
    assert await rows_of(fresh) == await rows_of(app)
    assert [entry.name for entry in await backup_shelf.kept(app.deps)] == [made.name]
    assert await backup.go_on(app.deps) is None


async def test_chunks_end_with_whole_tickets_wherever_a_run_ends() -> None:
    app = memory_app()
    await busy(app, 45)
    part = backup_walk.Part(app.deps.desks["mytc"])
    whole = [p async for p in backup_walk.pieces(app.deps, part, "")]
    assert len(whole) >= 2
    for before, piece in pairwise(whole):
        [again, *_] = [p async for p in backup_walk.pieces(app.deps, part, before.after)]
        assert again == piece
    keys = [json.loads(line)["key"] for piece in whole for line in piece.lines]
    assert sorted(keys) == sorted(r.key for r in await app.rows.scan("mytc", "\x20", "\x7e"))


@pytest.mark.parametrize("last", range(1, 14))
async def test_a_run_that_dies_at_any_write_is_gone_on_with(last: int) -> None:
    app, fresh = memory_app(), memory_app()
    await busy(app, 45)

    class Dying(MemoryBlobs):
        left = last

        async def put(self, name: str, content: bytes, content_type: str) -> None:
            self.left -= 1
            if self.left == 0:
                raise ConnectionError
            await super().put(name, content, content_type)

    assert isinstance(app.deps.blobs, MemoryBlobs)
    dying = Dying()
    dying.stored = app.deps.blobs.stored
    try:
        await backup.begin(replace(app.deps, blobs=dying))
    except ConnectionError:
        assert await backup.go_on(app.deps) is None  # it may still be at it
        assert await backup_shelf.kept(app.deps) == () or last > 7
        app.clock.advance(minutes=11)
        await finished(app, await backup.go_on(app.deps))
    [entry] = await backup_shelf.kept(app.deps)
    deps = replace(fresh.deps, blobs=app.deps.blobs, numbers=Numbers(fresh.deps.rows))
    fresh.app = replace(fresh.app, deps=deps)
    await restore.restore(deps, entry.name)
    assert await rows_of(fresh) == await rows_of(app)


async def test_a_restore_refuses_a_backup_that_is_not_finished_and_writes_nothing() -> None:
    app, fresh = memory_app(), memory_app()
    await busy(app, 45)
    name = layout.stamp(app.clock.now())
    assert await backup.begin(app.deps, AT_MOST_ONE_CHUNK) is None
    deps = replace(fresh.deps, blobs=app.deps.blobs)
    for go_on in (False, True):
        with pytest.raises(restore.IncompleteBackup, match=name):
            await restore.restore(deps, name, go_on=go_on)
    with pytest.raises(NotFound):
        await restore.restore(deps, "20200101T000000Z")
    assert await deps.rows.scan("mytc", "\x20", "\x7e") == []
    assert await backup_shelf.latest(app.deps) is None


async def test_a_chunk_that_is_missing_at_the_end_is_seen_before_the_first_row_is_written() -> None:
    app, fresh = memory_app(), memory_app()
    await busy(app, 45)
    made = await backup.back_up(app.deps)
    await app.deps.blobs.delete(made.chunks[-1].blob)
    deps = replace(fresh.deps, blobs=app.deps.blobs)
    with pytest.raises(restore.DamagedBackup, match=re.escape(made.chunks[-1].blob)):
        await restore.restore(deps, made.name)
    assert await deps.rows.scan("mytc", "\x20", "\x7e") == []


async def test_nobody_begins_or_goes_on_while_somebody_is_at_it() -> None:
    app = memory_app()
    await busy(app, 45)
    tried = []

    class Watching(MemoryBlobs):
        async def put(self, name: str, content: bytes, content_type: str) -> None:
            await super().put(name, content, content_type)
            if name.endswith("0001.jsonl.gz"):
                tried.append(await backup.go_on(app.deps))
                with pytest.raises(Unavailable, match="under way"):
                    await backup.begin(app.deps)

    watching = Watching()
    made = await backup.begin(replace(app.deps, blobs=watching))
    assert made is not None
    assert len(tried) > 1
    assert set(tried) == {None}


async def test_who_lost_the_claim_writes_no_manifest() -> None:
    app = memory_app()
    await busy(app, 45)

    class Slow(MemoryBlobs):
        async def put(self, name: str, content: bytes, content_type: str) -> None:
            await super().put(name, content, content_type)
            if name.endswith("mytc-0001.jsonl.gz") and app.clock.at < late:
                app.clock.at = late
                other.append(await backup.begin(replace(app.deps, blobs=self)))

    other: list[Manifest | None] = []
    late = app.clock.at + backup.HOLD * 2
    slow = Slow()
    assert await backup.begin(replace(app.deps, blobs=slow)) is None
    [winner] = other
    assert winner is not None
    entries = await backup_shelf.kept(replace(app.deps, blobs=slow))
    assert [entry.name for entry in entries] == [winner.name]
    await restore.verify(replace(app.deps, blobs=slow), winner.name)


async def test_a_new_backup_removes_what_an_unfinished_one_left() -> None:
    app = memory_app()
    await busy(app, 45)
    first = await backup.back_up(app.deps)
    app.clock.advance(days=1)
    assert await backup.begin(app.deps, AT_MOST_ONE_CHUNK) is None
    app.clock.advance(days=1)
    made = await backup.back_up(app.deps)
    assert isinstance(app.deps.blobs, MemoryBlobs)
    kept = {c.blob for m in (first, made) for c in m.chunks}
    assert {name for name in app.deps.blobs.stored if name.endswith(".gz")} == kept
    assert not [name for name in app.deps.blobs.stored if name.endswith("progress.json")]


async def test_the_timers_make_it_between_them() -> None:
    app = memory_app()
    await busy(app)
    use_app(app.app)
    assert await backup.begin(app.deps, AT_MOST_ONE_CHUNK) is None
    app.clock.advance(minutes=5)
    await operations.measure_undelivered()
    [first] = await backup_shelf.kept(app.deps)
    app.clock.advance(days=1)
    await operations.back_up_tables()
    [second, _] = await backup_shelf.kept(app.deps)
    assert second.name != first.name


async def test_all_that_is_to_be_archived_goes_in_one_night() -> None:
    app = memory_app()
    number = await closed(app)
    index, *_ = [r for r in await app.rows.scan("mytc", "closed|", "closed}")]
    rows = [index, *await app.rows.scan("mytc", *layout.ticket_range(number))]
    for n in range(1000, 1000 + AT_ONCE + 5):
        copies = [(r.key, r.body) for r in rows]
        renamed = [
            (k.replace(number, f"MYTC-{n}"), b.replace(number, f"MYTC-{n}")) for k, b in copies
        ]
        await app.rows.commit("mytc", [Put(key, body) for key, body in renamed])
    app.clock.advance(days=60)
    use_app(app.app)
    await night.archive_closed()
    assert await app.rows.scan("mytc", "closed|", "closed}") == []
    assert (await reads.find(app.deps, "MYTC-1100")).ticket.number == "MYTC-1100"


def test_a_run_ends_well_before_the_host_ends_it() -> None:
    minutes = json.loads((ROOT / "host.json").read_text())["functionTimeout"].split(":")[1]
    for module in (operations, night):
        assert module.SECONDS + 60 < int(minutes) * 60 < backup.HOLD.total_seconds()
