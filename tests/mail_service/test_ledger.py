"""What the ledger forgets after its time: its rows, and the mails that became nothing."""

from __future__ import annotations

from shared.adapters.memory import MemoryBlobs
from shared.domain import commands as cm
from shared.domain.errors import NotFound
from shared.ports import Put
from shared.service import layout as ly
from shared.service import mail_ledger, quarantine
from shared.service.handle import Order, handle
from shared.service.mail_ledger import KEPT, Entry
from tests.mail_service.desk_mail import TOM, DeskMail, raw_mail, texts

TOM_ADDRESS = "tom.becker@doorfunds.example"


async def a_while_later(post: DeskMail, days: int = KEPT.days + 1) -> None:
    post.app.clock.advance(days=days)
    await mail_ledger.forget_old(post.app.deps, post.desk)


async def is_kept(post: DeskMail, entry: Entry) -> bool:
    try:
        await post.app.deps.blobs.get(entry.raw)
    except NotFound:
        return False
    return True


async def test_a_rejected_mail_goes_with_its_row_and_not_before(post: DeskMail) -> None:
    entry = await post.take(raw_mail(Auto_Submitted="auto-replied"))
    assert entry.outcome == "rejected"
    await a_while_later(post, KEPT.days)
    assert await is_kept(post, entry)
    await a_while_later(post, 1)
    assert not await is_kept(post, entry)
    assert await post.app.rows.get("door", entry.key) is None


async def test_a_mail_on_a_ticket_stays(post: DeskMail) -> None:
    entry = await post.take(raw_mail())
    assert entry.outcome == "ticket"
    await a_while_later(post)
    assert await is_kept(post, entry)


async def test_a_copy_of_a_mail_on_a_ticket_takes_nothing_with_it(post: DeskMail) -> None:
    first = await post.take(raw_mail())
    post.app.clock.advance(days=1)
    copy = await post.take(raw_mail())
    assert (copy.outcome, copy.raw, copy.number) == ("rejected", first.raw, first.number)
    await a_while_later(post)
    assert await is_kept(post, first)


async def test_a_rejected_mail_about_a_ticket_that_is_gone_goes_too(post: DeskMail) -> None:
    entry = await post.take(raw_mail(Auto_Submitted="auto-replied"))
    lost = entry.model_copy(update={"number": "DOOR-99"})
    await mail_ledger.conclude(post.app.deps, post.desk, lost)
    await a_while_later(post)
    assert not await is_kept(post, entry)


async def test_what_was_put_aside_stays_in_the_quarantine_alone(post: DeskMail) -> None:
    entry = await post.take(
        raw_mail("BEGIN:VCALENDAR", Content_Type="text/calendar; method=REQUEST")
    )
    assert entry.outcome == "quarantined"
    await a_while_later(post)
    [(key, _)] = await quarantine.entries(post.app.deps, post.desk)
    assert b"VCALENDAR" in await quarantine.raw(post.app.deps, post.desk, key)
    assert isinstance(post.app.deps.blobs, MemoryBlobs)
    assert not [name for name in post.app.deps.blobs.stored if name.startswith("mail/")]


async def test_an_interrupted_night_is_finished_by_the_next(post: DeskMail) -> None:
    entry = await post.take(raw_mail(Auto_Submitted="auto-replied"))
    await post.app.deps.blobs.delete(entry.raw)
    await a_while_later(post)
    assert await post.app.rows.get("door", entry.key) is None


async def test_a_members_mail_that_became_a_work_note_goes_with_its_row(post: DeskMail) -> None:
    await post.opened()
    mail = raw_mail(
        "It is the vault.\n", sender=TOM, subject="[DOOR-1]", message_id="<t@door.example>"
    )
    note = cm.Note(command="note", text="nothing to do")
    await handle(post.app.deps, Order("DOOR-1", (note,), post.app.actor(TOM_ADDRESS)))
    closed = cm.Move(command="move", to="closed")
    await handle(post.app.deps, Order("DOOR-1", (closed,), post.app.actor(TOM_ADDRESS)))
    entry = await post.take(mail)
    assert (entry.outcome, texts(await post.loaded("DOOR-1"), "replied")) == ("follow_up", [])
    assert await is_kept(post, entry)
    await a_while_later(post)
    assert not await is_kept(post, entry)
    assert await post.app.rows.get("door", entry.key) is None


async def test_a_mail_whose_ticket_cannot_be_read_waits_and_keeps_no_other(post: DeskMail) -> None:
    entry = await post.take(raw_mail(message_id="<m0@client.example>"))
    other = await post.take(raw_mail(Auto_Submitted="auto-replied"))
    broken = Put(ly.state_key(entry.number), '{"newer": 1}')
    await post.app.rows.commit("door", [broken])
    await a_while_later(post)
    assert await is_kept(post, entry)
    assert await post.app.rows.get("door", entry.key) is not None
    assert not await is_kept(post, other)
