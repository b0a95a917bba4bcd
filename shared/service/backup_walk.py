"""What a backup holds, in pieces that end with whole tickets: a later run goes on behind one."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import batched

from shared.domain.desk import Desk
from shared.ports import Row
from shared.service import layout as ly
from shared.service import walk
from shared.service.deps import Deps

_CHUNK_BYTES = 4_000_000  # of JSON Lines, before they are compressed
_AT_ONCE = 8  # archived tickets being read
_FIRST = "\x20"  # sorts before every key


@dataclass(frozen=True)
class Part:
    """A desk's live rows, or those of one archived month."""

    desk: Desk
    month: str = ""

    @property
    def name(self) -> str:
        """As the manifest names it: the desk, or the archive's partition."""
        return f"{self.desk.id}|{self.month}" if self.month else self.desk.id

    @property
    def blob(self) -> str:
        """How the blobs of its chunks begin."""
        return f"archive-{self.desk.id}-{self.month}" if self.month else f"live-{self.desk.id}"


@dataclass(frozen=True)
class Piece:
    """Rows for one chunk. `after`: where the walk stands behind them."""

    lines: tuple[bytes, ...]
    after: str

    @property
    def content(self) -> bytes:
        """The chunk as it is stored."""
        return gzip.compress(b"\n".join(self.lines) + b"\n", compresslevel=6, mtime=0)


async def parts(deps: Deps) -> list[Part]:
    """Everything there is. Live rows first: what is archived meanwhile is found in its month."""
    desks = deps.desks.values()
    return [
        *(Part(desk) for desk in desks),
        *[Part(desk, month) for desk in desks async for month in walk.months(deps, desk)],
    ]


async def pieces(deps: Deps, part: Part, after: str) -> AsyncIterator[Piece]:
    """The part's rows behind `after` ('' = from its beginning)."""
    lines: list[bytes] = []
    size, stand = 0, after
    walked = _month(deps, part, after) if part.month else _live(deps, part.desk, after)
    async for stand, some in walked:  # it is where the last piece ends, too
        lines += some
        size += sum(map(len, some))
        if size >= _CHUNK_BYTES:
            yield Piece(tuple(lines), stand)
            lines, size = [], 0
    if lines:
        yield Piece(tuple(lines), stand)


async def index_of(deps: Deps, part: Part) -> str:
    """Tells an archived month from what it was: any ticket that came, went or was rewritten."""
    told = hashlib.sha256()
    async for page in walk.pages(deps.archive, part.name):
        for row in page:
            told.update(f"{row.key}\0{row.etag}\n".encode())
    return told.hexdigest()


async def _live(deps: Deps, desk: Desk, after: str) -> AsyncIterator[tuple[str, list[bytes]]]:
    # Histories last: what the rows before them say is then at most older than its history.
    stage, key = after[:1], after[1:]
    for name, low, high in (("1", _FIRST, "ticket|"), ("2", f"ticket{ly.END}", walk.LAST)):
        if stage > name:
            continue
        start = f"{key}{_FIRST}" if stage == name else low
        async for page in walk.pages(deps.rows, desk.id, start, high):
            yield f"{name}{page[-1].key}", [_line("live", desk.id, row) for row in page]
    async for ticket in walk.live(deps.rows, desk.id, after=key if stage == "3" else ""):
        yield f"3{ticket.number}", [_line("live", desk.id, row) for row in ticket.rows]


async def _month(deps: Deps, part: Part, after: str) -> AsyncIterator[tuple[str, list[bytes]]]:
    if not after:
        months = walk.months_partition(part.desk.id)
        yield _FIRST, [_line("archive", months, Row(part.month, "{}"))]
    async for page in walk.pages(deps.archive, part.name, f"{after}{_FIRST}"):
        for some in batched(page, _AT_ONCE, strict=False):
            found = (walk.archived_ticket(deps, part.desk, index.key) for index in some)
            for index, ticket in zip(some, await asyncio.gather(*found), strict=True):
                own = [_line("archive", ticket.partition, row) for row in ticket.rows]
                yield index.key, [_line("archive", part.name, index), *own]


def _line(table: str, partition: str, row: Row) -> bytes:
    told = {"table": table, "partition": partition, "key": row.key, "body": row.body}
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False).encode()
