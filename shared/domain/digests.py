"""Many escalations at once become one message a receiver."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import batched

from shared.domain import effects as ef
from shared.domain import events as ev
from shared.domain.desk import Desk
from shared.domain.people import Person
from shared.domain.ticket import Ticket

LINES = 40  # what one message tells in full; the rest is named
RECEIVERS = 10  # in one outbox row, which may hold 1 MiB
SUBJECT = "escalations"  # the notice that a digest's mail stands for, as lists name it


def is_loud(events: Sequence[ev.Event]) -> bool:
    """Whether people hear of an escalation by these events."""
    return any(isinstance(e, ev.Escalated) and (e.to or e.channel) for e in events)


def entry(
    desk: Desk, ticket: Ticket, happened: Sequence[ev.Recorded], effects: Sequence[ef.Effect]
) -> ef.DigestEntry | None:
    """What a digest tells instead of these effects; None when some are of another kind."""
    said = {r.seq: (r.event, r.at) for r in happened if isinstance(r.event, ev.Escalated)}
    if not effects or any(effect.seq not in said for effect in effects):
        return None
    loud, at = said[effects[0].seq]
    line = ef.DigestLine(
        number=ticket.number,
        title=ticket.title[:120],
        severity=ticket.severity,
        environment=ticket.environment,
        is_production=desk.concerns_production(ticket.type, ticket.environment),
        step=loud.step,
        clock=loud.clock,
        due_at=loud.due_at,
        at=at,
    )
    people = {e.to.email: e.to for e in effects if isinstance(e, ef.MailOwed)}
    channels = {e.channel: None for e in effects if isinstance(e, ef.ChatOwed)}
    return ef.DigestEntry(
        seq=effects[0].seq, line=line, to=tuple(people.values()), channels=tuple(channels)
    )


def messages(
    desk: Desk, entries: Sequence[ef.DigestEntry]
) -> list[tuple[ef.DigestEntry, tuple[ef.Effect, ...]]]:
    """The effects that tell the entries: one a receiver, each row of them under a ticket's name."""
    people: dict[str, tuple[Person, list[ef.DigestLine]]] = {}
    channels: dict[str, list[ef.DigestLine]] = {}
    for each in entries:
        for person in each.to:
            people.setdefault(person.email, (person, []))[1].append(each.line)
        for channel in each.channels:
            channels.setdefault(channel, []).append(each.line)
    effects: list[ef.Effect] = [
        ef.MailOwed(seq=0, notice=SUBJECT, to=person, audience="staff", digest=_digest(desk, lines))
        for person, lines in people.values()
    ]
    effects += [
        ef.ChatOwed(seq=0, occasion="escalated", channel=channel, digest=_digest(desk, lines))
        for channel, lines in channels.items()
    ]
    # Each row needs a ticket of its own for its name.
    size = max(RECEIVERS, -(-len(effects) // max(len(entries), 1)))
    named = zip(entries, batched(effects, size, strict=False), strict=False)
    return [
        (name, tuple(e.model_copy(update={"seq": name.seq}) for e in row)) for name, row in named
    ]


def _digest(desk: Desk, lines: Sequence[ef.DigestLine]) -> ef.Digest:
    """The worst first: by severity, then by what was due first."""
    order = list(desk.severity_by_id)

    def place(line: ef.DigestLine) -> tuple[int, str, int, str]:
        rank = order.index(line.severity) if line.severity in order else len(order)
        due = line.due_at.isoformat() if line.due_at else "~"
        return rank, due, len(line.number), line.number  # MYTC-2 before MYTC-10

    ordered = sorted(lines, key=place)
    return ef.Digest(
        lines=tuple(ordered[:LINES]), more=tuple(line.number for line in ordered[LINES:])
    )
