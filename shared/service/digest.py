"""Escalations of one sweep, told together: each once, whatever crashes in between.

A sweep with many of them writes each beside its ticket (`digest|` rows) instead of into the
outbox. The collector moves what waits into outbox rows, one message a receiver, in a transaction
that also says which rows it took up: nobody takes them up again, and the outbox does the rest. The
rows themselves go afterwards, as many transactions as it takes; a crash leaves that to the next.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from itertools import batched

from shared.domain.desk import Desk
from shared.domain.digests import messages
from shared.domain.effects import DigestEntry, Outbox
from shared.domain.errors import Conflict, Unknown
from shared.domain.people import Frozen
from shared.ports import Delete, Insert, Replace, Row, Write
from shared.service import layout as ly
from shared.service.deps import Deps
from shared.service.handle import ring
from shared.service.store import CLAIM

log = logging.getLogger(__name__)
MOST = 1000  # rows taken up at once
CHUNK = 90  # writes a transaction, below the limit of 100


class TakenUp(Frozen):
    """The rows whose messages stand in the outbox."""

    rows: tuple[str, ...] = ()


async def collect(deps: Deps, desk: Desk) -> int:
    """Turns what waits into messages; how many escalations they tell. One call when none waits."""
    found = await deps.rows.scan(desk.id, "digest|", f"digest{ly.END}", limit=MOST + 1)
    state = next((row for row in found if row.key == ly.DIGEST), None)
    waiting = [row for row in found if row.key != ly.DIGEST]
    taken = TakenUp.model_validate_json(state.body) if state else TakenUp()
    if state and taken.rows:
        await _clear(deps, desk, state, taken, waiting, is_all=len(found) <= MOST)
        return 0  # the next sweep takes up what came meanwhile
    if not waiting:
        return 0
    return await _take_up(deps, desk, state, waiting)


async def _take_up(deps: Deps, desk: Desk, state: Row | None, waiting: Sequence[Row]) -> int:
    taken = TakenUp(rows=tuple(row.key for row in waiting))
    boxes = _boxes(deps, desk, [DigestEntry.model_validate_json(row.body) for row in waiting])
    body = ly.body(taken)
    mark: Write = Replace(ly.DIGEST, body, state.etag) if state else Insert(ly.DIGEST, body)
    try:
        etags = await deps.rows.commit(
            desk.id, [mark, *(Insert(*ly.outbox_row(box)) for box in boxes)]
        )
    except (Conflict, Unknown):
        return 0  # another collector was faster, or the next one sees what became of it
    for box in boxes:
        await ring(deps, box)
    await _clear(deps, desk, Row(ly.DIGEST, body, etags[0]), taken, waiting)
    log.info("escalations told together", extra={"desk": desk.id, "escalations": len(waiting)})
    return len(waiting)


def _boxes(deps: Deps, desk: Desk, entries: Sequence[DigestEntry]) -> list[Outbox]:
    now = deps.clock.now()
    return [
        Outbox(
            desk=desk.id,
            number=name.line.number,
            seq=name.seq,
            committed_at=now,
            due=now + CLAIM,
            claim=uuid.uuid4().hex,
            effects=effects,
        )
        for name, effects in messages(desk, entries)
    ]


async def _clear(
    deps: Deps,
    desk: Desk,
    state: Row,
    taken: TakenUp,
    there: Sequence[Row],
    *,
    is_all: bool = True,
) -> None:
    """The rows go, then the mark, unless more may be there (not `is_all`).

    A conflict: another collector does the same just now.
    """
    mine = set(taken.rows)
    try:
        for chunk in batched((row for row in there if row.key in mine), CHUNK, strict=False):
            await deps.rows.commit(desk.id, [Delete(row.key, row.etag) for row in chunk])
        if is_all:
            empty = Replace(ly.DIGEST, ly.body(TakenUp()), state.etag)
            await deps.rows.commit(desk.id, [empty])
    except (Conflict, Unknown):
        log.info("another collector clears the digest's rows", extra={"desk": desk.id})
