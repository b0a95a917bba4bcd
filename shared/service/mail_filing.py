"""What a person wrote becomes a ticket or an answer, once."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace

from pydantic import ValidationError

from shared.domain import commands as cm
from shared.domain import events as ev
from shared.domain.desk import Member
from shared.domain.errors import FlowForbids, NotFound, Refused
from shared.domain.people import SYSTEM, Actor, ActorKind, Person
from shared.domain.ticket import Ticket
from shared.mail_in.authentication import failed_authentication
from shared.mail_in.forward import Forwarded, forwarded
from shared.mail_in.match import Match
from shared.ports import Write
from shared.service import conversation, files, mail_matching, reads
from shared.service import layout as ly
from shared.service.handle import AlreadyDone, Order, handle
from shared.service.mail_content import Content, content_of, language_of, subject_of, title_of
from shared.service.mail_ledger import Entry
from shared.service.mail_letter import Letter, quarantined, unanswerable
from shared.service.mail_senders import Habit, Written, habit, said_on
from shared.service.opening import Request, open_request

_HANDED_ON = "answers a notice for members, but a stranger wrote it"


async def from_person(letter: Letter) -> tuple[Entry, list[Write]]:
    """Makes it a ticket or an answer. Gives its entry, and rows that go with it."""
    deps, desk, mail = letter.room.deps, letter.desk, letter.mail
    found, habits, known = await asyncio.gather(
        mail_matching.find(letter.room, desk, mail),
        habit(deps, desk, letter.sender),
        deps.rows.get(desk.id, ly.idempotency_key(*letter.keys[0])),
    )
    said = said_on(found.match.number, mail.new_text)
    written = Written(at=letter.change.received_at, message=letter.entry.message, said=said)
    if known is not None:
        number = ly.KeyRow.model_validate_json(known.body).number
        return await _known(letter, number), _trace(letter, habits, written)
    objection = unanswerable(letter.sender)
    if not letter.was_kept:  # else a person has seen that it is neither a loop nor a flood
        objection = objection or habits.objection(written, desk.mail.sender_cap_per_hour)
    if objection:
        return await quarantined(letter, objection), []
    try:
        entry = await _filed(letter, found)
    except AlreadyDone as done:
        entry = await _known(letter, str(done))
    except (Refused, ValidationError) as error:
        why = f"cannot become a ticket or an answer: {_in_words(error)}"
        return await quarantined(letter, why), []
    return entry, _trace(letter, habits, written)


def _in_words(error: Refused | ValidationError) -> str:
    if isinstance(error, Refused):
        return str(error)
    return "; ".join(e["msg"].removeprefix("Value error, ") for e in error.errors())


def _trace(letter: Letter, habits: Habit, written: Written) -> list[Write]:
    rows = [habits.with_mail(written)]
    if letter.mail.message_id:
        rows.append(mail_matching.thread_row(letter.mail, letter.mail.message_id))
    return rows


async def _known(letter: Letter, number: str) -> Entry:
    """The mail is in already: another copy of it, or its ledger row was lost in a crash."""
    loaded = await reads.find(letter.room.deps, number)
    mine = next((r for r in loaded.history if _is_of(r.event, letter)), None)
    if mine is not None and mine.at < letter.change.received_at:
        return letter.ended("rejected", number, "a copy of a mail that had come before")
    credited = mine is not None and _credits(letter, mine)
    await _remark(letter, number, _content(letter, credited=credited))
    is_ticket = mine is not None and isinstance(mine.event, ev.Opened)
    return letter.ended("ticket" if is_ticket else "follow_up", number)


def _is_of(event: ev.Event, letter: Letter) -> bool:
    if not isinstance(event, ev.Opened | ev.Replied):
        return False
    own = letter.mail.message_id
    return event.raw == letter.blob or (bool(own) and event.message_id == own)


async def _filed(letter: Letter, found: mail_matching.Found) -> Entry:
    if found.match.number is None:
        return await _opened(letter, found.match)
    try:
        loaded = await mail_matching.goes_on_as(letter.room, found.match.number)
    except NotFound:
        return await _opened(letter, replace(found.match, number=None))
    return await _answered(letter, loaded.ticket, found)


def _handed_on(letter: Letter) -> Forwarded | None:
    trusted = frozenset(letter.desk.mail.internal_domains)
    return forwarded(letter.mail, trusted, letter.room.own_addresses)


def _original(letter: Letter) -> Person | None:
    """Who wrote what a trusted person hands on."""
    found = _handed_on(letter)
    if found is None or unanswerable(found.writer.email):
        return None  # who hands it on gets the answers
    return Person(email=found.writer.email, name=found.writer.name)


def _content(letter: Letter, *, credited: bool) -> Content:
    """`credited`: the words are those of the mail that is handed on, not of who does it."""
    return content_of(letter.mail, _handed_on(letter) if credited else None)


def _credits(letter: Letter, mine: ev.Recorded) -> bool:
    """Whether the ticket or answer that the mail became is its first writer's."""
    original = _original(letter)
    is_answer = isinstance(mine.event, ev.Replied)
    return original is not None and (mine.by.email == original.email or not is_answer)


def _writer(letter: Letter) -> Person:
    writer = letter.writer
    if writer is None:
        raise ValueError("a mail without a sender is none of a person's")
    return Person(email=writer.email, name=writer.name)


async def _opened(letter: Letter, match: Match) -> Entry:
    desk, deps, policy = letter.desk, letter.room.deps, letter.desk.mail
    if policy.new_ticket_type is None:
        return await quarantined(letter, "this desk takes no new requests by mail")
    writer, original = _writer(letter), _original(letter)
    handed_on = _handed_on(letter) if original else None
    content = content_of(letter.mail, handed_on)
    stored = await files.store(deps.blobs, content.uploads, public=True)
    command = cm.Open(
        title=title_of(letter.mail, handed_on),
        description=content.text,
        type=policy.new_ticket_type,
        environment=policy.new_ticket_environment or desk.environments[0].id,
        severity=policy.new_ticket_severity,
        requester=original or writer,
        submitted_by=writer if original else None,
        language=language_of(desk, letter.mail),
        attachments=stored,
        source="mail",
        message_id=letter.mail.message_id or "",
        raw=letter.blob,
        links=tuple((number, "quoted") for number in match.quoted),
    )
    actor = Actor(kind=ActorKind.CLIENT, email=writer.email, name=writer.name)
    opened = await open_request(deps, desk, Request(command, actor, letter.keys))
    number = opened.loaded.ticket.number
    if not opened.is_new:
        return await _known(letter, number)
    await _remark(letter, number, content)
    return letter.ended("ticket", number)


async def _answered(letter: Letter, ticket: Ticket, found: mail_matching.Found) -> Entry:
    desk, deps = letter.desk, letter.room.deps
    writer, original = _writer(letter), _original(letter)
    credited = original if original and original.email in _clients(letter, ticket) else None
    content = _content(letter, credited=credited is not None)
    member = desk.member_by_email.get(writer.email)
    is_told = found.bound in ("either", "inside")  # it answers what members were told
    asks = writer.email == ticket.requester.email or credited is not None
    by_staff = member is not None and (is_told or not asks)
    if by_staff and failed_authentication(letter.mail):
        return await quarantined(letter, "says that a member wrote it, but is not authentic")
    stored = await files.store(deps.blobs, content.uploads, public=True)
    reply = cm.Reply(
        command="reply",
        text=content.text,
        attachments=stored,
        message_id=letter.mail.message_id or "",
        raw=letter.blob,
    )
    if by_staff and member is not None:
        is_public = _handed_on(letter) is None and _is_for_client(letter, ticket, found, reply)
        answer = reply if is_public else _noted(reply)
        loaded = await _staff_answer(letter, ticket.number, answer, member)
    elif is_told and writer.email not in ticket.participants:
        return await quarantined(letter, _HANDED_ON)
    else:
        client = credited or writer
        actor = Actor(kind=ActorKind.CLIENT, email=client.email, name=client.name)
        loaded = await conversation.client_reply(
            deps,
            ticket.number,
            reply,
            actor,
            keys=letter.keys,
            subject=subject_of(desk, letter.mail),
        )
    number = loaded.ticket.number
    await _remark(letter, number, content)
    if _is_of(loaded.history[0].event, letter):
        return letter.ended("ticket", number)
    if not by_staff and writer.email in found.people:
        await _join(letter, loaded.ticket, writer.email)
    return letter.ended("follow_up", number)


async def _staff_answer(
    letter: Letter, number: str, answer: cm.Reply | cm.Note, member: Member
) -> ly.Loaded:
    """What a member answered; a public answer to a ticket that takes none any more is a note."""
    deps = letter.room.deps
    actor = Actor(kind=ActorKind.STAFF, email=member.email, name=member.name, roles=member.roles)
    try:
        return await handle(deps, Order(number, (answer,), actor, keys=letter.keys))
    except FlowForbids:
        if isinstance(answer, cm.Note):
            raise
        return await handle(deps, Order(number, (_noted(answer),), actor, keys=letter.keys))


def _clients(letter: Letter, ticket: Ticket) -> frozenset[str]:
    """The ticket's people who are no members: who may read what is public on it."""
    return ticket.participants - letter.desk.member_by_email.keys()


def _is_for_client(
    letter: Letter, ticket: Ticket, found: mail_matching.Found, reply: cm.Reply
) -> bool:
    """Whether a member's answer is meant for the client, and holds no words of a notice of ours.

    A notice for members tells them more than the client may read, so what quotes it stays inside.
    What members say to each other below a client's own mail goes to no client, either.
    """
    if found.bound == "client" and not found.is_ours:
        addressed = {address.email for address in (*letter.mail.to, *letter.mail.cc)}
        return bool(addressed & _clients(letter, ticket))
    link = letter.room.links.staff_ticket(ticket.desk, ticket.number)
    quotes = link in reply.text or any(
        line.lstrip().startswith(">") for line in reply.text.splitlines()
    )
    return found.bound == "client" or (found.bound == "either" and not quotes)


def _noted(reply: cm.Reply) -> cm.Note:
    """The answer as a work note."""
    return cm.Note(command="note", text=reply.text, attachments=reply.attachments)


async def _join(letter: Letter, ticket: Ticket, email: str) -> None:
    """Somebody who was in copy answers: they follow from now on, where the desk wants that."""
    is_member = email in letter.desk.member_by_email
    if not letter.desk.mail.copied_may_join or is_member or email in ticket.participants:
        return
    watch = cm.Watch(command="watch", email=email)
    await handle(letter.room.deps, Order(ticket.number, (watch,), SYSTEM))


async def _remark(letter: Letter, number: str, content: Content) -> None:
    """Tells staff what of the mail is not on the ticket, once."""
    if not content.remarks:
        return
    remark = cm.Remark(text="\n".join(content.remarks))
    keys = (("remark", letter.mail.key),)
    with contextlib.suppress(AlreadyDone):
        await handle(letter.room.deps, Order(number, (remark,), SYSTEM, keys=keys))
