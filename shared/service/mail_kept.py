"""A mail in the quarantine that a member takes in after all, as if it had passed at once.

Waived is what a person can judge better: that somebody writes too much or always the same, an
invitation, a sender who cannot be answered. A doubt about who wrote it stays, and so does what
cannot be read.
"""

from __future__ import annotations

import asyncio
import contextlib

from shared.domain import commands as cm
from shared.domain.desk import Desk
from shared.domain.errors import Conflict, FlowForbids, Invalid, NotFound
from shared.domain.people import SYSTEM, Actor, normal_address
from shared.mail_in.classify import Verdict
from shared.mail_in.model import Address, ParsedMail, UnparsableMail
from shared.mail_in.parse import parse_mail
from shared.ports import MailboxChange
from shared.service import layout as ly
from shared.service import mail_ledger, quarantine
from shared.service.handle import AlreadyDone, Order, handle
from shared.service.mail_filing import from_person
from shared.service.mail_intake import FOR_PEOPLE, judge
from shared.service.mail_letter import Letter, blob_of, unanswerable
from shared.service.mail_room import MailRoom
from shared.service.quarantine import Kept


async def take_in_kept(
    room: MailRoom, desk: Desk, key: str, member: Actor, answer_to: str = ""
) -> str:
    """The number of the ticket that the mail became, or joined. Doing it again changes nothing.

    `answer_to`: an address in the place of a sender who cannot be answered. Raises FlowForbids or
    Invalid with what speaks against it, and NotFound.
    """
    deps, once = room.deps, ("taken_in", f"{desk.id}:{key}")
    done = await deps.rows.get(desk.id, ly.idempotency_key(*once))
    if done is not None:
        number = ly.KeyRow.model_validate_json(done.body).number
    else:
        kept = await quarantine.find(deps, desk, key)
        letter = await _letter(room, desk, key, kept, answer_to)
        number = await _filed(letter)
        order = Order(number, (_remark(kept, letter, member),), SYSTEM, keys=(once,))
        with contextlib.suppress(AlreadyDone, NotFound):  # archived since an interrupted try
            await handle(deps, order)
    # Last: while the row is there, what was interrupted can be done again. Another may be faster.
    with contextlib.suppress(NotFound, Conflict):
        await quarantine.release(deps, desk, key)
    return number


async def _letter(room: MailRoom, desk: Desk, key: str, kept: Kept, answer_to: str) -> Letter:
    """The mail as it came in. Raises FlowForbids, Invalid, NotFound."""
    if kept.source != "mail":
        raise FlowForbids("it is no mail: a form's response is taken in under Forms")
    raw = await quarantine.raw(room.deps, desk, key)
    if not raw:
        raise NotFound("its content is gone: somebody has dealt with it")
    try:
        mail = await asyncio.to_thread(parse_mail, raw)
    except UnparsableMail as error:
        raise FlowForbids(f"it cannot be taken in: {error.reason}") from error
    entry = await mail_ledger.find(room.deps, desk, kept.ledger)
    change = MailboxChange(
        id="",
        internet_message_id=entry.message if entry else mail.message_id or "",
        received_at=entry.received_at if entry else kept.at,
    )
    instead = _instead(room, desk, mail, answer_to)
    letter = Letter(room, desk, change, raw, blob_of(desk, raw), mail, True, instead)
    judged = judge(letter)
    if judged.verdict is not Verdict.PERSON and judged.verdict not in FOR_PEOPLE:
        raise FlowForbids(f"it cannot be taken in: a machine wrote it ({judged.reason})")
    return letter


def _instead(room: MailRoom, desk: Desk, mail: ParsedMail, answer_to: str) -> Address | None:
    """Whom a member names in the place of a sender who cannot be answered. Raises Invalid."""
    sender = mail.sender
    why = unanswerable(sender.email) if sender else FOR_PEOPLE[Verdict.NO_SENDER]
    if not why:
        return None
    if not answer_to.strip():
        raise Invalid.of("answer_to", f"give the address that answers go to; {why}")
    try:
        email = normal_address(answer_to)
    except ValueError as error:
        raise Invalid.of("answer_to", str(error)) from error
    if email in desk.member_by_email or email in room.own_addresses:
        raise Invalid.of("answer_to", "give the address of the client, not one of the desk's own")
    return Address(email, sender.name if sender else "")


async def _filed(letter: Letter) -> str:
    """Brings the mail to its end as any other; the ticket's number. Raises FlowForbids."""
    deps = letter.room.deps
    await deps.blobs.put(letter.blob, letter.raw, "message/rfc822")
    entry, more = await from_person(letter)
    await mail_ledger.conclude(deps, letter.desk, entry, more)
    if entry.outcome == "quarantined":
        raise FlowForbids(f"it cannot be taken in: {entry.reason}")
    return entry.number


def _remark(kept: Kept, letter: Letter, member: Actor) -> cm.Remark:
    """Whose decision it was, for the ticket's history."""
    who = member.name or member.email
    text = f"{who} took this mail in from the quarantine. What kept it there: {kept.reason}."
    if letter.answer_to:
        text += f" Answers go to {letter.answer_to.email}, whom {who} named."
    return cm.Remark(text=text)
