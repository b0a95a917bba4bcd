"""What a ticket owes that is not among the live ones any more, tried again by hand."""

from __future__ import annotations

from shared.domain.effects import Effect, ItemMoveOwed, MailOwed, Outbox
from shared.domain.errors import Rejected
from shared.domain.people import Person
from shared.ports import Put
from shared.service import layout as ly
from shared.service import reads, retry
from shared.service.sweep import sweep_outbox
from tests.operations.journey import archived
from tests.service.counted import CLIENT
from tests.support.app import MemoryApp, memory_app


async def retried(app: MemoryApp, number: str, *effects: Effect) -> list[str]:
    """How these effects of the ticket's first event, given up once, stand after a retry by hand."""
    desk, now = app.deps.desk("mytc"), app.clock.now()
    box = Outbox(
        desk=desk.id, number=number, seq=1, committed_at=now, due=now, claim="", effects=effects
    )
    await app.rows.commit(desk.id, [Put(ly.dead_key(number, 1), ly.body(box))])
    await retry.retry(app.deps, desk, ly.dead_key(number, 1))
    app.clock.advance(seconds=2)
    await sweep_outbox(app.deps, desk.id)
    await app.deliver_all()
    assert await app.rows.scan(desk.id, "outbox|", f"outbox{ly.END}") == []
    return [e.error for _, box in await reads.undelivered(app.deps, desk) for e in box.effects]


CONFIRMATION = MailOwed(
    seq=1, notice="request_received", to=Person(email=CLIENT), audience="client", status="dead"
)


async def test_what_an_archived_ticket_owes_is_delivered_from_the_archive() -> None:
    app = memory_app()
    number = await archived(app)
    before = len(app.vendors.mail.sent)
    move = ItemMoveOwed(seq=1, item="1", to_state="Closed", status="dead")
    assert await retried(app, number, CONFIRMATION, move) == []
    [mail] = list(app.vendors.mail.sent.values())[before:]
    assert number in mail.subject


async def test_what_the_vendor_refuses_of_an_archived_ticket_is_listed_again() -> None:
    app = memory_app()
    number = await archived(app)
    app.vendors.mail.failing.append(Rejected("no such mailbox"))
    assert await retried(app, number, CONFIRMATION) == ["no such mailbox"]


async def test_what_a_ticket_that_is_nowhere_owes_is_given_up_with_the_reason() -> None:
    assert await retried(memory_app(), "MYTC-99", CONFIRMATION) == ["there is no ticket MYTC-99"]
