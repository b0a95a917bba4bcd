"""Which backups there are, what each consists of, and how long it is kept."""

from __future__ import annotations

import datetime as dt
import json

from shared.domain.errors import NotFound
from shared.domain.people import Frozen
from shared.service.deps import Deps

KEPT_FOR = dt.timedelta(days=35)
LIST = "backup/list.json"


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


class Progress(Frozen):
    """A backup under way: what is whole, and where in which part it goes on."""

    name: str
    at: dt.datetime
    live: dict[str, tuple[Chunk, ...]] = {}
    months: dict[str, Month] = {}
    part: str = ""
    index: str = ""  # of that part, a month, when it was begun
    after: str = ""
    chunks: tuple[Chunk, ...] = ()  # of that part

    def begun(self, part: str, index: str) -> Progress:
        """At the beginning of that part."""
        return self.model_copy(update={"part": part, "index": index, "after": "", "chunks": ()})

    def ended(self, part: str, month: Month) -> Progress:
        """That part is whole: a month of the archive, or a desk, which has no index."""
        if month.index:
            return self.model_copy(update={"months": {**self.months, part: month}})
        return self.model_copy(update={"live": {**self.live, part: month.chunks}})


# -- what there is


async def kept(deps: Deps) -> tuple[Named, ...]:
    """The backups that there are, newest first."""
    try:
        content = await deps.blobs.get(LIST)
    except NotFound:
        return ()
    return tuple(Named.model_validate(entry) for entry in json.loads(content))


async def manifest(deps: Deps, name: str) -> Manifest:
    """The manifest of a backup. Raises NotFound."""
    return Manifest.model_validate_json(await deps.blobs.get(manifest_blob(name)))


async def latest(deps: Deps) -> Manifest | None:
    """The newest backup's manifest, if there is any."""
    found = await kept(deps)
    return await manifest(deps, found[0].name) if found else None


async def unfinished(deps: Deps, name: str) -> Progress | None:
    """How far a backup came that has no manifest."""
    try:
        return Progress.model_validate_json(await deps.blobs.get(progress_blob(name)))
    except NotFound:
        return None


# -- in and out


async def add(deps: Deps, made: Named) -> None:
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
    await deps.blobs.delete(manifest_blob(entry.name))


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


async def give_up(deps: Deps, name: str) -> None:
    """Removes what an unfinished backup wrote of its own; a finished one is left as it is."""
    progress = await unfinished(deps, name)
    if progress is None or any(entry.name == name for entry in await kept(deps)):
        return
    parts = (*progress.live.values(), *(m.chunks for m in progress.months.values()))
    for chunk in (*(chunk for chunks in parts for chunk in chunks), *progress.chunks):
        if chunk.blob.startswith(f"backup/{name}/"):
            await deps.blobs.delete(chunk.blob)
    await deps.blobs.delete(progress_blob(name))


def manifest_blob(name: str) -> str:
    return f"backup/{name}/manifest.json"


def progress_blob(name: str) -> str:
    return f"backup/{name}/progress.json"
