"""Rows of a desk's partition: their keys and what they hold. docs/architecture.md draws them."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from shared.domain import events as ev
from shared.domain.board import Board
from shared.domain.effects import Outbox
from shared.domain.people import Frozen, Person
from shared.domain.ticket import Ticket
from shared.ports import Delete, Insert, Replace, Row, Write

COUNTER = "counter"
BOARD = "board"
END = "}"  # sorts behind '|', so `prefix|` .. `prefix}` is everything below the prefix
_FAR = 253_402_300_799  # the last second of the year 9999
# What these keys stand for is not repeated for long. The others make a second ticket or answer
# impossible for ever, or find a work item's ticket.
_PASSING_KEYS = frozenset({"hook", "my_link", "remark", "report", "taken_in"})


def stamp(at: dt.datetime) -> str:
    """A time that sorts: 20261122T103100Z."""
    return at.strftime("%Y%m%dT%H%M%SZ")


def inverted(at: dt.datetime) -> str:
    """A time that sorts newest first."""
    return f"{_FAR - int(at.timestamp()):012d}"


def digest(text: str) -> str:
    """A key-safe name for any text."""
    return hashlib.sha256(text.encode()).hexdigest()[:40]


def ticket_range(number: str) -> tuple[str, str]:
    """Everything that lies under a ticket: history, readers, state."""
    return f"ticket|{number}|", f"ticket|{number}{END}"


def state_key(number: str) -> str:
    """The ticket's current state."""
    return f"ticket|{number}|state"


def event_key(number: str, seq: int) -> str:
    """One row for all events of one command, named by the first of them."""
    return f"ticket|{number}|event|{seq:06d}"


def seen_key(number: str, email: str) -> str:
    """When a member last read the ticket."""
    return f"ticket|{number}|seen|{digest(email)}"


def open_key(urgency: str, number: str) -> str:
    """The summary of an open ticket, most urgent first."""
    return f"open|{urgency}|{number}"


def closed_key(ended: dt.datetime, number: str) -> str:
    """The summary of an ended ticket, newest first."""
    return f"closed|{inverted(ended)}|{number}"


def due_key(at: dt.datetime, number: str) -> str:
    """When the clock looks at the ticket next: never before the second in which it may speak."""
    whole = at.replace(microsecond=0)
    return f"due|{stamp(whole if whole == at else whole + dt.timedelta(seconds=1))}|{number}"


def requester_key(email: str, at: dt.datetime, number: str) -> str:
    """A client's own requests, newest first."""
    return f"requester|{digest(email)}|{inverted(at)}|{number}"


def idempotency_key(kind: str, text: str) -> str:
    """`kind`: form, header, item, mail, portal, ref stay; those of _PASSING_KEYS pass."""
    return f"{'once' if kind in _PASSING_KEYS else 'key'}|{digest(f'{kind}:{text}')}"


def reference(system: str, ref: str) -> str:
    """The text of a `ref` key: another system's name for the matter, however it is written."""
    return f"{system}:{ref}".casefold()


def outbox_key(due: dt.datetime, number: str, seq: int) -> str:
    """Effects that wait for delivery, soonest first."""
    return f"outbox|{stamp(due)}|{number}|{seq:06d}"


def dead_key(number: str, seq: int) -> str:
    """Effects that were given up, for people to see and retry."""
    return f"dead|{number}|{seq:06d}"


MAIL_CURSOR = "mailbox|cursor"  # how far the desk's mailbox has been read


def subscription_key(mailbox: str) -> str:
    """The vendor's subscription that wakes us for new mail."""
    return f"subscription|{digest(mailbox)}"


def ledger_key(day: dt.date, message: str) -> str:
    """What became of a mail, by the day (UTC) on which it arrived."""
    return f"ledger|{day:%Y-%m-%d}|{digest(message)}"


def thread_key(message_id: str) -> str:
    """Who was on a mail: whoever was may join when they answer it."""
    return f"thread|{digest(message_id)}"


def sender_key(email: str) -> str:
    """How much somebody wrote lately."""
    return f"sender|{digest(email)}"


def sent_key(email: str, at: dt.datetime, effect: str) -> str:
    """Mail that left to an address, newest first, for reports that name nothing else."""
    return f"sent|{digest(email)}|{inverted(at)}|{effect}"


LEADS = ("leads|", f"leads{END}")  # what leads hear of the quarantine
LEADS_TOLD = "leads|told"  # when they were told last
LEADS_UNTOLD = "leads|untold"  # something came in since
DIGEST = "digest|!"  # what a collector took up; sorts before all that waits for a digest
POLICY = "policy"  # the desk's rules that were last applied to all open tickets


def digest_key(number: str, seq: int) -> str:
    """An escalation that waits to be told together with others."""
    return f"digest|{number}|{seq:06d}"


def fact_key(month: str, number: str) -> str:
    """What reports count of a ticket in a month (`2026-11`)."""
    return f"fact|{month}|{number}"


class Passing(Frozen):
    """A row that goes some time after its last use, which service/passing.py notes in it."""

    unused_since: dt.date | None = None


class KeyRow(Passing):
    """An idempotency key: what it made, and from what."""

    number: str
    body: str = ""


class Summary(Frozen):
    """A ticket in lists and on the board."""

    number: str
    title: str
    type: str
    state: str
    severity: str
    environment: str
    requester: Person
    assignee: str | None = None
    source: str
    created_at: dt.datetime
    updated_at: dt.datetime
    due: dt.datetime | None = None  # the soonest promise of any clock; lists sort by it
    due_clock: str = ""  # the clock whose promise that is
    warns_at: dt.datetime | None = None  # from when that promise is near
    first_response_due: dt.datetime | None = None
    resolution_due: dt.datetime | None = None
    paused: bool = False
    asked: bool = False
    decision: str = ""
    merged_into: str = ""
    mirror: str = ""
    client_waits: bool = False  # for the next reply; a first one waits by its own clock
    words: str = ""  # that a search finds beside the other fields (domain/searching.py)
    version: int = 0
    policy: str = ""  # the desk's rules that its due times were counted by


class TicketRow(Frozen):
    """The ticket, and the index rows that point to it now.

    `threads`: which mail was the first to each receiver (domain/threads.py). It does not follow
    from the history, since the desk's notices may change; without it a new thread begins.
    """

    ticket: Ticket
    index: str = ""  # its open| or closed| row
    due: str = ""
    threads: dict[str, str] = {}


class Listening(Frozen):
    """A thread that is read back. `last`: when something was said there; `heard`: what we know."""

    number: str
    channel: str
    thread: str
    last: dt.datetime
    heard: tuple[str, ...] = ()


class EventRow(Frozen):
    """The events of one command. `commit` tells a lost answer from a lost commit."""

    commit: str
    first: int
    at: dt.datetime
    by: ev.By
    events: tuple[ev.Event, ...]

    def recorded(self) -> list[ev.Recorded]:
        """The events in their places."""
        return [
            ev.Recorded(seq=self.first + i, at=self.at, by=self.by, event=event)
            for i, event in enumerate(self.events)
        ]


class Seen(Frozen):
    """A member has read the ticket."""

    email: str
    at: dt.datetime


@dataclass(frozen=True)
class Loaded:
    """A ticket with everything that lies under it, and the board when it was asked for."""

    row: TicketRow
    etag: str
    history: tuple[ev.Recorded, ...]
    seen: tuple[Seen, ...] = ()
    board: Board = Board()  # noqa: RUF009  # frozen
    board_etag: str = ""
    live: bool = True  # False: it came from the archive, where nothing is written any more

    @property
    def ticket(self) -> Ticket:
        """The ticket as it is."""
        return self.row.ticket


def body(model: Frozen) -> str:
    """A row's JSON. What equals its default is left out, but for what tells events apart."""
    return model.model_dump_json(exclude_defaults=not isinstance(model, EventRow | Outbox))


def numbered(number: str) -> str:
    """The body of a row that only points to a ticket."""
    return json.dumps({"number": number})


def outbox_place(key: str) -> tuple[str, int]:
    """Number and first event of an outbox row, from its key."""
    _, _, number, seq = key.split("|")
    return number, int(seq)


def outbox_row(box: Outbox) -> tuple[str, str]:
    """Key and body of an outbox row."""
    return outbox_key(box.due, box.number, box.seq), body(box)


def listen_row(at: dt.datetime, listening: Listening) -> tuple[str, str]:
    """Key and body of a thread that is looked at next at that time."""
    key = f"listen|{stamp(at)}|{listening.number}|{digest(listening.thread)}"
    return key, body(listening)


def outbox_moved(row: Row, box: Outbox) -> list[Write]:
    """The stored outbox row becomes this one; its new due time may fall into the same second."""
    key, text = outbox_row(box)
    if key == row.key:
        return [Replace(key, text, row.etag)]
    return [Delete(row.key, row.etag), Insert(key, text)]


def recorded_of(rows: Sequence[EventRow]) -> tuple[ev.Recorded, ...]:
    """The history that these rows hold."""
    return tuple(recorded for row in rows for recorded in row.recorded())
