"""What the ledger forgets after its time: its rows, and the mails that became nothing."""

from __future__ import annotations

import pytest

from shared.adapters.memory import MemoryBlobs
from shared.domain.errors import NotFound
from shared.service import mail_ledger, quarantine
from shared.service.mail_ledger import KEPT, Entry
from tests.mail_service.desk_mail import DeskMail, raw_mail


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


@pytest.mark.parametrize("outcome", ["pending", "ticket", "follow_up"])
async def test_only_mails_that_became_nothing_go(post: DeskMail, outcome: str) -> None:
    entry = await post.take(raw_mail(Auto_Submitted="auto-replied"))
    other = Entry.model_validate({**entry.model_dump(), "outcome": outcome})
    await mail_ledger.conclude(post.app.deps, post.desk, other)
    await a_while_later(post)
    assert await is_kept(post, entry)
