"""Which ticket a mail belongs to, and who was on the thread that it answers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from shared.domain.desk import Desk
from shared.domain.effects import Bound
from shared.domain.errors import NotFound
from shared.mail_in.match import Candidates, Fetched, Match, candidates, decide
from shared.mail_in.model import ParsedMail
from shared.ports import Put, Write
from shared.service import layout as ly
from shared.service import reads
from shared.service.mail_room import MailRoom

_REFERENCES = 20  # nearest first; mail programs repeat the thread's whole history
_MERGES = 20


class OnThread(ly.Passing):
    """The people to whom a mail went, and who wrote it."""

    people: tuple[str, ...]


@dataclass(frozen=True)
class Found:
    """The match, the addresses on the mails that this one answers, and for whom it is meant.

    `bound` goes by the nearest known mail; None when no mail was known, just a number. That mail
    `is_ours`, or a client wrote it.
    """

    match: Match
    people: frozenset[str]
    bound: Bound | None = None
    is_ours: bool = False


async def find(room: MailRoom, desk: Desk, mail: ParsedMail) -> Found:
    """Looks up what the mail refers to. Only this desk's tickets are joined; others are linked."""
    asked = candidates(mail, room.prefixes)
    asked = Candidates(asked.message_ids[:_REFERENCES], asked.numbers)
    known, people = await asyncio.gather(
        _by_message_id(room, desk, asked.message_ids), _people(room, desk, asked.message_ids)
    )
    ours = {i: n for i, n in known.items() if room.deps.desk_of(n) is desk}
    foreign = tuple(dict.fromkeys(n for n in known.values() if room.deps.desk_of(n) is not desk))
    asked = Candidates(asked.message_ids, tuple(dict.fromkeys((*asked.numbers, *foreign))))
    fetched = Fetched(ours, await _participants(room, desk, asked.numbers))
    nearest = next((i for i in asked.message_ids if i in ours), None)
    told = room.links.bound(nearest) if nearest else None
    bound = told or ("client" if nearest else None)
    return Found(decide(mail, asked, fetched), people, bound, is_ours=told is not None)


def thread_row(mail: ParsedMail, message_id: str) -> Write:
    """Remembers who was on the mail."""
    sender = (mail.sender,) if mail.sender else ()
    everybody = (*sender, *mail.to, *mail.cc, *mail.reply_to)
    people = tuple(dict.fromkeys(address.email for address in everybody))[:200]
    return Put(ly.thread_key(message_id), ly.body(OnThread(people=people)))


def signed_number(room: MailRoom, message_ids: tuple[str, ...]) -> str | None:
    """The ticket that one of our own Message-IDs among these names."""
    number = room.links.ticket_of(message_ids)
    return number if number and number.partition("-")[0] in room.prefixes else None


async def _by_message_id(
    room: MailRoom, desk: Desk, message_ids: tuple[str, ...]
) -> dict[str, str]:
    async def look(message_id: str) -> str | None:
        if number := signed_number(room, (message_id,)):
            return number
        key = ly.idempotency_key("mail", message_id)
        row = await room.deps.rows.get(desk.id, key)
        return ly.KeyRow.model_validate_json(row.body).number if row else None

    found = await asyncio.gather(*map(look, message_ids))
    return {i: n for i, n in zip(message_ids, found, strict=True) if n}


async def _people(room: MailRoom, desk: Desk, message_ids: tuple[str, ...]) -> frozenset[str]:
    keys = [ly.thread_key(message_id) for message_id in message_ids]
    rows = await asyncio.gather(*(room.deps.rows.get(desk.id, key) for key in keys))
    return frozenset(p for r in rows if r for p in OnThread.model_validate_json(r.body).people)


async def _participants(
    room: MailRoom, desk: Desk, numbers: tuple[str, ...]
) -> dict[str, frozenset[str]]:
    """Who may join by number alone; nobody from here on another desk's ticket."""

    async def look(number: str) -> frozenset[str] | None:
        try:
            ticket = (await reads.find(room.deps, number)).ticket
        except NotFound:
            return None
        if ticket.desk != desk.id:
            return frozenset()
        return ticket.participants | desk.member_by_email.keys()

    found = await asyncio.gather(*map(look, numbers))
    return {n: people for n, people in zip(numbers, found, strict=True) if people is not None}


async def goes_on_as(room: MailRoom, number: str) -> ly.Loaded:
    """The ticket, or the one that it was merged into. Raises NotFound."""
    loaded = await reads.find(room.deps, number)
    for _ in range(_MERGES):
        if not loaded.ticket.merged_into:
            break
        loaded = await reads.find(room.deps, loaded.ticket.merged_into)
    return loaded
