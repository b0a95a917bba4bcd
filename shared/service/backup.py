"""A backup of all rows in blobs; service/restore.py is the way back.

A backup is a manifest that names its chunks: gzipped JSON Lines of {table, partition, key, body}.
Live rows are written each time. Archived tickets do not change, so a month's chunks are taken
over from the backup before as long as the month's index has the same rows. The manifest is
written last: a backup that was interrupted does not exist.

A walk over a running desk is no snapshot. Each ticket is read whole, and whatever else is a little
older or newer follows from the histories: after a restore, rebuild the desk (service/rebuild.py).
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json

from shared.domain.desk import Desk
from shared.domain.errors import NotFound
from shared.domain.people import Frozen
from shared.ports import Row, Rows
from shared.service import layout as ly
from shared.service import walk
from shared.service.deps import Deps

KEPT_FOR = dt.timedelta(days=35)
LIST = "backup/list.json"
_CHUNK_BYTES = 4_000_000  # of JSON Lines, before they are compressed


class Chunk(Frozen):
    """One blob of a backup. `sha256` is of the blob as it is stored."""

    blob: str
    rows: int
    sha256: str


class Month(Frozen):
    """An archived month. `index` tells whether any of its tickets came, went or was rewritten."""

    index: str
    chunks: tuple[Chunk, ...]


class Manifest(Frozen):
    """What a backup consists of."""

    name: str
    at: dt.datetime
    live: dict[str, tuple[Chunk, ...]]  # by desk
    months: dict[str, Month]  # by archive partition, such as mytc|2026-11

    @property
    def chunks(self) -> list[Chunk]:
        """All of them."""
        archived = [chunk for month in self.months.values() for chunk in month.chunks]
        return [*(chunk for chunks in self.live.values() for chunk in chunks), *archived]

    @property
    def rows(self) -> int:
        """How many rows it holds."""
        return sum(chunk.rows for chunk in self.chunks)


class Named(Frozen):
    """A backup in the list of those that are kept."""

    name: str
    at: dt.datetime
    rows: int


# -- out


async def back_up(deps: Deps) -> Manifest:
    """Writes a backup of all desks; forgets those older than 35 days. Raises Unavailable."""
    now = deps.clock.now()
    name = ly.stamp(now)
    before = await latest(deps)
    live: dict[str, tuple[Chunk, ...]] = {}
    months: dict[str, Month] = {}
    for desk in deps.desks.values():
        live[desk.id] = await _live(deps, desk, name)
        months |= await _months(deps, desk, name, before)
    made = Manifest(name=name, at=now, live=live, months=months)
    await deps.blobs.put(_manifest_blob(name), made.model_dump_json().encode(), "application/json")
    await _list(deps, Named(name=name, at=now, rows=made.rows))
    return made


async def kept(deps: Deps) -> tuple[Named, ...]:
    """The backups that there are, newest first."""
    try:
        content = await deps.blobs.get(LIST)
    except NotFound:
        return ()
    return tuple(Named.model_validate(entry) for entry in json.loads(content))


async def manifest(deps: Deps, name: str) -> Manifest:
    """The manifest of a backup. Raises NotFound."""
    return Manifest.model_validate_json(await deps.blobs.get(_manifest_blob(name)))


async def latest(deps: Deps) -> Manifest | None:
    """The newest backup's manifest, if there is any."""
    found = await kept(deps)
    return await manifest(deps, found[0].name) if found else None


async def _live(deps: Deps, desk: Desk, name: str) -> tuple[Chunk, ...]:
    writer = _Writer(deps, f"backup/{name}/live-{desk.id}")
    # Histories last: what the rows before them say is then at most older than its history.
    for low, high in (("\x20", "ticket|"), (f"ticket{ly.END}", walk.LAST)):
        async for page in walk.pages(deps.rows, desk.id, low, high):
            for row in page:
                await writer.add("live", desk.id, row)
    async for ticket in walk.live(deps.rows, desk.id):
        for row in ticket.rows:
            await writer.add("live", desk.id, row)
    return await writer.end()


async def _months(deps: Deps, desk: Desk, name: str, before: Manifest | None) -> dict[str, Month]:
    found: dict[str, Month] = {}
    async for month in walk.months(deps, desk):
        partition = f"{desk.id}|{month}"
        index = await _index_of(deps.archive, partition)
        known = before.months.get(partition) if before else None
        if known is None or known.index != index:
            chunks = await _month(deps, desk, month, f"backup/{name}/archive-{desk.id}-{month}")
            known = Month(index=index, chunks=chunks)
        found[partition] = known
    return found


async def _index_of(archive: Rows, partition: str) -> str:
    told = hashlib.sha256()
    async for page in walk.pages(archive, partition):
        for row in page:
            told.update(f"{row.key}\0{row.etag}\n".encode())
    return told.hexdigest()


async def _month(deps: Deps, desk: Desk, month: str, prefix: str) -> tuple[Chunk, ...]:
    writer = _Writer(deps, prefix)
    await writer.add("archive", walk.months_partition(desk.id), Row(month, "{}"))
    async for page in walk.pages(deps.archive, f"{desk.id}|{month}"):
        for index in page:
            await writer.add("archive", f"{desk.id}|{month}", index)
            ticket = await walk.archived_ticket(deps, desk, index.key)
            for row in ticket.rows:
                await writer.add("archive", ticket.partition, row)
    return await writer.end()


class _Writer:
    """Collects rows and stores them as a chunk whenever there are enough."""

    def __init__(self, deps: Deps, prefix: str) -> None:
        self._deps = deps
        self._prefix = prefix
        self._lines: list[bytes] = []
        self._size = 0
        self._chunks: list[Chunk] = []

    async def add(self, table: str, partition: str, row: Row) -> None:
        told = {"table": table, "partition": partition, "key": row.key, "body": row.body}
        line = json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()
        self._lines.append(line)
        self._size += len(line)
        if self._size >= _CHUNK_BYTES:
            await self._store()

    async def end(self) -> tuple[Chunk, ...]:
        if self._lines:
            await self._store()
        return tuple(self._chunks)

    async def _store(self) -> None:
        content = gzip.compress(b"\n".join(self._lines) + b"\n", compresslevel=6, mtime=0)
        blob = f"{self._prefix}-{len(self._chunks) + 1:04d}.jsonl.gz"
        await self._deps.blobs.put(blob, content, "application/gzip")
        sha = hashlib.sha256(content).hexdigest()
        self._chunks.append(Chunk(blob=blob, rows=len(self._lines), sha256=sha))
        self._lines, self._size = [], 0


def _manifest_blob(name: str) -> str:
    return f"backup/{name}/manifest.json"


# -- what is kept


async def _list(deps: Deps, made: Named) -> None:
    """Puts the backup on the list; those that are too old leave it and go."""
    found = [made, *(entry for entry in await kept(deps) if entry.name != made.name)]
    fresh = [entry for entry in found if made.at - entry.at <= KEPT_FOR]
    old = [entry for entry in found if made.at - entry.at > KEPT_FOR]
    used = {c.blob for entry in fresh for c in (await manifest(deps, entry.name)).chunks}
    for entry in old:
        await _forget(deps, entry, used)
    told = json.dumps([entry.model_dump(mode="json") for entry in fresh])
    await deps.blobs.put(LIST, told.encode(), "application/json")


async def _forget(deps: Deps, entry: Named, used: set[str]) -> None:
    """Removes a backup's blobs but for those that a newer one took over; its manifest last."""
    try:
        gone = await manifest(deps, entry.name)
    except NotFound:
        return
    for chunk in gone.chunks:
        if chunk.blob not in used:
            await deps.blobs.delete(chunk.blob)
    await deps.blobs.delete(_manifest_blob(entry.name))


async def forget_others(deps: Deps) -> int:
    """Removes every backup but the newest, as after erasing a person; how many."""
    found = await kept(deps)
    if not found:
        return 0
    used = {chunk.blob for chunk in (await manifest(deps, found[0].name)).chunks}
    for entry in found[1:]:
        await _forget(deps, entry, used)
    told = json.dumps([found[0].model_dump(mode="json")])
    await deps.blobs.put(LIST, told.encode(), "application/json")
    return len(found) - 1
