"""What could not be taken in: kept whole, with the reason, for people to look at."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Literal

from shared.domain.desk import Desk
from shared.domain.errors import FieldError, NotFound
from shared.domain.people import Frozen
from shared.ports import Delete, Put, Row
from shared.service import layout as ly
from shared.service.deps import Deps
from shared.service.reads import readable

INLINE = 60_000


class Kept(Frozen):
    """Something that came in and could not be used."""

    source: Literal["form", "mail"]
    form: str = ""
    at: dt.datetime
    reason: str
    errors: tuple[tuple[str, str], ...] = ()
    raw: str = ""
    blob: str = ""
    ledger: str = ""  # a mail's row in the mail ledger


async def keep(
    deps: Deps, desk: Desk, kept: Kept, content: bytes, errors: tuple[FieldError, ...] = ()
) -> str:
    """Stores it once per content, and leaves word for the desk's leads; its key."""
    name = hashlib.sha256(content).hexdigest()[:32]
    key = f"quarantine|{name}"
    more: dict[str, object] = {"errors": tuple((e.field, e.message) for e in errors)}
    if kept.source == "form" and len(content) <= INLINE:
        more["raw"] = content.decode(errors="replace")
    else:
        more["blob"] = f"quarantine/{desk.id}/{name}"
        await deps.blobs.put(str(more["blob"]), content, "application/octet-stream")
    news = [] if await deps.rows.get(desk.id, key) else [Put(ly.LEADS_UNTOLD, "{}")]
    await deps.rows.commit(desk.id, [Put(key, ly.body(kept.model_copy(update=more))), *news])
    return key


async def entries(deps: Deps, desk: Desk, limit: int = 200) -> list[tuple[str, Kept]]:
    """What is kept, latest first."""
    rows = await deps.rows.scan(desk.id, "quarantine|", f"quarantine{ly.END}", limit=limit)
    return sorted(readable(rows, Kept), key=lambda entry: entry[1].at, reverse=True)


async def find(deps: Deps, desk: Desk, key: str) -> Kept:
    """What is kept under that key. Raises NotFound."""
    return (await _at(deps, desk, key))[1]


async def raw(deps: Deps, desk: Desk, key: str) -> bytes:
    """The whole content; nothing where a release was interrupted. Raises NotFound."""
    _, kept = await _at(deps, desk, key)
    if not kept.blob:
        return kept.raw.encode()
    try:
        return await deps.blobs.get(kept.blob)
    except NotFound:
        return b""


async def release(deps: Deps, desk: Desk, key: str) -> None:
    """It has been dealt with, and goes. Raises NotFound.

    The blob goes first: nothing would lead to it without the row.
    """
    row, kept = await _at(deps, desk, key)
    if kept.blob:
        await deps.blobs.delete(kept.blob)
    await deps.rows.commit(desk.id, [Delete(key, row.etag)])


async def _at(deps: Deps, desk: Desk, key: str) -> tuple[Row, Kept]:
    row = await deps.rows.get(desk.id, key) if key.startswith("quarantine|") else None
    if row is None:
        raise NotFound("nothing is kept under that key")
    return row, Kept.model_validate_json(row.body)
