"""What a commit owes: delivered once, or visibly undelivered and retried by hand."""

from __future__ import annotations

import asyncio
import datetime as dt
import json
from dataclasses import dataclass, field, replace

import pytest

from shared.adapters.memory_vendors import MemoryBacklog
from shared.domain import commands as cm
from shared.domain.errors import NotYet, Rejected, Unavailable
from shared.domain.events import PlannedItem
from shared.domain.ticket import Opinion, Urgency
from shared.ports import BacklogPlace, ItemRef, NewItem
from shared.service import layout as ly
from shared.service import reads, retry
from shared.service.conversation import staff_command
from shared.service.deliver import deliver
from shared.service.sweep import sweep_outbox
from tests.crash.desk_at_work import DeskAtWork
from tests.crash.faulty import Faults
from tests.service.counted import Counted, counted, submit

HOLLY, MARIA = "holly@mytc.example", "maria.lopez@mytc.example"


async def failing(at: Counted, error: Exception, hours: float) -> None:
    """A request whose first mails fail in that way for so long."""
    await submit(at.deps)
    for _ in range(int(hours) + 1):
        at.app.vendors.mail.failing.extend([error] * 4)  # type: ignore[list-item]
        await at.app.deliver_all()
        at.app.clock.advance(hours=1, minutes=20)
        await sweep_outbox(at.deps, "mytc")
    at.app.vendors.mail.failing.clear()


async def states(at: Counted) -> list[str]:
    """How the effects on the undelivered list stand."""
    found = await reads.undelivered(at.deps, at.deps.desk("mytc"))
    return [effect.status for _, box in found for effect in box.effects]


async def test_what_a_vendor_refuses_for_good_is_listed_and_told_to_staff() -> None:
    at = counted()
    await failing(at, Rejected("no such mailbox"), hours=0)
    assert await states(at) == ["done", "dead", "dead"]
    ticket = await reads.find(at.deps, "MYTC-1")
    notes = [r.event.text for r in ticket.history if r.event.kind == "noted"]
    assert any("Not delivered" in text for text in notes)


async def test_a_vendor_that_is_away_is_tried_again_until_it_is_back() -> None:
    at = counted()
    await failing(at, Unavailable("away"), hours=3)
    assert "due" in await states(at)
    for _ in range(3):
        await at.app.deliver_all()
        at.app.clock.advance(hours=2)
        await sweep_outbox(at.deps, "mytc")
    assert await states(at) == []
    assert len(at.app.vendors.mail.sent) == 2


async def test_a_mail_that_waited_long_enough_for_the_tool_goes_between_its_tries() -> None:
    at = counted()
    at.app.vendors.tool.failing.append(Unavailable("away", retry_after=3600))
    await submit(at.deps)
    await at.app.deliver_all()
    assert at.app.vendors.mail.sent == {}
    at.app.clock.advance(minutes=2)
    await sweep_outbox(at.deps, "mytc")
    await at.app.deliver_all()
    assert await states(at) == ["due", "done", "done"]


TASK, PBI = PlannedItem(kind="task", title="Look"), PlannedItem(kind="pbi", title="Mend")


@pytest.mark.parametrize(("plans", "failures"), [((PBI, TASK), 1), ((TASK, PBI), 0)])
async def test_a_task_is_not_created_before_the_item_that_it_belongs_to(
    plans: tuple[PlannedItem, ...], failures: int
) -> None:
    at = counted()
    await submit(at.deps)
    await at.app.deliver_all()
    tool = at.app.vendors.tool
    tool.failing.extend([Unavailable("away")] * failures)
    decided = cm.Decide(
        command="decide", decision=Opinion.PROCEED, reason="ours", urgency=Urgency.URGENT,
        work_items=plans,
    )  # fmt: skip
    await staff_command(at.deps, "MYTC-1", decided, at.app.actor(MARIA))
    await at.app.deliver_all()
    at.app.clock.advance(minutes=1)
    await sweep_outbox(at.deps, "mytc")
    await at.app.deliver_all()
    items = {item.title: (number, item.parent) for number, item in tool.asked.items()}
    assert items["Look"][1] == items["Mend"][0]


async def test_a_retry_that_falls_into_the_second_of_the_claim_is_kept() -> None:
    at = counted()
    await submit(at.deps)
    at.app.vendors.mail.failing.extend([Unavailable("away", retry_after=60)] * 2)
    await at.app.deliver_all()
    assert await states(at) == ["done", "due", "due"]


async def test_a_retry_by_hand_within_the_same_second_is_kept() -> None:
    at = counted()
    await failing(at, Rejected("no such mailbox"), hours=0)
    [(key, _)] = await reads.undelivered(at.deps, at.deps.desk("mytc"))
    await retry.retry(at.deps, at.deps.desk("mytc"), key)
    [(moved, _)] = await reads.undelivered(at.deps, at.deps.desk("mytc"))
    await retry.retry(at.deps, at.deps.desk("mytc"), moved)
    assert await states(at) == ["done", "due", "due"]


async def test_after_a_day_it_is_given_up_and_a_person_may_try_again() -> None:
    at = counted()
    await failing(at, Unavailable("away"), hours=30)
    await at.app.deliver_all()
    assert "dead" in await states(at)
    [(key, _)] = await reads.undelivered(at.deps, at.deps.desk("mytc"))
    await retry.retry(at.deps, at.deps.desk("mytc"), key)
    at.app.clock.advance(seconds=2)
    await sweep_outbox(at.deps, "mytc")
    await at.app.deliver_all()
    assert await states(at) == []
    assert len(at.app.vendors.mail.sent) == 2


async def test_a_message_that_comes_again_after_its_work_does_nothing() -> None:
    at = counted()
    await submit(at.deps)
    message = json.loads(at.app.bell.messages[0].message)
    await at.app.deliver_all()
    before = await reads.find(at.deps, "MYTC-1")
    at.forget()
    for again in (False, True):
        row, claim = message["row"], message["claim"]
        await deliver(at.deps, message["desk"], row, claim, again=again)
    assert at.rows.written == []
    assert (await reads.find(at.deps, "MYTC-1")).history == before.history


async def test_two_sweeps_at_once_ring_once() -> None:
    desk = DeskAtWork(Faults())
    await desk.open()
    desk.app.bell.messages.clear()  # the bell was not heard
    desk.app.clock.advance(minutes=2)
    rung = await asyncio.gather(*(sweep_outbox(desk.deps, "mytc") for _ in range(4)))
    assert sum(rung) == 1
    await desk.come_to_rest()
    assert len(desk.vendors.mails) == 2


async def test_two_members_who_write_at_once_both_get_through() -> None:
    at = counted()
    await submit(at.deps)
    notes = [cm.Note(command="note", text=f"note {n}") for n in range(8)]
    holly = at.app.actor(HOLLY)
    await asyncio.gather(*(staff_command(at.deps, "MYTC-1", note, holly) for note in notes))
    history = (await reads.find(at.deps, "MYTC-1")).history
    written = [r.event.text for r in history if r.event.kind == "noted"]
    assert sorted(written) == [f"note {n}" for n in range(8)]
    assert [r.seq for r in history] == list(range(1, len(history) + 1))


async def test_what_failed_is_tried_again_when_its_pause_is_over_not_at_the_next_sweep() -> None:
    at = counted()
    await submit(at.deps)
    at.app.vendors.mail.failing.append(Unavailable("away"))
    await at.app.deliver_all(1)
    [later] = at.app.bell.messages
    assert dt.timedelta(seconds=20) < later.delay < dt.timedelta(seconds=40)
    at.app.clock.advance(seconds=later.delay.total_seconds())
    await at.app.deliver_all()
    assert (await states(at), len(at.app.vendors.mail.sent)) == ([], 2)


async def test_a_bell_for_a_retry_that_comes_too_early_or_after_the_sweep_does_nothing() -> None:
    at = counted()
    await submit(at.deps)
    at.app.vendors.mail.failing.append(Unavailable("away"))
    await at.app.deliver_all(1)
    early = at.app.bell.messages[0]
    at.forget()
    await at.app.deliver_all()
    assert at.rows.written == []
    at.app.clock.advance(minutes=1)
    await sweep_outbox(at.deps, "mytc")
    at.app.bell.messages.insert(0, early)
    await at.app.deliver_all()
    assert (await states(at), len(at.app.vendors.mail.sent)) == ([], 2)


@dataclass
class LaggingBacklog(MemoryBacklog):
    """A tool whose search lags: a second attempt that finds nothing is told to wait."""

    asked_since: list[dt.timedelta | None] = field(default_factory=list)

    async def create(
        self, place: BacklogPlace, item: NewItem, key: str, *, again: bool,
        since: dt.timedelta | None = None,
    ) -> ItemRef:  # fmt: skip
        self.asked_since.append(since)
        if since is not None and since < dt.timedelta(minutes=5):
            raise NotYet("too early to tell", (dt.timedelta(minutes=5) - since).total_seconds())
        return await super().create(place, item, key, again=again)


async def test_a_search_that_lags_is_believed_only_long_enough_after_the_last_attempt() -> None:
    at = counted()
    tool = at.app.vendors.tool = LaggingBacklog()
    tool.failing.append(Unavailable("no answer"))
    await submit(at.deps)
    for _ in range(8):
        await at.app.deliver_all()
        at.app.clock.advance(minutes=1)
        await sweep_outbox(at.deps, "mytc")
    await at.app.deliver_all()
    assert len(tool.items) == 1
    first, *waits, last = tool.asked_since
    assert first is None
    assert waits
    assert last is not None
    assert last >= dt.timedelta(minutes=5)  # looking is no attempt: the wait comes to an end


async def test_a_delivery_that_never_settled_counts_as_an_attempt_until_its_claim_ran_out() -> None:
    at = counted()
    tool = at.app.vendors.tool = LaggingBacklog()
    await submit(at.deps)
    at.app.bell.messages.clear()  # its worker died, or is at work for too long
    at.app.clock.advance(seconds=90)
    await sweep_outbox(at.deps, "mytc")
    await at.app.deliver_all()
    assert tool.asked_since == [dt.timedelta(seconds=30)]
    assert tool.items == {}


async def test_each_mail_that_is_tried_again_is_known_to_delivery_reports_by_one_row() -> None:
    at = counted()
    desk = at.deps.desk("mytc")
    mail = desk.mail.model_copy(update={"outgoing": "acs"})
    acs = desk.model_copy(update={"mail": mail})
    at.app.app = replace(at.app.app, deps=replace(at.deps, desks={**at.deps.desks, "mytc": acs}))
    await failing(at, Unavailable("away"), hours=3)
    await at.app.deliver_all()
    assert len(at.app.vendors.mail.sent) == 2
    assert len(await at.app.rows.scan("mytc", "sent|", f"sent{ly.END}")) == 2
