"""What the desks keep of one client, as a zip file for them.

In it are the public part of their tickets, whatever they did themselves, their files and mails.
Work notes stay inside; `review.json` lists where else the address stands, so that an operator can
look before answering.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from zipfile import ZIP_DEFLATED, ZipFile

from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.errors import NotFound
from shared.domain.people import normal_address
from shared.domain.ticket import Attachment
from shared.ports import Row
from shared.service import person_traces, walk
from shared.service.deps import Deps
from shared.service.files import safe_name
from shared.service.rebuild import history_of
from shared.service.walk import Kept


@dataclass(frozen=True)
class Exported:
    """What went into the zip; `review`: rows that name the address and did not."""

    tickets: tuple[str, ...]
    files: int
    review: tuple[str, ...]


async def export(deps: Deps, email: str, into: ZipFile) -> Exported:
    """Writes the person's data into an open zip file, a ticket at a time.

    Raises Unavailable, ValueError for what is no address.
    """
    address = normal_address(email)
    written = _Writing(deps, address, into)
    for desk in deps.desks.values():
        async for kept in walk.tickets(deps, desk):
            if any(address in row.body.lower() for row in kept.rows):
                await written.ticket(desk, kept)
        async for row in person_traces.beside(deps, desk):
            if address in row.body.lower():
                await written.beside(row)
    return written.end()


class _Writing:
    def __init__(self, deps: Deps, address: str, into: ZipFile) -> None:
        self._deps = deps
        self._address = address
        self._into = into
        self._tickets: list[str] = []
        self._review: list[str] = []
        self._files = 0

    async def ticket(self, desk: Desk, kept: Kept) -> None:
        history = history_of(kept)
        opening = history[0].event
        assert isinstance(opening, ev.Opened)  # noqa: S101  # replay refuses anything else
        own = [r for r in history if r.by.email == self._address]
        client = {opening.requester.email, *opening.watchers}
        if opening.submitted_by:
            client.add(opening.submitted_by.email)
        if not own and self._address not in client:
            self._review.append(kept.number)
            return
        told = history if self._address in client else own
        shown = [r for r in told if r.event.public or r in own]
        if any(self._address in r.model_dump_json().lower() for r in history if r not in shown):
            self._review.append(kept.number)
        body = {"number": kept.number, "desk": desk.id, "history": [_told(r) for r in shown]}
        self._json(f"tickets/{kept.number}.json", body)
        self._tickets.append(kept.number)
        for recorded in shown:
            await self._blobs_of(kept.number, recorded, is_own=recorded in own)

    async def beside(self, row: Row) -> None:
        told = json.loads(row.body)
        if str(told.get("sender", "")).lower() != self._address or not row.key.startswith(
            "ledger|"
        ):
            self._review.append(row.key)
            return
        self._json(f"mails/{row.key.rpartition('|')[2]}.json", told)
        if told.get("raw"):
            await self._blob(f"mails/{row.key.rpartition('|')[2]}.eml", told["raw"])

    def end(self) -> Exported:
        self._json("review.json", {"address": self._address, "also_named_in": self._review})
        return Exported(tuple(self._tickets), self._files, tuple(self._review))

    async def _blobs_of(self, number: str, recorded: ev.Recorded, *, is_own: bool) -> None:
        event = recorded.event
        for attachment in _public_files(event):
            name = f"files/{number}/{attachment.id}-{safe_name(attachment.name)}"
            await self._blob(name, attachment.blob)
        if is_own and isinstance(event, ev.Opened | ev.Replied) and event.raw:
            await self._blob(f"mails/{number}-{recorded.seq}.eml", event.raw)

    async def _blob(self, name: str, blob: str) -> None:
        try:
            content = await self._deps.blobs.get(blob)
        except NotFound:
            return
        self._into.writestr(name, content, ZIP_DEFLATED)
        self._files += 1

    def _json(self, name: str, body: object) -> None:
        text = json.dumps(body, indent=2, ensure_ascii=False)
        self._into.writestr(name, text, ZIP_DEFLATED)


def _public_files(event: ev.Event) -> Iterable[Attachment]:
    if isinstance(event, ev.Opened | ev.Replied):
        return (a for a in event.attachments if a.public)
    return ()


def _told(recorded: ev.Recorded) -> dict[str, object]:
    """An event as its clients may read it: without why a severity was set, and without blobs."""
    told = recorded.event.model_dump(
        mode="json",
        exclude={"pauses": True, "ended": True, "raw": True, "attachments": {"__all__": {"blob"}}},
    )
    if isinstance(recorded.event, ev.SeveritySet):
        told.pop("reason", None)
    by = recorded.by.name if recorded.by.kind == "client" else "the desk"
    return {"at": recorded.at.isoformat(), "by": by, **told}
