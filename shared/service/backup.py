"""A backup of all rows in blobs; service/restore.py is the way back.

A backup is a manifest that names its chunks: gzipped JSON Lines of {table, partition, key, body}.
Live rows are written each time. Archived tickets do not change, so a month's chunks are taken
over from the backup before as long as the month's index has the same rows. The manifest is
written last: a backup that was not finished does not exist.

A run of a function has minutes only, so a backup is made in pieces. What is whole is noted after
each chunk, and another run goes on from there. A row says who is at it, and until when.

A walk over a running desk is no snapshot. Each ticket is read whole, and whatever else is a little
older or newer follows from the histories: after a restore, rebuild the desk (service/rebuild.py).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import time

from shared.domain.errors import Conflict, Unavailable
from shared.domain.people import Frozen
from shared.ports import Delete, Insert, Replace
from shared.service import backup_shelf as shelf
from shared.service import backup_walk as bw
from shared.service import layout as ly
from shared.service.backup_shelf import Chunk, Manifest, Month, Named, Progress
from shared.service.deps import Deps

HOLD = dt.timedelta(minutes=10)  # longer than a run may take: then somebody else goes on
_PARTITION, _WORK = "_backup", "work"  # no desk has such a name


class Claim(Frozen):
    """Who makes which backup: nobody else until then."""

    name: str
    at: dt.datetime
    until: dt.datetime


# -- out


async def back_up(deps: Deps) -> Manifest:
    """Writes a backup of all desks, however long it takes. Raises as `begin`."""
    made = await begin(deps)
    if made is None:
        raise Unavailable("the backup did not come to its end")
    return made


async def begin(deps: Deps, seconds: float | None = None) -> Manifest | None:
    """Begins a backup of all desks; forgets one that nobody finished, and those of 35 days ago.

    None when the time was not enough: then `go_on`. Raises Unavailable while another is under way.
    """
    now = deps.clock.now()
    row = await deps.rows.get(_PARTITION, _WORK)
    claim = Claim(name=ly.stamp(now), at=now, until=now + HOLD)
    try:
        if row is None:
            [etag] = await deps.rows.commit(_PARTITION, [Insert(_WORK, ly.body(claim))])
        else:
            old = Claim.model_validate_json(row.body)
            if old.until > now:
                raise Unavailable(f"the backup {old.name} is under way; wait for it")
            [etag] = await deps.rows.commit(_PARTITION, [Replace(_WORK, ly.body(claim), row.etag)])
            await shelf.give_up(deps, old.name)
    except Conflict as error:
        raise Unavailable("another backup began just now; wait for it") from error
    return await _Work(deps, claim, etag, seconds).run(Progress(name=claim.name, at=now))


async def go_on(deps: Deps, seconds: float | None = None) -> Manifest | None:
    """Goes on with a backup that was not finished; its manifest if it is now."""
    now = deps.clock.now()
    row = await deps.rows.get(_PARTITION, _WORK)
    if row is None:
        return None
    old = Claim.model_validate_json(row.body)
    if old.until > now:
        return None
    claim = old.model_copy(update={"until": now + HOLD})
    try:
        [etag] = await deps.rows.commit(_PARTITION, [Replace(_WORK, ly.body(claim), row.etag)])
    except Conflict:
        return None  # somebody else does
    progress = await shelf.unfinished(deps, claim.name) or Progress(name=claim.name, at=claim.at)
    return await _Work(deps, claim, etag, seconds).run(progress)


class _Work:
    """One run at a backup, by the holder of its claim."""

    def __init__(self, deps: Deps, claim: Claim, etag: str, seconds: float | None) -> None:
        self._deps, self._claim, self._etag = deps, claim, etag
        self._began, self._seconds = time.monotonic(), seconds
        self._now = deps.clock.now()

    async def run(self, progress: Progress) -> Manifest | None:
        """The manifest, or None when the time is over or somebody else took the backup over."""
        before = await shelf.latest(self._deps)
        try:
            for part in await bw.parts(self._deps):
                if part.name in progress.live or part.name in progress.months:
                    continue
                progress, is_whole = await self._part(part, progress, before)
                if not is_whole or self._is_over():
                    await self._hold(progress, dt.timedelta())
                    return None
        except Conflict:
            return None
        return await self._finish(progress)

    async def _part(
        self, part: bw.Part, progress: Progress, before: Manifest | None
    ) -> tuple[Progress, bool]:
        """The progress, and whether the part came to its end."""
        if progress.part != part.name:
            index = await bw.index_of(self._deps, part) if part.month else ""
            known = before.months.get(part.name) if before and part.month else None
            if known is not None and known.index == index:
                return progress.ended(part.name, known), True
            progress = progress.begun(part.name, index)
        async for piece in bw.pieces(self._deps, part, progress.after):
            number = len(progress.chunks) + 1
            chunk = await self._store(f"{part.blob}-{number:04d}", piece)
            added = {"chunks": (*progress.chunks, chunk), "after": piece.after}
            progress = progress.model_copy(update=added)
            await self._hold(progress, HOLD)
            if self._is_over():
                return progress, False
        return progress.ended(part.name, Month(index=progress.index, chunks=progress.chunks)), True

    async def _store(self, name: str, piece: bw.Piece) -> Chunk:
        content = piece.content
        blob = f"backup/{self._claim.name}/{name}.jsonl.gz"
        await self._deps.blobs.put(blob, content, "application/gzip")
        sha = hashlib.sha256(content).hexdigest()
        return Chunk(blob=blob, rows=len(piece.lines), sha256=sha)

    async def _hold(self, progress: Progress, span: dt.timedelta) -> None:
        """Notes what is whole; holds the claim for so long. Raises Conflict when it is lost."""
        passed = dt.timedelta(seconds=time.monotonic() - self._began)
        claim = self._claim.model_copy(update={"until": self._now + passed + span})
        write = Replace(_WORK, ly.body(claim), self._etag)
        [self._etag] = await self._deps.rows.commit(_PARTITION, [write])
        content = progress.model_dump_json().encode()
        await self._deps.blobs.put(shelf.progress_blob(progress.name), content, "application/json")

    def _is_over(self) -> bool:
        return self._seconds is not None and time.monotonic() - self._began > self._seconds

    async def _finish(self, progress: Progress) -> Manifest:
        blobs, name = self._deps.blobs, progress.name
        made = Manifest(name=name, at=progress.at, live=progress.live, months=progress.months)
        await blobs.put(
            shelf.manifest_blob(name), made.model_dump_json().encode(), "application/json"
        )
        await shelf.add(self._deps, Named(name=name, at=made.at, rows=made.rows))
        await self._deps.rows.commit(_PARTITION, [Delete(_WORK, self._etag)])
        await blobs.delete(shelf.progress_blob(name))
        return made
