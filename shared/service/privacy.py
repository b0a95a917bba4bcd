"""Takes a person out of everything that is stored; histories stay valid.

It looks through all tickets, since an address may stand in anybody's text, and is run by an
operator. Tickets are taken one at a time. What left to vendors (mail, chat, work items) and older
backups are not reached from here; docs/runbook.md says what to do about those.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, replace

from shared.domain.desk import Desk
from shared.domain.errors import Conflict, Refused, Unavailable
from shared.domain.people import normal_address
from shared.domain.searching import words_of
from shared.domain.ticket import Ticket
from shared.ports import Delete, Put, Replace, Row, Write
from shared.service import layout as ly
from shared.service import person_traces, rebuild, walk
from shared.service.deps import Deps
from shared.service.scrub import TEXT, Erasure
from shared.service.walk import Kept

log = logging.getLogger(__name__)
ATTEMPTS = 5


class IsMember(Refused):
    """The address is a desk member's."""


@dataclass(frozen=True)
class Erased:
    """What was done: tickets rewritten, other rows rewritten or removed, blobs removed."""

    tickets: tuple[str, ...]
    rows: int
    blobs: int
    placeholder: str


async def erase(deps: Deps, email: str) -> Erased:
    """Erases the person; doing it again changes nothing more.

    Blobs go before the rows that name them, so that an interrupted erasure finds them again.
    Raises IsMember, Unavailable, ValueError for what is no address.
    """
    address = normal_address(email)
    refuse_member(deps, address)
    erasure = await person_traces.found(deps, Erasure(address))
    for blob in sorted(erasure.blobs):
        await deps.blobs.delete(blob)
    tickets: list[str] = []
    rows = 0
    for desk in deps.desks.values():
        tickets += [
            kept.number
            async for kept in walk.tickets(deps, desk)
            if await _erase_ticket(deps, desk, kept, erasure)
        ]
        rows += await _erase_beside(deps, desk, erasure)
    log.info("a person was erased", extra={"tickets": len(tickets), "rows": rows})
    return Erased(tuple(tickets), rows, len(erasure.blobs), erasure.placeholder)


def refuse_member(deps: Deps, address: str) -> None:
    """Raises IsMember: who is on a desk leaves its file first."""
    desks = [desk.id for desk in deps.desks.values() if address in desk.member_by_email]
    if desks:
        raise IsMember(f"this is a member of {', '.join(desks)}; take them off the desk first")


# -- tickets


async def _erase_ticket(deps: Deps, desk: Desk, kept: Kept, erasure: Erasure) -> bool:
    """Whether there was anything to erase."""
    for _ in range(ATTEMPTS):
        if not any(erasure.may_be_in(row.body) for row in kept.rows):
            return False
        changed = _rewritten(kept, erasure)
        if not changed:
            return False
        try:
            await _write(deps, desk, kept, changed)
        except Conflict:
            kept = await rebuild.kept_now(deps, desk, kept.number)
            continue
        return True
    raise Unavailable(f"{kept.number} changes too quickly just now; try again", retry_after=1)


def _rewritten(kept: Kept, erasure: Erasure) -> dict[str, str | None]:
    """The rows of the ticket's history and readers that change; None for those that go."""
    events = walk.events_of(kept)
    own = replace(erasure, words=erasure.titles_in(row for _, row in events))
    changed: dict[str, str | None] = {}
    for row, said in events:
        body = ly.body(own.event_row(said))
        if body != ly.body(said):
            changed[row.key] = body
    seen = ly.seen_key(kept.number, erasure.email)
    if any(row.key == seen for row in kept.rows):
        changed[seen] = None
    return changed


async def _write(deps: Deps, desk: Desk, kept: Kept, changed: dict[str, str | None]) -> None:
    """The history's rows, then everything that follows from them."""
    bodies = {row.key: changed.get(row.key, row.body) for row in kept.rows}
    rows = tuple(replace(r, body=b) for r in kept.rows if (b := bodies[r.key]) is not None)
    after = replace(kept, rows=rows)
    wanted = rebuild.wanted_of(deps, desk, after)
    partition = deps.archive if kept.is_archived else deps.rows
    writes = [_change(row, changed[row.key]) for row in kept.rows if row.key in changed]
    writes.append(rebuild.state_write(kept, ly.body(wanted.row)))
    if not kept.is_archived:
        writes += [Put(key, body) for key, body in wanted.others.items()]
    else:  # first: an erasure that stops here finds the ticket again
        await _write_index(deps, desk, wanted.row.ticket)
    for group in walk.groups(writes):
        await partition.commit(kept.partition, group)


def _change(row: Row, body: str | None) -> Write:
    return Delete(row.key, row.etag) if body is None else Replace(row.key, body, row.etag)


async def _write_index(deps: Deps, desk: Desk, ticket: Ticket) -> None:
    """What of an archived ticket lies elsewhere: its month's row, and its requester's.

    The desk may not know the ticket's type any more, so the summary is not made anew.
    """
    partition = f"{desk.id}|{ticket.facts.ended[-1].start:%Y-%m}"
    row = await deps.archive.get(partition, ticket.number)
    if row is not None:
        told = json.loads(row.body)
        told |= {"title": ticket.title, "requester": ticket.requester.model_dump()}
        told["words"] = words_of(ticket)
        await deps.archive.commit(partition, [Put(row.key, json.dumps(told))])
    people = {p.email for p in (ticket.requester, ticket.submitted_by) if p}
    keys = (ly.requester_key(email, ticket.created_at, ticket.number) for email in people)
    body = ly.numbered(ticket.number)
    await deps.rows.commit(desk.id, [Put(key, body) for key in sorted(keys)])


# -- rows beside the tickets


async def _erase_beside(deps: Deps, desk: Desk, erasure: Erasure) -> int:
    changed = 0
    async for row in person_traces.beside(deps, desk):
        write = _beside(row, erasure)
        if write is None:
            continue
        try:
            await deps.rows.commit(desk.id, [write])
        except Conflict:
            log.warning("a row changed while a person was erased; run it again")
            continue
        changed += 1
    return changed


def _beside(row: Row, erasure: Erasure) -> Write | None:
    """How the row changes, if at all."""
    if erasure.digest in row.key or row.key == ly.idempotency_key("my_link", erasure.email):
        return Delete(row.key, row.etag)
    if not erasure.may_be_in(row.body):
        return None
    if row.key.startswith("quarantine|"):
        return Delete(row.key, row.etag)
    told = json.loads(row.body)
    if str(told.get("sender", "")).lower() == erasure.email:
        told["subject"] = TEXT
    for effect in told.get("effects", ()):  # what is owed to the person is owed no more
        if effect.get("to", {}).get("email") == erasure.email:
            effect["status"] = "done"
    body = json.dumps(erasure.value(told), separators=(",", ":"), ensure_ascii=False)
    return Replace(row.key, body, row.etag) if json.loads(body) != json.loads(row.body) else None
