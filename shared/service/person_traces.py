"""Where a person's address and files lie, in tickets, in the rows beside them, and in blobs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from email import message_from_bytes
from itertools import batched

from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.errors import NotFound
from shared.ports import Blobs, Row
from shared.service import layout as ly
from shared.service import walk
from shared.service.deps import Deps
from shared.service.scrub import Erasure, names_in

_AT_ONCE = 8
# Tickets are walked on their own; these rows follow from them.
_FOLLOW = ("ticket|", "open|", "closed|", "due|")


async def beside(deps: Deps, desk: Desk) -> AsyncIterator[Row]:
    """The rows of a desk that are no ticket's, whatever kinds there are."""
    async for page in walk.pages(deps.rows, desk.id):
        for row in page:
            if not row.key.startswith(_FOLLOW):
                yield row


async def found(deps: Deps, erasure: Erasure) -> Erasure:
    """The erasure with the person's names, and with every blob that goes with them.

    Reads every kept mail: an address may stand in somebody else's Cc.
    """
    names, mails, files = set[str](), set[str](), set[str]()
    for desk in deps.desks.values():
        async for kept in walk.tickets(deps, desk):
            rows = [row for _, row in walk.events_of(kept)]
            bodies = [r.body for r in kept.rows if erasure.may_be_in(r.body)]
            names |= names_in(erasure.email, bodies)
            files |= _files(rows) - _files(map(erasure.event_row, rows))
            mails |= await _naming(deps.blobs, erasure, _mails(rows))
        async for row in beside(deps, desk):
            mails |= await _naming(deps.blobs, erasure, _kept_blobs(row))
    unused = files - await _used(deps, erasure, files)
    return replace(erasure, names=frozenset(names), blobs=frozenset(mails | unused))


async def _used(deps: Deps, erasure: Erasure, files: set[str]) -> set[str]:
    """Those of the files that somebody else has attached too."""
    used: set[str] = set()
    for desk in deps.desks.values() if files else ():
        async for kept in walk.tickets(deps, desk):
            rows = [erasure.event_row(row) for _, row in walk.events_of(kept)]
            used |= files & _files(rows)
    return used


def _files(rows: Iterable[ly.EventRow]) -> set[str]:
    return {
        attachment.blob
        for row in rows
        for event in row.events
        if isinstance(event, ev.Opened | ev.Replied | ev.Noted)
        for attachment in event.attachments
    }


def _mails(rows: Iterable[ly.EventRow]) -> set[str]:
    events = (event for row in rows for event in row.events)
    return {e.raw for e in events if isinstance(e, ev.Opened | ev.Replied) and e.raw}


def _kept_blobs(row: Row) -> set[str]:
    """What a ledger's or a quarantine's row keeps in a blob."""
    if not row.key.startswith(("ledger|", "quarantine|")):
        return set()
    told = json.loads(row.body)
    return {
        value
        for value in (told.get("raw", ""), told.get("blob", ""))
        if value.startswith(("mail/", "quarantine/"))
    }


async def _naming(blobs: Blobs, erasure: Erasure, names: Iterable[str]) -> set[str]:
    """Those of the blobs in which the address stands."""
    naming: set[str] = set()
    for some in batched(sorted(names), _AT_ONCE, strict=False):
        told = await asyncio.gather(*(_is_named(blobs, erasure, name) for name in some))
        naming |= {name for name, is_named in zip(some, told, strict=True) if is_named}
    return naming


async def _is_named(blobs: Blobs, erasure: Erasure, name: str) -> bool:
    try:
        content = await blobs.get(name)
    except NotFound:
        return True  # removed before: what refers to it may go too
    return stands_in(erasure.email, content)


def stands_in(email: str, content: bytes) -> bool:
    """Whether the address stands in what came in, also where a mail's text is encoded."""
    wanted = email.encode()
    if wanted in content.lower():
        return True
    parts = message_from_bytes(content).walk()
    texts = (p.get_payload(decode=True) for p in parts if p.get_content_maintype() == "text")
    return any(isinstance(text, bytes) and wanted in text.lower() for text in texts)
