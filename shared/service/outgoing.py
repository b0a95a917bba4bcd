"""What a commit's events owe to the outside, as rows: an outbox row, or a line of a digest."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from shared import telemetry
from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.digests import entry
from shared.domain.effects import Outbox
from shared.domain.notices import owed
from shared.domain.threads import threaded
from shared.domain.ticket import Ticket
from shared.ports import Insert, Write
from shared.service import layout as ly


@dataclass(frozen=True)
class Outgoing:
    """The rows to write, the outbox row among them, and who has had a first mail by then."""

    outbox: Outbox | None
    rows: tuple[Write, ...]
    threads: dict[str, str]


def outgoing(
    desk: Desk,
    loaded: ly.Loaded | None,
    ticket: Ticket,
    new: tuple[ev.Recorded, ...],
    claim: dt.timedelta,
    *,
    digest: bool,
) -> Outgoing:
    """`claim`: how long the row is the first delivery's. `digest`: escalations wait to be told
    together with those of other tickets."""
    before, threads = (loaded.ticket, loaded.row.threads) if loaded else (None, {})
    effects = owed(desk, before, ticket, new)
    waiting = entry(desk, ticket, new, effects) if digest else None
    if waiting:
        key = ly.digest_key(ticket.number, waiting.seq)
        return Outgoing(None, (Insert(key, ly.body(waiting)),), threads)
    if not effects:
        return Outgoing(None, (), threads)
    seq, now = new[0].seq, new[0].at
    effects, threads = threaded(ticket.number, seq, effects, threads)
    outbox = Outbox(
        desk=desk.id,
        number=ticket.number,
        seq=seq,
        committed_at=now,
        due=now + claim,
        claim=uuid.uuid4().hex,
        trace=telemetry.trace(),
        effects=effects,
    )
    return Outgoing(outbox, (Insert(*ly.outbox_row(outbox)),), threads)
