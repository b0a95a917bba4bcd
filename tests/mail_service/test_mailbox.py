"""The mailbox is read by its cursor, whatever fails meanwhile."""

import asyncio
import datetime as dt
from dataclasses import dataclass, field

import pytest

from shared.adapters.memory_vendors import MemoryMailReader
from shared.domain.errors import DocketError, NotFound, Rejected, Unavailable, Unknown
from shared.ports import Put
from shared.service import layout as ly
from shared.service.mailbox import Cursor, look, look_at_all
from shared.service.reconciliation import reconcile
from tests.mail_service.desk_mail import MYTC, DeskMail, raw_mail, texts
from tests.support.app import memory_app


@dataclass
class FlakyReader(MemoryMailReader):
    """Gives an error instead of the messages of these ids."""

    trouble: dict[str, DocketError] = field(default_factory=dict)

    async def raw(self, mailbox: str, message_id: str) -> bytes:
        if message_id in self.trouble:
            raise self.trouble[message_id]
        return await super().raw(mailbox, message_id)


def several(post: DeskMail, count: int, start: int = 1) -> None:
    for index in range(start, start + count):
        sender = f"p{index}@client.example"
        post.arrive(raw_mail(sender=sender, message_id=f"<m{index}@client.example>"))


def flaky(post: DeskMail, failure: DocketError) -> FlakyReader:
    """Three mails, the second of which fails."""
    reader = FlakyReader(trouble={"2": failure})
    post.app.vendors.reader = reader
    several(post, 3)
    return reader


async def test_a_mail_that_cannot_be_fetched_now_does_not_stop_those_behind_it(
    post: DeskMail,
) -> None:
    reader = flaky(post, Unavailable("Graph: 503"))
    with pytest.raises(Unavailable):
        await post.look()
    day = await post.day()
    assert (day.count("ticket"), day.count("pending"), day.is_balanced) == (2, 1, False)
    reader.trouble.clear()
    await post.look()
    assert (await post.day()).count("ticket") == 3


async def test_a_mail_that_cannot_be_fetched_for_a_day_is_put_aside(post: DeskMail) -> None:
    flaky(post, Unavailable("Graph: 500"))
    arrived_on = post.app.clock.now().date()
    post.app.clock.advance(days=1, minutes=1)
    await post.look()
    assert await post.kept() == ["could not be taken in: Graph: 500"]
    day = await reconcile(post.room, post.desk, arrived_on)
    assert (day.count("ticket"), day.count("quarantined"), day.is_balanced) == (2, 1, True)


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [(NotFound("gone"), "rejected"), (Rejected("Graph: 400"), "quarantined")],
)
async def test_a_mail_that_will_never_be_fetched_is_counted(
    post: DeskMail, failure: DocketError, outcome: str
) -> None:
    flaky(post, failure)
    await post.look()
    outcomes = [e.outcome for e in (await post.day()).entries]
    assert sorted(outcomes) == sorted(["ticket", "ticket", outcome])


@pytest.mark.parametrize(
    ("nth", "failure"),
    [
        *((nth, Unavailable("away")) for nth in range(1, 13)),
        (1, Unknown("lost")),
        (3, Unknown("lost")),
    ],
)
async def test_a_storage_failure_at_any_commit_loses_and_doubles_nothing(
    nth: int, failure: DocketError
) -> None:
    commits, armed = 0, True

    def fail(call: str) -> None:
        nonlocal commits
        commits += call == "table.commit"
        if armed and call == "table.commit" and commits == nth:
            raise failure

    post = DeskMail(memory_app(fail))
    several(post, 3)
    await look_at_all(post.room)  # trouble is logged, the next look goes on
    armed = False
    await post.look()
    assert len(await post.tickets()) == 3
    day = await post.day()
    assert (len(day.entries), day.count("ticket"), day.is_balanced) == (3, 3, True)


async def test_an_answer_whose_ledger_row_was_lost_is_there_once(post: DeskMail) -> None:
    await post.opened()
    raw = raw_mail(
        "Still empty.\n", message_id="<m2@client.example>", In_Reply_To="<m1@client.example>"
    )
    entry = await post.take(raw)
    pending = entry.model_copy(update={"outcome": "pending", "number": ""})
    rewound = Put(ly.MAIL_CURSOR, ly.body(Cursor(text="0")))
    await post.app.rows.commit("door", [Put(entry.key, ly.body(pending)), rewound])
    await post.look()
    day = await post.day()
    assert (day.count("ticket"), day.count("follow_up"), day.is_balanced) == (1, 1, True)
    kinds = [r.event.kind for r in (await post.loaded("DOOR-1")).history]
    assert kinds == ["opened", "replied"]


async def test_an_expired_cursor_starts_over_and_doubles_nothing(post: DeskMail) -> None:
    several(post, 3)
    await post.look()
    await post.app.rows.commit("door", [Put(ly.MAIL_CURSOR, ly.body(Cursor(text="expired")))])
    several(post, 1, start=4)
    await post.look()
    assert len(await post.tickets()) == 4
    assert (await post.day()).is_balanced


async def test_all_pages_are_read_in_one_look(post: DeskMail) -> None:
    post.app.vendors.reader.page = 2
    several(post, 7)
    await post.look()
    assert len(await post.tickets()) == 7


async def test_trouble_with_one_mailbox_does_not_stop_the_others(post: DeskMail) -> None:
    post.app.vendors.reader.failing.append(Unavailable("Graph: 503"))
    other = DeskMail(post.app, "mytc")
    post.arrive(raw_mail())
    other.arrive(raw_mail(to=MYTC))
    await look_at_all(post.room)
    assert len([*await post.tickets(), *await other.tickets()]) == 1
    await look_at_all(post.room)
    assert (await post.tickets(), await other.tickets()) == (["DOOR-1"], ["MYTC-1"])


async def test_looks_that_come_together_share_their_work(post: DeskMail) -> None:
    several(post, 2)
    await asyncio.gather(*(look(post.room, post.desk) for _ in range(20)))
    assert post.app.calls.count("blob.put") == 2
    assert len(await post.tickets()) == 2


async def test_a_look_asked_for_during_another_one_sees_what_arrived_meanwhile(
    post: DeskMail,
) -> None:
    several(post, 1)
    first = asyncio.create_task(post.look())
    await asyncio.sleep(0)
    several(post, 1, start=2)
    await asyncio.gather(first, post.look())
    assert len(await post.tickets()) == 2


async def test_the_daily_comparison_takes_in_what_nobody_saw(post: DeskMail) -> None:
    several(post, 2)
    await post.app.rows.commit("door", [Put(ly.MAIL_CURSOR, ly.body(Cursor(text="2")))])
    await post.look()
    assert await post.tickets() == []
    day = await reconcile(post.room, post.desk, post.app.clock.now().date())
    assert (day.date, day.count("ticket"), day.is_balanced) == (dt.date(2026, 11, 23), 2, True)


async def test_an_answer_in_the_same_page_comes_after_what_it_answers(post: DeskMail) -> None:
    post.arrive(raw_mail(Cc="bob@client.example"))
    for number in (2, 3):
        answer = {"message_id": f"<m{number}@client.example>", "sender": "bob@client.example"}
        post.arrive(raw_mail(f"Answer {number}", In_Reply_To="<m1@client.example>", **answer))
    await post.look()
    loaded = await post.loaded("DOOR-1")
    assert await post.tickets() == ["DOOR-1"]
    assert texts(loaded, "replied") == ["Answer 2", "Answer 3"]
    assert loaded.ticket.watchers == ("bob@client.example",)
