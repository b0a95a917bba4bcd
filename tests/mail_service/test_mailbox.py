"""The mailbox is read by its cursor, whatever fails meanwhile."""

from collections.abc import Callable

import pytest

from shared.domain.errors import Rejected, Unavailable, Unknown
from shared.ports import Put
from shared.service import layout as ly
from shared.service.mailbox import Cursor, look, look_at_all
from shared.service.reconciliation import reconcile
from tests.mail_service.desk_mail import DOOR, DeskMail, raw_mail
from tests.support.app import memory_app


def several(post: DeskMail, count: int, start: int = 0) -> None:
    for index in range(start, start + count):
        sender = f"p{index}@client.example"
        post.arrive(raw_mail(sender=sender, message_id=f"<m{index}@client.example>"))


async def test_the_cursor_moves_only_when_every_mail_of_its_page_is_in(post: DeskMail) -> None:
    several(post, 3)
    reader = post.app.vendors.reader
    arrived, _, _ = await reader.changes(DOOR, "")
    assert len(arrived) == 3

    def away(call: str) -> None:
        if call == "blob.put":
            raise Unavailable("blobs are away")

    broken = DeskMail(memory_app(away))
    several(broken, 3)
    with pytest.raises(Unavailable):
        await broken.look()
    assert await broken.app.rows.get("door", ly.MAIL_CURSOR) is None
    assert not (await broken.day()).is_balanced


async def test_a_mail_that_cannot_be_fetched_now_does_not_stop_those_behind_it(
    post: DeskMail,
) -> None:
    several(post, 3)
    reader = post.app.vendors.reader
    await post.look()
    several(post, 2, start=3)
    await reader.changes(DOOR, "")  # spends nothing
    reader.failing.clear()
    await post.look()
    assert len(await post.tickets()) == 5


@pytest.mark.parametrize("nth", range(1, 12))
@pytest.mark.parametrize("failure", [Unavailable("away"), Unknown("lost")])
async def test_a_storage_failure_at_any_commit_loses_and_doubles_nothing(
    nth: int, failure: Exception
) -> None:
    commits = 0
    armed = True

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


async def test_an_expired_cursor_starts_over_and_doubles_nothing(post: DeskMail) -> None:
    several(post, 3)
    await post.look()
    await post.app.rows.commit("door", [Put(ly.MAIL_CURSOR, ly.body(Cursor(text="expired")))])
    several(post, 1, start=3)
    await post.look()
    assert len(await post.tickets()) == 4
    assert (await post.day()).is_balanced


async def test_a_mail_deleted_before_it_was_read_is_counted(post: DeskMail) -> None:
    post.arrive(raw_mail())
    messages = post.app.vendors.reader.mailboxes[DOOR]
    change, _ = messages[0]
    del post.app.vendors.reader.mailboxes[DOOR]

    class Gone:
        async def changes(self, mailbox: str, cursor: str) -> object:
            return [change], "1", False

    assert Gone  # the reader below tells of a message that it has not
    from shared.service.mail_intake import take_in
    from shared.service.mail_ledger import note_seen

    await note_seen(post.app.deps, post.desk, [change])
    await take_in(post.room, post.desk, change)
    [entry] = (await post.day()).entries
    assert (entry.outcome, entry.reason.split()[0]) == ("rejected", "deleted")


async def test_a_mail_that_the_vendor_refuses_to_give_is_kept_for_people(post: DeskMail) -> None:
    post.arrive(raw_mail())
    change, _ = post.app.vendors.reader.mailboxes[DOOR][0]
    post.app.vendors.reader.failing.append(Rejected("Graph: 400"))
    from shared.service.mail_intake import take_in

    await take_in(post.room, post.desk, change)
    assert len(await post.kept()) == 1


async def test_trouble_with_one_mailbox_does_not_stop_the_others(post: DeskMail) -> None:
    post.app.vendors.reader.failing.append(Unavailable("Graph: 503"))
    several(post, 1)
    other = DeskMail(post.app, "mytc")
    other.arrive(raw_mail(to="support@mytc.example"))
    await look_at_all(post.room)
    await look_at_all(post.room)
    assert (await post.tickets(), await other.tickets()) == (["DOOR-1"], ["MYTC-1"])


async def test_looks_that_come_together_share_one(post: DeskMail) -> None:
    import asyncio

    several(post, 2)
    before = len(post.app.calls)
    await asyncio.gather(*(look(post.room, post.desk) for _ in range(20)))
    cursor_reads = [c for c in post.app.calls[before:] if c == "blob.put"]
    assert len(cursor_reads) == 2


async def test_the_daily_comparison_takes_in_what_nobody_saw(post: DeskMail) -> None:
    several(post, 2)
    await post.app.rows.commit("door", [Put(ly.MAIL_CURSOR, ly.body(Cursor(text="2")))])
    await post.look()
    assert await post.tickets() == []
    day = await reconcile(post.room, post.desk, post.app.clock.now().date())
    assert (day.count("ticket"), day.is_balanced) == (2, True)


type Observer = Callable[[str], None]
