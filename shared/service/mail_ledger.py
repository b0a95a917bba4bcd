"""What became of each mail: a row from the moment it is seen until it is taken in or put aside."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections import Counter
from collections.abc import Sequence
from itertools import batched
from typing import Literal

from pydantic import ValidationError

from shared.domain.desk import Desk
from shared.domain.errors import Conflict, NotFound, Unavailable, Unknown
from shared.domain.people import Frozen
from shared.ports import Delete, Insert, MailboxChange, Put, Row, Write
from shared.service import layout as ly
from shared.service import reads
from shared.service.deps import Deps
from shared.service.sweep import each

log = logging.getLogger(__name__)

Outcome = Literal["pending", "ticket", "follow_up", "rejected", "quarantined"]
KEPT = dt.timedelta(days=90)
_ATTEMPTS = 5
_CHUNK = 90


class Entry(Frozen):
    """One mail. `pending`: seen, and not yet dealt with."""

    message: str  # the Message-ID as the mailbox knows it
    received_at: dt.datetime
    outcome: Outcome = "pending"
    number: str = ""
    reason: str = ""
    sender: str = ""
    subject: str = ""
    raw: str = ""  # the blob with the whole mail

    @property
    def key(self) -> str:
        """Its row."""
        return ly.ledger_key(self.received_at.astimezone(dt.UTC).date(), self.message)


class Day(Frozen):
    """A day's mails (UTC). Balanced: each one that was seen has come to its end."""

    date: dt.date
    entries: tuple[Entry, ...]

    def count(self, outcome: Outcome) -> int:
        """How many ended so."""
        return Counter(entry.outcome for entry in self.entries)[outcome]

    @property
    def is_balanced(self) -> bool:
        """Whether mails = tickets + follow-ups + rejected + quarantined."""
        return self.count("pending") == 0


def seen(change: MailboxChange) -> Entry:
    """The entry of a mail that was seen just now."""
    name = change.internet_message_id or f"id:{change.id}"
    return Entry(message=name, received_at=change.received_at)


async def note_seen(deps: Deps, desk: Desk, changes: Sequence[MailboxChange]) -> dict[str, Entry]:
    """The entries of these mails by row key; those that are new are written as pending.

    A second copy of the same mail on the same day has the first one's entry.
    """
    fresh = {entry.key: entry for entry in map(seen, changes)}
    for _ in range(_ATTEMPTS):
        rows = await asyncio.gather(*(deps.rows.get(desk.id, key) for key in fresh))
        known = {row.key: _entry(row) for row in rows if row}
        missing = [Insert(key, ly.body(e)) for key, e in fresh.items() if key not in known]
        try:
            for start in range(0, len(missing), _CHUNK):
                await deps.rows.commit(desk.id, missing[start : start + _CHUNK])
        except (Conflict, Unknown):
            continue  # another poller saw them at the same time
        return fresh | known
    raise Unavailable("the mail ledger changes too quickly just now", retry_after=2)


async def conclude(deps: Deps, desk: Desk, entry: Entry, more: Sequence[Write] = ()) -> None:
    """The mail has come to its end; doing it again writes the same."""
    await deps.rows.commit(desk.id, [Put(entry.key, ly.body(entry)), *more])


async def find(deps: Deps, desk: Desk, key: str) -> Entry | None:
    """The entry of that row; None when it was forgotten by now."""
    row = await deps.rows.get(desk.id, key) if key else None
    return _entry(row) if row else None


async def day(deps: Deps, desk: Desk, date: dt.date) -> Day:
    """A day's mails in the order of their arrival."""
    prefix = f"ledger|{date:%Y-%m-%d}"
    rows = await deps.rows.scan(desk.id, f"{prefix}|", f"{prefix}{ly.END}")
    entries = sorted(map(_entry, rows), key=lambda e: (e.received_at, e.message))
    return Day(date=date, entries=tuple(entries))


def _entry(row: Row) -> Entry:
    """The row's entry. One that cannot be read counts as pending, so that its day does not balance
    and its mail is taken in again where the mailbox still holds it: that does nothing twice."""
    try:
        return Entry.model_validate_json(row.body)
    except ValidationError:
        log.error("a row of the mail ledger cannot be read", extra={"row": row.key})  # noqa: TRY400
        _, day_, name = row.key.split("|")
        received_at = dt.datetime.fromisoformat(f"{day_}T00:00:00Z")
        return Entry(message=name, received_at=received_at, reason="its row cannot be read")


async def forget_old(deps: Deps, desk: Desk) -> None:
    """Entries of long ago go, and with them the mails that no ticket keeps.

    Those put aside have another copy in the quarantine, which is for people to empty. Blobs go
    first: what is interrupted, or fails, is done again the next night.
    """
    last = deps.clock.now().date() - KEPT
    rows = await deps.rows.scan(desk.id, "ledger|", f"ledger|{last:%Y-%m-%d}", limit=5000)
    forgotten: list[Write] = []

    async def forget(row: Row) -> None:
        await _forget_mail(deps, Entry.model_validate_json(row.body))
        forgotten.append(Delete(row.key))

    await each(rows, forget, lambda row: row.key)
    for some in batched(forgotten, _CHUNK, strict=False):
        await deps.rows.commit(desk.id, some)


async def _forget_mail(deps: Deps, entry: Entry) -> None:
    """The mail's blob goes, unless it is the very mail that its ticket keeps.

    A copy has that mail's name, and a member's answer that became a work note is kept as that.
    """
    if not entry.raw:
        return
    if entry.number:
        try:
            loaded = await reads.find(deps, entry.number)
        except NotFound:
            loaded = None
        if loaded and any(getattr(r.event, "raw", "") == entry.raw for r in loaded.history):
            return
    await deps.blobs.delete(entry.raw)
