"""A backup's rows, back into empty tables. Rebuild the desks after it (service/rebuild.py)."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import defaultdict

from shared.domain.errors import NotFound, Refused
from shared.ports import Put, Replace, Write
from shared.service import layout as ly
from shared.service import walk
from shared.service.backup_shelf import Chunk, Manifest, manifest, unfinished
from shared.service.deps import Deps

SKIPPED = 1000  # numbers, after a restore


class DamagedBackup(Refused):
    """A chunk is not what the manifest says."""


class IncompleteBackup(Refused):
    """The backup was never finished."""


class NotEmpty(Refused):
    """There are rows where the backup should go."""


async def restore(deps: Deps, name: str, *, go_on: bool = False) -> int:
    """Writes the backup's rows into empty tables; how many.

    Every chunk is compared with its manifest before the first row is written. `go_on`: after an
    interrupted restore, with rows of the same backup in the tables. Raises NotEmpty, NotFound,
    IncompleteBackup, DamagedBackup, Unavailable.
    """
    if not go_on:
        await _require_empty(deps)
    made = await verify(deps, name)
    done = 0
    for chunk in made.chunks:
        done += await _restore_chunk(deps, chunk)
    for desk in deps.desks:
        await _skip_numbers(deps, desk)
    return done


async def _skip_numbers(deps: Deps, desk: str) -> None:
    """Tickets that came after the backup are lost, but their numbers are known to people."""
    row = await deps.rows.get(desk, ly.COUNTER)
    if row is not None:
        body = json.dumps({"next": json.loads(row.body)["next"] + SKIPPED})
        await deps.rows.commit(desk, [Replace(row.key, body, row.etag)])


async def verify(deps: Deps, name: str) -> Manifest:
    """Reads every chunk. Raises DamagedBackup naming the first that is wrong.

    Raises NotFound, or IncompleteBackup for one that was begun and not finished.
    """
    try:
        made = await manifest(deps, name)
    except NotFound as error:
        if await unfinished(deps, name):
            raise IncompleteBackup(f"the backup {name} is not finished; take another") from error
        raise
    for chunk in made.chunks:
        await _lines_of(deps, chunk)
    return made


async def _require_empty(deps: Deps) -> None:
    for desk in deps.desks.values():
        for rows, partition in (
            (deps.rows, desk.id), (deps.archive, walk.months_partition(desk.id))
        ):  # fmt: skip
            if await rows.scan(partition, "\x20", walk.LAST, limit=1):
                raise NotEmpty(f"there are rows in {partition}; restore into empty tables")


async def _restore_chunk(deps: Deps, chunk: Chunk) -> int:
    places: dict[tuple[str, str], list[Write]] = defaultdict(list)
    for line in await _lines_of(deps, chunk):
        told = json.loads(line)
        places[told["table"], told["partition"]].append(Put(told["key"], told["body"]))
    for (table, partition), writes in places.items():
        rows = deps.rows if table == "live" else deps.archive
        for some in walk.groups(writes):
            await rows.commit(partition, some)
    return chunk.rows


async def _lines_of(deps: Deps, chunk: Chunk) -> list[bytes]:
    try:
        content = await deps.blobs.get(chunk.blob)
    except NotFound as error:
        raise DamagedBackup(f"{chunk.blob} is missing") from error
    if hashlib.sha256(content).hexdigest() != chunk.sha256:
        raise DamagedBackup(f"{chunk.blob} is not what the manifest says")
    return gzip.decompress(content).rstrip(b"\n").split(b"\n")
