"""Everything out as JSON Lines; tickets of another tool in.

An imported ticket has a history of its own: it was opened when it was opened there, its comments
are notes, and every event says that it was imported. Nobody hears of it: an import commits no
outbox row, and whatever its clocks have missed by now counts as said.
"""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import batched

from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.errors import Conflict, Unavailable, Unknown
from shared.domain.evolve import evolve, replay
from shared.domain.flow import Trigger
from shared.domain.people import SYSTEM, ActorKind
from shared.domain.policy import Reminder, Watch
from shared.domain.rules.case import Case, entering, follow
from shared.domain.rules.opening import open_ticket
from shared.domain.rules.timing import moments
from shared.domain.ticket import Ticket
from shared.ports import Insert, Write
from shared.service import layout as ly
from shared.service import rebuild, store, walk
from shared.service.deps import Deps
from shared.service.handle import ATTEMPTS
from shared.service.import_file import Comment, Fault, Record

MARK = "import"  # whoever acts in an imported history
_COMMENT_ROWS = 40
_LONGEST_NOTE = 90_000


# -- out


async def export(deps: Deps, desks: Iterable[Desk]) -> AsyncIterator[str]:
    """A JSON line for each ticket, live and archived: as it is, its history, who has read it."""
    for desk in desks:
        async for kept in walk.tickets(deps, desk):
            history = rebuild.history_of(kept)
            seen = [
                ly.Seen.model_validate_json(row.body).model_dump(mode="json")
                for row in kept.rows
                if row.key.split("|")[2] == "seen"
            ]
            told = {
                "number": kept.number,
                "desk": desk.id,
                "archived": kept.is_archived,
                "ticket": replay(history).model_dump(mode="json"),
                "history": [recorded.model_dump(mode="json") for recorded in history],
                "seen_by": seen,
            }
            yield json.dumps(told, ensure_ascii=False, separators=(",", ":"))


# -- in


@dataclass
class Imported:
    """What an import did, or would do."""

    created: list[str] = field(default_factory=list)
    known: int = 0
    faults: list[Fault] = field(default_factory=list)
    fitting: int = 0


async def check_records(
    deps: Deps, desk: Desk, system: str, read: Callable[[], Iterator[Record | list[Fault]]]
) -> Imported:
    """A dry run: what is wrong, what is new, what is known already. Writes nothing."""
    told, refs = Imported(), set[str]()
    for record in read():
        if isinstance(record, list):
            told.faults.extend(record)
            continue
        if record.ref in refs:
            told.faults.append(Fault(record.line, "ref", f"{record.ref} stands here twice"))
        refs.add(record.ref)
        is_known = await _known(deps, desk, system, record.ref)
        told.known += is_known
        told.fitting += not is_known
    return told


async def import_records(
    deps: Deps, desk: Desk, system: str, read: Callable[[], Iterator[Record | list[Fault]]]
) -> Imported:
    """Imports every record, or none when one is wrong. The same reference again changes nothing.

    `read` is called twice. Raises Unavailable; run it again then, what is in stays in.
    """
    told = await check_records(deps, desk, system, read)
    if told.faults:
        return told
    told.known = 0
    for record in read():
        if isinstance(record, Record):
            number = await _import(deps, desk, system, record)
            if number:
                told.created.append(number)
            else:
                told.known += 1
    return told


def _ref_key(system: str, ref: str) -> str:
    return ly.idempotency_key("ref", ly.reference(system, ref))


async def _known(deps: Deps, desk: Desk, system: str, ref: str) -> bool:
    return await deps.rows.get(desk.id, _ref_key(system, ref)) is not None


async def _import(deps: Deps, desk: Desk, system: str, record: Record) -> str:
    """The new ticket's number; '' when the reference is known."""
    if await _known(deps, desk, system, record.ref):
        return ""
    for _ in range(ATTEMPTS):
        taken = await deps.numbers.take(desk.id, deps.clock.now())
        number, etag = f"{desk.prefix}-{taken.number}", None
        try:
            writes = _writes(desk, number, system, record, deps.clock.now())
            more = [taken.write] if taken.write else []
            etags = await deps.rows.commit(desk.id, [*writes, *more])
            etag = etags[-1] if taken.write else ""
        except (Conflict, Unknown):
            if await _known(deps, desk, system, record.ref):
                return ""
            continue
        finally:
            deps.numbers.settle(desk.id, taken, etag)
        return number
    raise Unavailable("the desk is very busy just now; run the import again", retry_after=2)


def _writes(desk: Desk, number: str, system: str, record: Record, now: dt.datetime) -> list[Write]:
    """One transaction: history, state, index rows, facts, reference. No outbox row."""
    history = _history(desk, number, system, record, now)
    ticket = replay(ly.recorded_of(history))
    _, writes = store.indexed(desk, None, ticket, now)
    key = Insert(_ref_key(system, record.ref), ly.body(ly.KeyRow(number=number)))
    rows = (Insert(ly.event_key(number, r.first), ly.body(r)) for r in history)
    return [*rows, *writes, *store.fact_writes(desk, None, ticket), key]


def _history(
    desk: Desk, number: str, system: str, record: Record, now: dt.datetime
) -> list[ly.EventRow]:
    made = _Made(system)
    made.add(record.created, open_ticket(desk, number, record.command))
    for at, texts in _notes(record.comments):
        made.add(max(at, record.created), [ev.Noted(text=text, automatic=True) for text in texts])
    last = max(record.ended or made.last, made.last)
    ticket = made.ticket
    changes: list[ev.Event] = []
    if record.assignee:
        changes.append(ev.Assigned(assignee=record.assignee))
    if record.state != ticket.state:
        meant = entering(desk.types[ticket.type].state(record.state))
        changes.append(ev.Moved(frm=ticket.state, to=record.state, cause=MARK, **meant))
    made.add(last, changes)
    there = f" It was {record.told_state} there." if record.told_state else ""
    note = f"Imported from {system}, where it is {record.ref}.{there}"
    made.add(now, [ev.Noted(text=note, automatic=True)])
    made.add(now, _missed(desk, made.ticket, now))
    return made.rows


def _notes(comments: Sequence[Comment]) -> Iterator[tuple[dt.datetime, list[str]]]:
    """Each comment as a note, at its own time; of very many, several share a row."""
    ordered = sorted(comments, key=lambda c: c.at)
    each = -(-len(ordered) // _COMMENT_ROWS) or 1
    for some in batched(ordered, each, strict=False):
        texts = [f"{c.by}, {c.at:%Y-%m-%d %H:%M} UTC:\n{c.text[:_LONGEST_NOTE]}" for c in some]
        yield some[-1].at, texts


def _missed(desk: Desk, ticket: Ticket, now: dt.datetime) -> list[ev.Event]:
    """What the clocks would say at once: it counts as said, to nobody. What should be closed is."""
    events: list[ev.Event] = []
    for moment in moments(desk, ticket, now):
        if moment.at > now:
            break
        step = moment.step
        if isinstance(step, Reminder) and step.watch is Watch.AUTO_CLOSE:
            return [*events, *follow(Case(desk, ticket, SYSTEM, now), Trigger.AUTO_CLOSE)]
        clock = moment.clock.clock.value if moment.clock else ""
        events.append(ev.Escalated(step=step.id, fired=moment.fired, clock=clock))
    return events


class _Made:
    """A history in the making."""

    def __init__(self, system: str) -> None:
        self._by = ev.By(kind=ActorKind.SYSTEM, email=MARK, name=f"Imported from {system}")
        self._ticket: Ticket | None = None
        self.rows: list[ly.EventRow] = []

    @property
    def ticket(self) -> Ticket:
        """The ticket so far."""
        if self._ticket is None:
            raise ValueError("a history begins with its opening")
        return self._ticket

    @property
    def last(self) -> dt.datetime:
        """When something happened last."""
        return self.rows[-1].at

    def add(self, at: dt.datetime, events: Sequence[ev.Event]) -> None:
        """These events, at that time."""
        if not events:
            return
        first = self._ticket.version + 1 if self._ticket else 1
        row = ly.EventRow(
            commit=uuid.uuid4().hex, first=first, at=at, by=self._by, events=tuple(events)
        )
        self.rows.append(row)
        for recorded in row.recorded():
            self._ticket = evolve(self._ticket, recorded)
